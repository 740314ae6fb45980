"""Pictures, boxes, crops and probabilities stay what they were when they were stored (tests/make_golden.py)."""

import json
from pathlib import Path

import numpy as np
import pytest
from make_golden import golden

from mien.recognition.faces import Box
from mien.recognition.model import ModelFile, shipped_models
from mien.recognition.recognizer import GATEKEEPER

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
    assert now[name]["crops"].keys() == STORED[name]["crops"].keys()
    for asked, crop in STORED[name]["crops"].items():
        assert np.abs(np.array(now[name]["crops"][asked]) - crop).max() <= 1


# The models are asked about the stored crop: of one that a processor has rounded otherwise in a pixel or two, each says
# something else. int8 rounds what passes through the network, too, as benchmarks/int8_rounding.py shows.
TOLERANCE = {"float32": 1e-3, "int8": 0.02}


@pytest.mark.parametrize("model", shipped_models())
@pytest.mark.parametrize("name", STORED)
def test_the_models_say_of_a_crop_what_they_said(name, model):
    opened = ModelFile.open(model)
    crop = np.array(STORED[name]["crops"][opened.metadata["crop"]], np.uint8)
    said = opened.run(crop[None])
    tolerance = TOLERANCE[opened.metadata["precision"]]
    np.testing.assert_allclose(said.probabilities[0], STORED[name]["probabilities"][model][0], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", STORED)
def test_the_gate_scores_a_crop_as_it_did(name):
    gatekeeper = ModelFile.open(GATEKEEPER)
    crop = np.array(STORED[name]["crops"][gatekeeper.metadata["crop"]], np.uint8)
    said = gatekeeper.run(crop[None])
    np.testing.assert_allclose(said.novelty[0], STORED[name]["novelty"][0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", STORED)
def test_pictures_are_read_as_they_were(now, name):
    """From the picture to the probabilities, as near as a crop with a few pixels rounded otherwise lets them be."""
    assert now[name]["probabilities"].keys() == STORED[name]["probabilities"].keys()
    for model, stored in STORED[name]["probabilities"].items():
        assert np.abs(np.array(now[name]["probabilities"][model]) - stored).max() < 0.1, model
