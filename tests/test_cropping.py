"""The crop contract: what every client must make of a picture and a square."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.recognition.cropping import SIZE, _means, crop, crop_picture, luma
from mien.recognition.faces import Square


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def plain_crop(grey: np.ndarray, square: Square, size: int) -> np.ndarray:
    """The contract word for word, a point at a time in double precision; float64 [size, size], not rounded."""
    height, width = grey.shape

    def value(x: float, y: float) -> float:
        left, top = math.floor(x - 0.5), math.floor(y - 0.5)
        across, down = x - 0.5 - left, y - 0.5 - top
        total = 0.0
        for row, weight_down in ((top, 1 - down), (top + 1, down)):
            for column, weight_across in ((left, 1 - across), (left + 1, across)):
                pixel = grey[min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
                total += weight_down * weight_across * float(pixel)
        return total

    k = max(1, math.ceil(square.side / size))
    n = k * size
    cos, sin = math.cos(square.roll), math.sin(square.roll)
    sums = np.zeros((size, size))
    for j in range(n):
        v = ((j + 0.5) / n - 0.5) * square.side
        for i in range(n):
            u = ((i + 0.5) / n - 0.5) * square.side
            sums[j // k, i // k] += value(square.x + u * cos - v * sin, square.y + u * sin + v * cos)
    return sums / k**2


squares = st.builds(
    Square,
    x=st.floats(-20, 60),
    y=st.floats(-20, 60),
    side=st.floats(0.5, 90),
    roll=st.floats(-math.pi, math.pi),
)


@settings(max_examples=60, deadline=None)
@given(squares, st.integers(0, 99), st.integers(1, 40), st.integers(1, 40), st.sampled_from([4, 12]))
def test_the_crop_is_the_contract_within_one_grey_level(square, seed, height, width, size):
    grey = noise(seed, height, width)
    exact = plain_crop(grey, square, size)
    made = crop(grey, square, size)
    assert made.shape == (size, size)
    assert made.dtype == np.uint8
    # float32 may round the other way at a half, but is never further off than that
    assert np.abs(made - exact).max() <= 0.5 + 0.02


@given(squares, st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_a_flat_picture_gives_a_flat_crop(square, level):
    assert (crop(np.full((30, 40), level, np.uint8), square) == level).all()


@given(squares, st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_grey_made_only_where_needed_changes_nothing(square, seed):
    picture = noise(seed, 37, 51, 3)
    made, whole = crop_picture(picture, square, 16).astype(int), crop(luma(picture), square, 16).astype(int)
    # the part has another origin, so float32 may round a place the other way at a half, and no more than that
    assert np.abs(made - whole).max() <= 1
    assert (made != whole).mean() < 0.02


@given(st.integers(0, 12), st.integers(0, 22), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_square_on_whole_pixels_gives_them_back(left, top, seed):
    grey = noise(seed, 70, 60)
    square = Square(left + SIZE / 2, top + SIZE / 2, SIZE)
    np.testing.assert_array_equal(crop(grey, square), grey[top : top + SIZE, left : left + SIZE])


def test_a_square_of_two_sizes_gives_means_of_two_by_two():
    grey = noise(1, 8, 8)
    means = grey.reshape(4, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_array_equal(crop(grey, Square(4, 4, 8), 4), np.floor(means + 0.5))


def test_halves_round_up():
    grey = np.array([[0, 1], [0, 1]], np.uint8)
    assert crop(grey, Square(1, 1, 2), 1)[0, 0] == 1


@given(st.integers(0, 99), st.floats(5, 60), st.floats(-1, 1), st.floats(10, 40), st.floats(10, 25))
@settings(max_examples=30, deadline=None)
def test_a_picture_turned_with_its_square_gives_the_same_crop(seed, side, turn, x, y):
    grey = noise(seed, 35, 50)
    upright = crop(grey, Square(x, y, side, turn))
    clockwise = np.rot90(grey, -1)
    turned = crop(clockwise, Square(grey.shape[0] - y, x, side, turn + math.pi / 2))
    assert np.abs(upright.astype(int) - turned).max() <= 1


def test_a_positive_turn_sets_a_head_tilted_clockwise_upright():
    picture = np.zeros((80, 80), np.uint8)
    picture[36:44, 56:64] = 255  # the top of a head that lies to the right
    rows, columns = np.nonzero(crop(picture, Square(40, 40, 60, math.pi / 2)) > 128)
    assert rows.mean() == pytest.approx(24 - 20 * 48 / 60, abs=1)
    assert columns.mean() == pytest.approx(23.5, abs=1)


@pytest.mark.parametrize(
    ("colour", "grey"),
    [((0, 0, 0), 0), ((255, 255, 255), 255), ((255, 0, 0), 77), ((0, 255, 0), 149), ((0, 0, 255), 29), ((1, 1, 1), 1)],
)
def test_luma(colour, grey):
    assert luma(np.array([[colour]], np.uint8)) == grey


def test_luma_is_the_formula_for_every_colour():
    colours = noise(0, 1, 100_000, 3)
    red, green, blue = (colours[..., channel].astype(int) for channel in range(3))
    np.testing.assert_array_equal(luma(colours), (77 * red + 150 * green + 29 * blue + 128) >> 8)


@pytest.mark.parametrize("square", [Square(-500, 3, 20), Square(3, 900, 700, 0.5), Square(1e5, -1e5, 48)])
def test_far_outside_the_edge_repeats(square):
    picture = noise(2, 6, 7, 3)
    made = crop_picture(picture, square)
    corner = luma(picture)[0 if square.y < 0 else -1 if square.y > 6 else slice(None)]
    assert made.min() >= corner.min()
    assert made.max() <= corner.max()


def test_grey_does_not_overflow_in_8_bits():
    """NumPy 1.26 keeps uint8 * np.uint16(77) in 8 bits; NumPy 2 does not."""
    colours = np.array([[[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255], [200, 180, 90]]], np.uint8)
    assert luma(colours).tolist() == [[255, 77, 149, 29, 176]]


@pytest.mark.parametrize("count", [*range(1, 10), 13, 16])
def test_points_are_averaged_to_the_last_bit_as_numpy_does_it(count):
    values = np.random.default_rng(count).uniform(0, 255, (12, count, 10, count)).astype(np.float32)
    assert (_means(values) == values.mean(axis=(1, 3))).all()
