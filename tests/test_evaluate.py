"""`mien evaluate`: a model's answers in, the results file, the tables and the plot out."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import typer
from made_data import KAGGLE, OFFICIAL, made_up_face
from typer.testing import CliRunner

from mien.classifier.classifier import Classifier
from mien.cli.evaluate import evaluate
from mien.data import dataset
from mien.errors import DataError, ModelError, StorageError
from mien.evaluation import report
from mien.evaluation.metrics import score
from mien.expressions import NAMES
from mien.recognition.model import Outputs
from mien.results.evaluation import Subject
from mien.training.networks import build
from mien.training.recipe import Recipe, Stage
from mien.training.run import RunFolder
from mien.training.run_classifier import predict

app = typer.Typer()
app.command()(evaluate)


class FakeModel(Classifier):
    """Knows the made-up faces of every class but the last, which it takes for the first."""

    name = "fake"
    temperature = 2.0

    def __init__(self, path: Path) -> None:
        self.file = path

    def run(self, faces: np.ndarray) -> Outputs:
        pure = np.stack([[made_up_face(label, number) for number in range(9)] for label in range(len(NAMES))])
        distance = np.abs(pure[None].astype(int) - faces[:, None, None]).mean((3, 4)).min(2)
        called = distance.argmin(1) % (len(NAMES) - 1)
        return Outputs(np.eye(len(NAMES), dtype=np.float32)[called], np.zeros((len(faces), 4), np.float32), None)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    path = tmp_path / "fake.onnx"
    path.write_bytes(b"a model")
    model = FakeModel(path)
    monkeypatch.setattr("mien.cli.evaluate.open_classifier", lambda *asked: model)
    monkeypatch.chdir(tmp_path)
    return model


def test_writes_scores_with_and_without_copies(fake: FakeModel, tiny_data: Path) -> None:
    result = CliRunner().invoke(
        app, ["fake.onnx", "--data", str(tiny_data), "--split", "kaggle", "--part", "validation"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(Path("results/fake-kaggle-validation.json").read_text())
    part = dataset.load(tiny_data, "kaggle").part("validation")
    assert told["model"] == "fake"
    assert told["model_hash"] == hashlib.sha256(b"a model").hexdigest()
    assert told["data_hash"] == part.fingerprint()
    assert (told["split"], told["part"]) == ("kaggle", "validation")
    each = KAGGLE.count("validation")
    assert told["raw"]["pictures"] == 7 * each
    assert told["without_duplicates"]["pictures"] == 7 * each - 1
    assert told["raw"]["accuracy"]["value"] == pytest.approx(6 / 7)
    # The copy is an "angry" one that the model gets right.
    assert told["without_duplicates"]["accuracy"]["value"] == pytest.approx((6 * each - 1) / (7 * each - 1))
    assert told["raw"]["classes"]["angry"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": each,
    }
    assert told["raw"]["classes"]["neutral"]["recall"] == 0
    assert told["raw"]["confusion"][6] == [each, 0, 0, 0, 0, 0, 0]
    assert "85.7" in result.stdout
    assert "neutral" in result.stdout


def test_draws_the_plot_beside_the_results(fake: FakeModel, tiny_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "mine.json"
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.parent.iterdir()) == [
        "mine-calibration.png",
        "mine-labels.png",
        "mine.json",
        "mine.png",
    ]
    picture = cv2.imread(str(out.with_suffix(".png")))
    assert picture is not None
    assert picture.shape[1] > picture.shape[0] > 500
    assert json.loads(out.read_text())["raw"]["pictures"] == 7 * OFFICIAL.count("test")


def test_the_results_are_those_documented(fake: FakeModel, tiny_data: Path, tmp_path: Path) -> None:
    described = (Path(__file__).parents[1] / "results" / "README.md").read_text()
    CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--out", "mine.json"])
    told = json.loads((tmp_path / "mine.json").read_text())
    for field in [*told, *told["raw"], *told["calibration"], *told["calibration"]["selective"], *told["labels"]]:
        assert f"`{field}`" in described


def test_results_must_be_json(fake: FakeModel, tiny_data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--out", "mine.png"])
    assert "ends in .json" in str(result.exception)
    assert not (tmp_path / "mine.png").exists()


def test_a_part_that_is_not_there_is_an_error(fake: FakeModel, tiny_data: Path) -> None:
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--split", "kaggle"])
    assert isinstance(result.exception, DataError)
    assert "no part 'test'" in str(result.exception)


def test_a_refused_write_leaves_the_old_results(
    fake: FakeModel, tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.json").write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = CliRunner().invoke(app, ["fake", "--data", str(tiny_data), "--out", "mine.json"])
    assert isinstance(result.exception, StorageError)
    assert (tmp_path / "mine.json").read_text() == "before"


def test_a_part_of_copies_only_is_an_error() -> None:
    subject = Subject("m", "h", "d", "official", "test", code="0", date="now")
    with pytest.raises(DataError, match="every picture of part 'test'"):
        report.report(subject, np.zeros(3, np.int64), np.eye(7)[:3], np.ones(3, bool))


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """A run that has learned nothing."""
    torch.manual_seed(0)
    folder = RunFolder(tmp_path / "runs" / "untrained")
    recipe = Recipe("mobilenet_v2", (Stage(1, 32),), split="kaggle")
    folder.write_description(recipe, "no data", "none", "32-true")
    folder.write_weights(build(recipe.network, recipe.pixels).state_dict())
    return folder


def test_judges_a_run(run: RunFolder, tiny_data: Path, tmp_path: Path) -> None:
    arguments = [str(run.path), "--data", str(tiny_data), "--split", "kaggle", "--part", "train"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "run.json")])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "run.json").read_text())
    part = dataset.load(tiny_data, "kaggle").part("train")
    expected = score(part.labels, predict(run.network(), torch.from_numpy(part.faces), 32))
    assert told["model"] == "untrained"
    assert told["model_hash"] == hashlib.sha256(run.weights.read_bytes()).hexdigest()
    assert told["raw"]["confusion"] == expected.confusion
    assert told["raw"]["calibration_error"] == pytest.approx(expected.calibration_error, abs=1e-5)
    # The first "angry" stands in validation too, which training looks at to choose the epoch.
    assert told["without_duplicates"]["pictures"] == len(part) - 1


def test_does_not_judge_a_run_on_what_it_learned(run: RunFolder, tiny_data: Path) -> None:
    result = CliRunner().invoke(app, [str(run.path), "--data", str(tiny_data)])
    assert isinstance(result.exception, DataError)
    assert "use --split kaggle" in str(result.exception)


def test_a_run_without_weights_is_an_error(run: RunFolder, tiny_data: Path) -> None:
    run.weights.unlink()
    result = CliRunner().invoke(app, [str(run.path), "--data", str(tiny_data), "--split", "kaggle"])
    assert isinstance(result.exception, ModelError)
    assert "has the run finished an epoch" in str(result.exception)
