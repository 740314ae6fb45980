"""Photographs from elsewhere: several labelled sets, through the whole pipeline."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import typer
from made_data import made_up_face, save
from typer.testing import CliRunner

from mien.cli.evaluate import evaluate
from mien.data import photographs
from mien.errors import DataError
from mien.evaluation import world
from mien.export.onnx import set_metadata
from mien.expressions import NAMES
from mien.recognition.framing import FRAMING
from mien.recognition.model import ModelFile

EXAMPLES = Path(__file__).parents[1] / "examples"
app = typer.Typer()
app.command()(evaluate)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets: one of two portraits and a wall, one of faces that were cut already; and a folder of no classes."""
    root = tmp_path_factory.mktemp("elsewhere")
    for place in ("faces/news/happy", "faces/news/neutral", "faces/studio/angry", "faces/notes"):
        (root / place).mkdir(parents=True)
    shutil.copy(EXAMPLES / "obama.jpg", root / "faces/news/happy/1.jpg")
    shutil.copy(EXAMPLES / "biden.jpg", root / "faces/news/neutral/2.jpg")
    save(np.full((200, 300), 120, np.uint8), root / "faces/news/neutral/wall.png")
    for number in range(4):
        save(made_up_face(0, number), root / f"faces/studio/angry/{number}.png")
    return root


def always(name: str) -> world.Predict:
    return lambda faces: np.tile(np.eye(len(NAMES))[NAMES.index(name)], (len(faces), 1))


def test_a_photograph_without_a_face_counts_as_wrong(elsewhere: Path) -> None:
    news, studio = world.load(elsewhere)
    assert (news.name, news.pictures, news.missed) == ("news", 3, 1)
    assert (studio.name, studio.pictures, studio.missed) == ("studio", 4, 0)
    scores = world.judge(always("neutral"), news)
    assert scores.accuracy.value == pytest.approx(1 / 3)
    assert scores.recall == {"happy": 0.0, "neutral": 1.0}
    assert scores.calibration_error == pytest.approx(0.5)  # sure of itself on both faces, right on one


def test_an_equal_prior_is_judged_beside_the_models_own(elsewhere: Path) -> None:
    news = world.load(elsewhere)[0]

    def unsure(faces: np.ndarray) -> np.ndarray:
        return np.tile(np.array([0, 0, 0, 0.6, 0, 0, 0.4]), (len(faces), 1))

    ratio = np.array([1, 1, 1, 1, 1, 1, 2.0])
    scores = world.judge(unsure, news, ratio)
    assert scores.accuracy_equal_prior is not None
    assert (scores.recall["happy"], scores.accuracy.value) == (1, pytest.approx(1 / 3))
    calls_neutral = world.judge(always("neutral"), news)
    assert scores.accuracy_equal_prior == calls_neutral.accuracy
    assert calls_neutral.accuracy_equal_prior is None


def test_each_set_counts_alike(elsewhere: Path) -> None:
    sets = world.load(elsewhere / "faces")
    scores = {one.name: world.judge(always("angry"), one) for one in sets}
    assert world.mean_accuracy(scores) == pytest.approx((0 + 1) / 2)


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no sets of labelled photographs"):
        world.load(tmp_path)
    with pytest.raises(DataError, match="no sets of labelled photographs"):
        world.load(tmp_path / "missing")


def test_the_command_writes_a_results_file(elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIEN_DATA", raising=False)
    done = CliRunner().invoke(app, ["mobilenet_v2", "--world", str(elsewhere)])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "results" / "mobilenet_v2-world.json").read_text())
    assert told["sets"]["news"]["pictures"] == 3
    assert told["mean_accuracy"] == pytest.approx(np.mean([of["accuracy"]["value"] for of in told["sets"].values()]))
    assert len(told["model_hash"]) == 64
    assert "no face is found in 1 of 3" in done.stderr


def test_each_model_is_judged_on_faces_in_its_own_crop(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    closer = FRAMING.closer(1.25)  # four decimals are enough for its text
    told = ModelFile.open("mobilenet_v2").metadata | {"name": "closer", "crop": closer.to_text()}
    shutil.copy(ModelFile.open("mobilenet_v2").path, "closer.onnx")
    set_metadata(Path("closer.onnx"), told)
    news = elsewhere / "faces" / "news"
    both = ("mobilenet_v2", "closer.onnx")
    assert CliRunner().invoke(app, [*both, "--world", str(elsewhere)]).exit_code == 0
    assert CliRunner().invoke(app, [*both, "--data", str(news)]).exit_code == 0
    for name, framing in (("mobilenet_v2", FRAMING), ("closer", closer)):
        expected = photographs.load(news, framing=framing).fingerprint()
        world_told = json.loads(Path(f"results/{name}-world.json").read_text())
        assert world_told["sets"]["news"]["data_hash"] == expected
        assert json.loads(Path(f"results/{name}-news-photographs.json").read_text())["data_hash"] == expected


def test_some_pictures_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIEN_DATA", raising=False)
    assert CliRunner().invoke(app, ["mobilenet_v2"]).exit_code == 2


@pytest.mark.parametrize("option", [["--robust"], ["--faithful"], ["--out", "a.json"], ["--part", "test"]])
def test_options_about_a_data_set_are_not_passed_over(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIEN_DATA", raising=False)
    done = CliRunner().invoke(app, ["mobilenet_v2", "--world", str(elsewhere), *option])
    assert done.exit_code == 2
    assert not list(tmp_path.rglob("*.json"))
