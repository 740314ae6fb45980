"""`mien ensemble`: several views of a face, and models chosen where nothing is reported."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from made_data import OFFICIAL, made_up_face
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.ensemble import ensemble
from mien.errors import DataError
from mien.evaluation.ensemble import alone, choose
from mien.evaluation.test_time_augmentation import augmented
from mien.expressions import NAMES
from mien.recognition.model import Outputs

app = typer.Typer()
app.command()(ensemble)


class Knowing(Classifier):
    """Is sure of the true class where it knows it, and less so of the next one elsewhere."""

    def __init__(self, path: Path, known: set[int]) -> None:
        self.file, self.name, self._known = path, path.stem, known

    def run(self, faces: np.ndarray) -> Outputs:
        pure = np.stack([[made_up_face(label, number) for number in range(9)] for label in range(len(NAMES))])
        flat = np.concatenate([pure, pure[..., ::-1]], axis=1).astype(int)
        labels = np.abs(flat[None] - faces[:, None, None]).mean((3, 4)).min(2).argmin(1)
        knows = np.isin(labels, list(self._known))
        said = np.where(knows, labels, (labels + 1) % len(NAMES))
        answers = np.full((len(faces), len(NAMES)), 0.05, np.float32)
        answers[np.arange(len(faces)), said] = np.where(knows, 0.7, 0.4)
        return Outputs(answers, np.zeros((len(faces), 4), np.float32), None)


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Knowing]:
    made = {}
    for name, known in (("most", set(range(5))), ("rest", {5, 6}), ("few", {0, 1})):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(name.encode())
        made[name] = Knowing(path, known)
    monkeypatch.setattr("mien.cli.ensemble.open_classifier", lambda name, split, part: made[name])
    monkeypatch.chdir(tmp_path)
    return made


def test_models_are_chosen_that_know_what_the_others_do_not(models: dict[str, Knowing], tiny_data: Path) -> None:
    result = CliRunner().invoke(app, ["few", "most", "rest", "--data", str(tiny_data)])
    assert result.exit_code == 0, result.output
    told = json.loads(Path("results/ensemble.json").read_text())
    assert [choice["name"] for choice in told["chosen"]] == ["most", "rest"]
    assert told["chosen"][0]["accuracy"] == pytest.approx(5 / 7)
    assert told["chosen"][1]["accuracy"] == 1
    assert {choice["name"]: choice["accuracy"] for choice in told["alone"]}["few"] == pytest.approx(2 / 7)
    assert (told["split"], told["part"], told["views"]) == ("official", "test", 2)
    assert told["raw"]["pictures"] == 7 * OFFICIAL.count("test")
    assert told["raw"]["accuracy"]["value"] == 1
    assert Path("results/ensemble.png").is_file()


def test_bad_requests_are_named(models: dict[str, Knowing], tiny_data: Path) -> None:
    result = CliRunner().invoke(app, ["few", "--data", str(tiny_data), "--views", "3"])
    assert result.exit_code == 2
    assert "1, 2 or 10" in result.output
    result = CliRunner().invoke(app, ["few", "--data", str(tiny_data), "--out", "x.txt"])
    assert "ends in .json" in str(result.exception)
    result = CliRunner().invoke(app, ["few", "few", "--data", str(tiny_data)])
    assert isinstance(result.exception, DataError)
    assert "bear one name" in str(result.exception)
    assert not Path("results").exists()


def test_a_model_that_adds_nothing_is_left_out() -> None:
    labels = np.array([0, 1, 2, 3])
    good = np.eye(7)[labels]
    assert [choice.name for choice in choose({"good": good, "same": good}, labels)] == ["good"]
    assert [choice.accuracy for choice in alone({"good": good, "bad": good[::-1]}, labels)] == [1, 0]


def test_ten_views_are_five_cuts_and_their_mirrors() -> None:
    faces = np.zeros((2, 48, 48), np.uint8)
    faces[:, 0, 0] = 255  # only the cut of the first corner holds it
    assert [len(list(augmented(faces, count))) for count in (1, 2, 10)] == [1, 2, 10]
    ten = list(augmented(faces, 10))
    assert all(view.shape == faces.shape and view.dtype == np.uint8 for view in ten)
    assert [bool(view.any()) for view in ten] == [True, True] + [False] * 8
    assert all(np.array_equal(one, other[:, :, ::-1]) for one, other in zip(ten[::2], ten[1::2], strict=True))
    (same,) = augmented(faces, 1)
    assert np.array_equal(same, faces)
