"""Labelled photographs of another data set: found, cut as recognition cuts them, and judged."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from made_data import made_up_face, save
from typer.testing import CliRunner

from mien import Recognizer
from mien.cli.evaluate import evaluate
from mien.data import photographs
from mien.errors import DataError
from mien.evaluation.metrics import score
from mien.expressions import NAMES
from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.framing import FRAMING

EXAMPLES = Path(__file__).parents[1] / "examples"
app = typer.Typer()
app.command()(evaluate)


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits, a face that was cut already, a wall, a broken file, and a class that is none of the seven."""
    root = tmp_path_factory.mktemp("album")
    for folder in ("3_Happiness/someone", "neutral", "contempt"):
        (root / folder).mkdir(parents=True)
    shutil.copy(EXAMPLES / "obama.jpg", root / "3_Happiness" / "someone" / "1.jpg")
    shutil.copy(EXAMPLES / "biden.jpg", root / "neutral" / "2.JPG")
    shutil.copy(EXAMPLES / "biden.jpg", root / "contempt" / "3.jpg")
    save(made_up_face(6, 0), root / "neutral" / "cut.png")
    save(np.full((200, 300), 120, np.uint8), root / "neutral" / "wall.tiff")
    (root / "neutral" / "broken.png").write_bytes(b"no picture")
    return root


def test_faces_are_what_recognition_cuts(album: Path) -> None:
    found = photographs.load(album)
    assert list(found.ids) == ["3_Happiness/someone/1.jpg", "neutral/2.JPG", "neutral/cut.png"]
    assert [NAMES[label] for label in found.labels] == ["happy", "neutral", "neutral"]
    recognizer = Recognizer(gate="off")
    picture = cv2.cvtColor(cv2.imread(str(EXAMPLES / "biden.jpg")), cv2.COLOR_BGR2RGB)
    cut = recognizer.crop_faces(picture, recognizer.detector.detect(picture))[0].pixels
    assert np.abs(found.faces[1].astype(int) - cut).max() <= 8  # JPEG decoders differ a little
    assert np.array_equal(found.faces[2], made_up_face(6, 0))


def test_faces_are_cut_as_the_model_asks_for_them(album: Path) -> None:
    closer = FRAMING.closer(1.3)
    picture = cv2.cvtColor(cv2.imread(str(EXAMPLES / "biden.jpg")), cv2.COLOR_BGR2RGB)
    cut = crop_picture(picture, closer.square(FaceDetector().detect(picture)[0]))
    found = photographs.load(album, framing=closer)
    assert np.abs(found.faces[1].astype(int) - cut).max() <= 8  # JPEG decoders differ a little
    assert np.abs(found.faces[1].astype(int) - photographs.load(album).faces[1]).mean() > 8
    assert np.array_equal(found.faces[2], made_up_face(6, 0))  # was cut already


def test_of_several_faces_the_largest_is_taken(tmp_path: Path) -> None:
    large = cv2.cvtColor(cv2.imread(str(EXAMPLES / "biden.jpg")), cv2.COLOR_BGR2RGB)
    small = cv2.resize(cv2.cvtColor(cv2.imread(str(EXAMPLES / "obama.jpg")), cv2.COLOR_BGR2RGB), None, fx=0.5, fy=0.5)
    both = np.full((max(len(large), len(small)), large.shape[1] + small.shape[1], 3), 90, np.uint8)
    both[: len(small), : small.shape[1]], both[: len(large), small.shape[1] :] = small, large
    (tmp_path / "sad").mkdir()
    save(both, tmp_path / "sad" / "both.png")
    recognizer = Recognizer(gate="off")
    sides = {face.box.width for face in recognizer.recognize(both)}
    assert len(sides) == 2
    (found,) = photographs.load(tmp_path).faces
    seen = recognizer.detector.detect(both)
    widest = int(np.argmax([face.box.width for face in seen]))
    assert np.array_equal(found, recognizer.crop_faces(both, seen)[widest].pixels)


def test_what_is_left_out_is_named(album: Path) -> None:
    reasons = {problem.place: problem.reason for problem in photographs.load(album).problems}
    assert reasons.keys() == {"contempt", "neutral/broken.png", "neutral/wall.tiff"}
    assert "no face" in reasons["neutral/wall.tiff"]
    assert "seven classes" in reasons["contempt"]


def test_a_folder_without_any_face_is_an_error(tmp_path: Path) -> None:
    save(np.full((200, 300), 120, np.uint8), tmp_path / "angry" / "wall.png")
    with pytest.raises(DataError, match="no face"):
        photographs.load(tmp_path)


def test_a_data_set_for_training_is_not_taken_for_photographs(tiny_data: Path, album: Path) -> None:
    assert not photographs.are_in(tiny_data)
    assert photographs.are_in(tiny_data / "images" / "validation")
    assert photographs.are_in(album)


def test_evaluate_judges_them(album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["mobilenet_v2", "--data", str(album)])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "results" / f"mobilenet_v2-{album.name}-photographs.json").read_text())
    assert told["raw"]["pictures"] == 3
    assert told["left_out"] == 3
    assert told["raw"]["classes"]["happy"]["recall"] == 1  # the portrait laughs
    assert "without copies" not in result.output
    assert "disgust" not in result.output  # there is none to judge


def test_they_have_no_parts(album: Path) -> None:
    result = CliRunner().invoke(app, ["mobilenet_v2", "--data", str(album), "--part", "foo"])
    assert result.exit_code == 2
    assert "photographs have none" in result.output


def test_macro_scores_are_over_the_classes_that_are_labelled() -> None:
    called = np.eye(len(NAMES))[[3, 3, 4, 0]]
    made = score(np.array([3, 3, 4, 4]), called)
    assert made.macro_recall.value == pytest.approx((1 + 0.5) / 2)
    assert made.macro_f1.value == pytest.approx((1 + 2 / 3) / 2)
