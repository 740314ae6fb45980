"""Squares of a picture at a network's size: what a view must show, whatever its size, place and turn."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.recognition.faces import Square
from mien.recognition.pyramid import GREY, LARGE, Pyramid, shrunk


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def grey_levels(view: np.ndarray) -> np.ndarray:
    return view * 127.5 + 127.5


def warped(picture: np.ndarray, square: Square, size: int) -> np.ndarray:
    """OpenCV's view of the same square; float [size, size, 3]."""
    scale, half = square.side / size, (size - 1) / 2
    cos, sin = math.cos(square.roll) * scale, math.sin(square.roll) * scale
    matrix = np.array(
        [[cos, -sin, square.x - 0.5 - half * (cos - sin)], [sin, cos, square.y - 0.5 - half * (sin + cos)]]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    values = picture.astype(np.float32)
    return cv2.warpAffine(values, matrix, (size, size), flags=flags, borderValue=(GREY, GREY, GREY))


squares = st.builds(
    Square,
    x=st.floats(-30, 100),
    y=st.floats(-30, 100),
    side=st.floats(4, 63),
    roll=st.one_of(st.just(0.0), st.floats(-math.pi, math.pi)),
)


@settings(max_examples=60, deadline=None)
@given(squares, st.integers(0, 99), st.integers(1, 80), st.integers(1, 80))
def test_a_view_is_interpolated_bilinearly_and_grey_outside(square, seed, height, width):
    # Some of OpenCV round places to 1/32 pixel: at 85 grey levels a pixel, along two axes, that is at most 2.7 of them.
    picture = cv2.GaussianBlur(noise(seed, height, width, 3) // 3 + np.uint8(85), (0, 0), 1)
    difference = grey_levels(Pyramid(picture, 32).view(square, 32)) - warped(picture, square, 32)
    assert np.abs(difference).max() <= 3
    assert np.abs(difference).mean() <= 0.5


@pytest.mark.parametrize("quarters", [-2, -1, 1, 2, 3])
def test_quarter_turns_are_as_any_turn(quarters):
    pyramid = Pyramid(noise(0, 60, 70, 3), 32)
    straight = pyramid.view(Square(33.3, 28.1, 40.7, quarters * math.pi / 2), 32)
    turned = pyramid.view(Square(33.3, 28.1, 40.7, quarters * math.pi / 2 + 1e-6), 32)
    assert np.abs(straight - turned).max() * 127.5 <= 1.001


@given(st.integers(0, 99), st.integers(1, 30), st.integers(1, 30), st.sampled_from([2, 4]))
def test_shrinking_takes_rounded_means(seed, height, width, times):
    picture = noise(seed, height, width, 3)
    enough = np.pad(picture, ((0, max(times - height, 0)), (0, max(times - width, 0)), (0, 0)), mode="edge")
    rows, columns = enough.shape[0] // times, enough.shape[1] // times
    blocks = enough[: rows * times, : columns * times].reshape(rows, times, columns, times, 3)
    assert (shrunk(picture, times) == np.floor(blocks.mean((1, 3)) + 0.5)).all()


def test_white_stays_white():
    assert (shrunk(np.full((40, 5000, 3), 255, np.uint8), 4) == 255).all()


@pytest.mark.parametrize("side", [250, 500, 1000, 2000])
def test_large_pictures_are_quartered_to_the_same_within_a_grey_level(side, monkeypatch):
    picture = noise(1, 1500, LARGE + 1, 3)
    square = Square(1200, 800, side, 0.2)
    at_once = Pyramid(picture, 128).view(square, 128)
    monkeypatch.setattr("mien.recognition.pyramid.LARGE", 10_000)
    twice = Pyramid(picture, 128).view(square, 128)
    assert np.abs(at_once - twice).max() * 127.5 <= 1.001
