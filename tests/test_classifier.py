"""Classifiers: one way to ask model files and runs, batch after batch; model files need no training framework."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mien.classifier.batches import in_batches
from mien.classifier.classifier import Classifier
from mien.classifier.model_file import ModelFileClassifier
from mien.errors import ModelError
from mien.recognition.model import ModelFile, Outputs
from mien.training.networks import build
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder
from mien.training.run_classifier import RunClassifier


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 48, 48)).astype(np.uint8)


@pytest.mark.parametrize(
    ("rows", "told"), [(5, [(2, 5), (4, 5), (5, 5)]), (4, [(2, 4), (4, 4)]), (1, [(1, 1)]), (0, [(0, 0)])]
)
def test_all_rows_are_gone_through_once_and_in_order(rows: int, told: list[tuple[int, int]]) -> None:
    shown: list[tuple[int, int]] = []
    parts = in_batches(lambda some: 10 * some, np.arange(rows), 2, lambda done, total: shown.append((done, total)))
    assert np.concatenate(parts).tolist() == [10 * row for row in range(rows)]
    assert shown == told


class ByLight(Classifier):
    """Says how light a face is, and how many faces it was asked about at once."""

    name = "by light"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def run(self, faces: np.ndarray) -> Outputs:
        self.asked.append(len(faces))
        light = faces.mean((1, 2), dtype=np.float32)[:, None] / 255
        return Outputs(np.repeat(light, 7, 1), light)


def test_many_faces_are_asked_about_in_batches_and_come_back_in_order() -> None:
    faces = np.repeat(np.arange(260).astype(np.uint16)[:, None, None] % 256, 48, 1).repeat(48, 2).astype(np.uint8)
    classifier = ByLight()
    told: list[int] = []
    found = classifier.outputs(faces, lambda done, total: told.append(done))
    assert classifier.asked == [256, 4]
    assert told == [256, 260]
    np.testing.assert_allclose(found.features[:, 0], np.arange(260) % 256 / 255, atol=1e-6)
    assert (classifier.probabilities(faces) == found.probabilities).all()
    assert classifier.outputs(faces[:0]).probabilities.shape == (0, 7)


def test_no_answer_that_is_no_number_goes_on() -> None:
    class Broken(ByLight):
        def run(self, faces: np.ndarray) -> Outputs:
            return Outputs(np.full((len(faces), 7), np.nan), faces)

    for ask in (Broken().outputs, Broken().probabilities):
        with pytest.raises(ModelError, match="by light gave no finite probabilities for 2 of 2 faces"):
            ask(np.zeros((2, 48, 48), np.uint8))


def test_a_model_file_answers_as_recognition_has_it(faces: np.ndarray) -> None:
    classifier, model = ModelFileClassifier("mobilenet_v2"), ModelFile.open("mobilenet_v2")
    found, expected = classifier.outputs(faces), model.run(faces)
    assert (found.probabilities == expected.probabilities).all()
    assert (found.map == expected.map).all()
    assert (found.novelty == expected.novelty).all()
    assert classifier.gate == model.gate
    assert classifier.temperature == float(model.metadata["temperature"])
    assert classifier.split is None
    heated = np.exp(found.logits / classifier.temperature)
    np.testing.assert_allclose(heated / heated.sum(1, keepdims=True), found.probabilities, atol=1e-5)


def test_a_run_answers_as_its_network_does(faces: np.ndarray, tmp_path: Path) -> None:
    torch.manual_seed(0)
    folder = RunFolder(tmp_path / "untrained")
    recipe = Recipe("vit_tiny", (Stage(1, 48),), split="kaggle")
    network = build(recipe.network, recipe.pixels)
    torch.nn.init.normal_(network.head.weight)
    folder.path.mkdir()
    folder.write_description(recipe, "no data", "none", "32-true")
    folder.write_weights(network.state_dict())
    classifier = RunClassifier(folder.path)
    found = classifier.outputs(faces)
    with torch.inference_mode():
        logits, features = network.eval()(torch.from_numpy(faces)[:, None].float() / 255)
    np.testing.assert_allclose(classifier.logits(faces), logits, atol=1e-4)
    np.testing.assert_allclose(found.logits, logits, atol=1e-4)
    np.testing.assert_allclose(found.features, features, atol=1e-4)
    np.testing.assert_allclose(found.probabilities, logits.softmax(1), atol=1e-5)
    np.testing.assert_allclose(classifier.probabilities(faces), logits.softmax(1), atol=1e-5)
    assert (classifier.name, classifier.file, classifier.split) == ("untrained", folder.weights, "kaggle")
    assert classifier.temperature is None


WITHOUT_TRAINING = """
import sys
for name in ("torch", "torchvision", "timm", "lightning_fabric", "safetensors", "onnx"):
    sys.modules[name] = None
from mien.cli.main import main
main()
"""


def test_a_model_file_is_evaluated_without_the_training_framework(tiny_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TRAINING, "evaluate", "mobilenet_v2", "--data", str(tiny_data)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ.copy(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "mobilenet_v2-official-test.json").is_file()
    refused = subprocess.run(
        [*command[:3], "evaluate", str(tmp_path), "--data", str(tiny_data)],
        cwd=tmp_path, env=os.environ.copy(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode != 0  # a run's folder needs it
    assert "pip install 'mien[train]'" in refused.stderr
