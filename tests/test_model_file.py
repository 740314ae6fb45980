"""The model file: opened with care, refused where it does not keep the contract."""

import json
import shutil

import numpy as np
import onnx
import pytest

from mien.errors import ModelError
from mien.expressions import NAMES
from mien.recognition import model as models
from mien.recognition.model import ModelFile, models_folder, shipped_models


@pytest.fixture(params=shipped_models())
def shipped(request) -> ModelFile:
    return ModelFile.open(request.param)


def test_shipped_models_keep_the_contract(shipped):
    faces = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    outputs = shipped.run(faces)
    assert outputs.probabilities.shape == (5, len(NAMES))
    assert outputs.probabilities.dtype == np.float32
    assert np.allclose(outputs.probabilities.sum(1), 1, atol=1e-5)
    assert outputs.features.ndim == 2
    assert {"name", "version", "classes", "input_size", "crop", "training_data", "licence"} <= set(shipped.metadata)
    assert float(shipped.metadata["official_test_accuracy"]) > 0.5
    assert shipped.path.stat().st_size < 25_000_000


def test_the_map_averages_to_the_logits(shipped):
    faces = np.random.default_rng(1).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    outputs = shipped.run(faces)
    logits = outputs.map.mean((2, 3)) / float(shipped.metadata["temperature"])
    expected = np.exp(logits - logits.max(1, keepdims=True))
    expected /= expected.sum(1, keepdims=True)
    # An int8 file rounds the head's inputs before and not after the mean.
    assert np.abs(expected - outputs.probabilities).max() < 1e-3


def test_a_batch_gives_what_single_faces_give(shipped):
    faces = np.random.default_rng(2).integers(0, 256, (4, 48, 48), dtype=np.uint8)
    together = shipped.run(faces).probabilities
    alone = np.concatenate([shipped.run(face[None]).probabilities for face in faces])
    assert np.abs(together - alone).max() < 1e-5


def test_no_faces_are_an_empty_answer(shipped):
    outputs = shipped.run(np.empty((0, 48, 48), np.uint8))
    assert outputs.probabilities.shape == (0, len(NAMES))
    assert outputs.map.shape[0] == 0


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 48, 48), np.float32), np.zeros((48, 48), np.uint8), np.zeros((1, 40, 40), np.uint8)]
)
def test_other_inputs_are_refused(wrong):
    with pytest.raises(ModelError, match=r"uint8 \[N, 48, 48\]"):
        ModelFile.open(shipped_models()[0]).run(wrong)


def test_unknown_and_missing_models_are_said(tmp_path):
    with pytest.raises(ModelError, match=shipped_models()[0]):
        ModelFile.open("resnet_9000")
    with pytest.raises(ModelError, match="no such model file"):
        ModelFile.open(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(ModelError, match="not a readable ONNX model"):
        ModelFile.open(tmp_path / "text.onnx")


def test_a_changed_shipped_file_is_refused(tmp_path, monkeypatch):
    name = shipped_models()[0]
    shutil.copytree(models_folder(), tmp_path / "models")
    monkeypatch.setattr(models, "models_folder", lambda: tmp_path / "models")
    ModelFile.open(name)
    path = tmp_path / "models" / f"{name}.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match="damaged or changed"):
        ModelFile.open(name)


def test_files_of_other_projects_are_refused(tmp_path):
    original = onnx.load(models_folder() / f"{shipped_models()[0]}.onnx")
    properties = {entry.key: entry.value for entry in original.metadata_props}
    path = tmp_path / "other.onnx"
    for change, message in (
        ({"classes": None}, "lacks classes"),
        ({"crop": None}, "lacks crop"),
    ):
        kept = {key: value for key, value in (properties | change).items() if value is not None}
        del original.metadata_props[:]
        onnx.helper.set_model_props(original, kept)
        onnx.save(original, path)
        with pytest.raises(ModelError, match=message):
            ModelFile.open(path)


def test_every_released_file_is_listed():
    listed = set(json.loads((models_folder() / "hashes.json").read_text()))
    assert listed == {path.name for path in models_folder().glob("*.onnx")}


def test_a_thread_reads_few_faces_in_a_call(monkeypatch):
    asked = []
    run = models.run_session
    monkeypatch.setattr(models, "run_session", lambda *given: asked.append(given[2]) or run(*given))
    faces = np.random.default_rng(0).integers(0, 256, (11, 48, 48), np.uint8)
    for threads in (1, 2):
        opened = ModelFile.open("mobilenet_v2", threads)
        together = opened.run(faces)
        assert len(together.probabilities) == 11
        alone = np.concatenate([opened.run(faces[place : place + 1]).probabilities for place in range(11)])
        assert np.abs(together.probabilities - alone).max() < 1e-5
    assert {given for given in asked} == {4, 8}
    assert ModelFile.open("vit_tiny", 2)._together(11) == 1, "a neighbour never changes an answer of int8"
