"""Pictures, boxes, crops and probabilities stay what they were when they were stored (tests/make_golden.py)."""

import json
from pathlib import Path

import numpy as np
import pytest
from make_golden import golden

from mien.recognition.faces import Box

STORED = json.loads((Path(__file__).parent / "golden.json").read_text())


@pytest.fixture(scope="module")
def now() -> dict:
    return golden()


@pytest.mark.parametrize("name", STORED)
def test_boxes_and_squares_are_as_stored(now, name):
    assert len(now[name]["boxes"]) == len(STORED[name]["boxes"])
    for ours, stored in zip(now[name]["boxes"], STORED[name]["boxes"], strict=True):
        assert Box(*ours).overlap(Box(*stored)) > 0.98
    assert np.allclose(now[name]["squares"], STORED[name]["squares"], atol=0.05)


@pytest.mark.parametrize("name", STORED)
def test_crops_are_within_one_grey_level(now, name):
    assert np.abs(np.array(now[name]["crop"]) - STORED[name]["crop"]).max() <= 1


@pytest.mark.parametrize("name", STORED)
def test_novelty_is_within_a_thousandth(now, name):
    np.testing.assert_allclose(now[name]["novelty"], STORED[name]["novelty"], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", STORED)
def test_probabilities_are_within_a_thousandth(now, name):
    assert now[name]["probabilities"].keys() == STORED[name]["probabilities"].keys()
    for model, stored in STORED[name]["probabilities"].items():
        assert np.abs(np.array(now[name]["probabilities"][model]) - stored).max() < 1e-3, model
