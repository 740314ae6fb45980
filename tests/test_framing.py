"""From a detection to the square, and the text in which a model file names it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import ModelError
from mien.recognition.faces import Box, Detection
from mien.recognition.framing import FRAMING, Framing, halfway, radius

RESULTS = Path(__file__).parents[1] / "results" / "framing.json"

# Eyes, nose, mouth, ears of an upright face in its box's sides, from the box's centre.
UPRIGHT = np.array([[-0.19, -0.2], [0.19, -0.2], [0.0, 0.0], [0.0, 0.2], [-0.4, -0.12], [0.4, -0.12]])


def face(x: float = 100.0, y: float = 80.0, side: float = 40.0, turn: float = 0.0) -> Detection:
    cos, sin = math.cos(turn), math.sin(turn)
    landmarks = side * UPRIGHT @ np.array([[cos, sin], [-sin, cos]]) + (x, y)
    return Detection(Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2), 0.9, landmarks)


framings = st.builds(Framing, down=st.floats(-0.3, 0.3), side=st.floats(0.5, 6))


@given(framings, st.floats(-3, 3), st.floats(1, 500), st.floats(-1000, 1000))
@settings(max_examples=60)
def test_the_square_follows_the_face(framing, turn, side, x):
    """Move, turn and enlarge a face: its square moves, turns and grows with it."""
    plain = framing.square(face(0, 0, 1))
    moved = framing.square(face(x, 2 * x, side, turn))
    cos, sin = math.cos(turn), math.sin(turn)
    assert moved.roll == pytest.approx(turn, abs=1e-6)
    assert moved.side == pytest.approx(side * plain.side)
    assert moved.x == pytest.approx(x + side * (plain.x * cos - plain.y * sin), abs=1e-6)
    assert moved.y == pytest.approx(2 * x + side * (plain.x * sin + plain.y * cos), abs=1e-6)


def test_down_is_towards_the_chin():
    still, shifted = Framing(0, 3), Framing(0.2, 3)
    for turn, expected in ((0.0, (0.0, 0.2)), (math.pi / 2, (-0.2, 0.0))):
        before, after = still.square(face(turn=turn)), shifted.square(face(turn=turn))
        assert (after.x - before.x) / after.side == pytest.approx(expected[0], abs=1e-9)
        assert (after.y - before.y) / after.side == pytest.approx(expected[1], abs=1e-9)


def test_a_profile_keeps_its_size():
    """Squeeze the landmarks to half their width, as a turned head does: the square must not shrink to half."""
    squeezed = face()
    squeezed.landmarks[:, 0] = 100 + (squeezed.landmarks[:, 0] - 100) / 2
    assert FRAMING.square(squeezed).side > 0.6 * FRAMING.square(face()).side


def test_reference_and_radius():
    found = face(0, 0, 2)
    np.testing.assert_allclose(halfway(found), found.landmarks.mean(axis=0) / 2)
    assert radius(np.array([[3.0, 4.0]] * 3 + [[-3.0, -4.0]] * 3)) == pytest.approx(5)


@given(framings)
@settings(max_examples=50)
def test_text_and_back(framing):
    again = Framing.from_text(framing.to_text())
    for name in ("down", "side"):
        assert getattr(again, name) == pytest.approx(getattr(framing, name), abs=5.1e-5)


def test_closer_is_a_smaller_square_around_the_same_place():
    found = face(turn=0.3)
    near, usual = FRAMING.closer(1.25).square(found), FRAMING.square(found)
    assert near.side * 1.25 == pytest.approx(usual.side)
    assert math.dist((near.x, near.y), (usual.x, usual.y)) < 0.02 * usual.side
    assert near.roll == usual.roll


@pytest.mark.parametrize("text", ["", "blazeface-box; down=0; side=1", FRAMING.to_text() + ";", "side=3"])
def test_another_convention_is_refused(text):
    with pytest.raises(ModelError, match="does not know"):
        Framing.from_text(text)


def test_the_constants_are_the_measured_ones():
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))
    halfway_row = measured["references"]["halfway"]
    assert pytest.approx(halfway_row["down"], abs=0.005) == FRAMING.down
    assert pytest.approx(halfway_row["side"], rel=0.01) == FRAMING.side
    assert abs(halfway_row["right"]) < 0.005
    assert measured["framing"] == FRAMING.to_text()
