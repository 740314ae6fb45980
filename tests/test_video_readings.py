"""Faces read at most so many times a second: which, when, and what is said of them between."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from typer.testing import CliRunner

import mien
from mien.cli.main import app
from mien.errors import MienError
from mien.recognition.model import Outputs
from mien.recognition.recognizer import Recognizer
from mien.recognition.video import watching
from mien.recognition.video.reading import DecodedFrame
from mien.recognition.video.readings import MOST_WAITING, CroppedFrame, Reading, Schedule, filled
from mien.recognition.video.selection import Selection

NOTHING = np.empty((0, 0, 3), np.uint8)
READER: Any = object()


def reading(value: float, reader: Any = READER) -> Reading:
    """The second row of outputs that all say `value`."""
    rows = np.array([[-1.0], [value]], np.float32)
    return Reading(reader, Outputs(rows, rows, None, rows), 1)


def frame(time: float, **told: float | None) -> tuple[CroppedFrame, list[Reading | None]]:
    """A frame with faces by their tracks' numbers, as _1=0.5; None for those that are not read."""
    numbers, values = [int(name[1:]) for name in told], list(told.values())
    cropped = CroppedFrame(DecodedFrame(0, time, NOTHING), numbers, [], [value is not None for value in values])
    return cropped, [None if value is None else reading(value) for value in values]


def said(frames: list[tuple[CroppedFrame, list[Reading | None]]]) -> list[list[float]]:
    return [[one.outputs.probabilities[one.index, 0] for one in found] for _, found in filled(frames)]


def test_all_faces_are_due_at_each_step_and_new_ones_at_once() -> None:
    schedule = Schedule(10)
    due = [schedule.due(number / 30, [1, 2] if number >= 2 else [1]) for number in range(7)]
    assert due == [[True], [False], [False, True], [True, True], [False, False], [False, False], [True, True]]


def test_without_a_rate_every_face_is_due() -> None:
    schedule = Schedule(None)
    assert all(all(schedule.due(number / 1000, [1, 2])) for number in range(20))


def test_a_clock_that_stands_still_does_not_fill_the_memory() -> None:
    schedule = Schedule(15)
    due = [schedule.due(1.0 + number * 1e-5, [1])[0] for number in range(100)]
    assert [number for number, one in enumerate(due) if one] == list(range(0, 100, MOST_WAITING + 1))


def test_between_two_readings_lies_what_is_between_them_by_time() -> None:
    frames = [frame(0.0, _1=0.0), frame(0.3, _1=None), frame(0.9, _1=None), frame(1.0, _1=1.0)]
    assert said(frames) == [[0.0], [pytest.approx(0.3)], [pytest.approx(0.9)], [1.0]]


def test_each_face_has_its_own_readings() -> None:
    frames = [frame(0.0, _1=0.0, _2=8.0), frame(1.0, _2=None, _1=None), frame(2.0, _1=1.0, _2=4.0)]
    assert said(frames)[1] == [6.0, 0.5]


def test_what_is_gone_before_its_next_reading_keeps_the_last_one() -> None:
    frames = [frame(0.0, _1=0.4, _2=1.0), frame(1.0, _1=None, _2=None), frame(2.0, _2=3.0), frame(3.0, _2=None)]
    assert said(frames) == [[pytest.approx(0.4), 1.0], [pytest.approx(0.4), 2.0], [3.0], [3.0]]


def test_readings_of_two_models_are_never_mixed() -> None:
    one, other = frame(0.0, _1=0.0), frame(2.0, _1=1.0)
    exchanged = (other[0], [reading(1.0, reader=object())])
    assert said([one, frame(1.0, _1=None), exchanged]) == [[0.0], [0.0], [1.0]]


def test_what_came_before_an_error_is_given_first() -> None:
    def broken() -> Iterator[tuple[CroppedFrame, list[Reading | None]]]:
        yield frame(0.0, _1=0.5)
        yield frame(1.0, _1=None)
        raise MienError("the end")

    given = filled(broken())
    assert [next(given)[0].decoded.time for _ in range(2)] == [0.0, 1.0]
    with pytest.raises(MienError, match="the end"):
        next(given)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def party(time: float) -> np.ndarray:
        canvas = np.full((240, 420, 3), 110, np.uint8)
        paste(canvas, portrait("astronaut", 200), 10 + 20 * time, 20)
        if time >= 0.5:
            paste(canvas, portrait("obama2", 200), 260 - 10 * time, 30)
        return canvas

    return make_video(tmp_path_factory.mktemp("party") / "party.mp4", party, every(0.04, 1.4))


def test_every_row_is_there_and_the_read_ones_are_the_same(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognizer, read = Recognizer(threads=1), list[int]()
    whole = list(mien.open(video, recognizer))
    classify = recognizer.classify
    monkeypatch.setattr(recognizer, "classify", lambda faces: read.append(len(faces)) or classify(faces))
    fewer = list(mien.open(video, recognizer, Selection(rate=12.5)))
    faces = sum(len(one.faces) for one in whole)
    assert 0.5 * faces <= sum(read) <= 0.6 * faces
    assert [one.number for one in fewer] == list(range(35))
    due = set(range(0, 35, 2))
    for one, other in zip(whole, fewer, strict=True):
        assert [face.box for face in one.faces] == [face.box for face in other.faces]
        for face, also in zip(one.faces, other.faces, strict=True):
            assert (face.track, face.verdict is None) == (also.track, also.verdict is None)
            assert float(also.raw.sum()) == pytest.approx(1, abs=1e-4)
            if one.number in due:
                assert face.raw == pytest.approx(also.raw, abs=1e-6)


def test_the_option_and_what_it_refuses(video: Path, tmp_path: Path) -> None:
    def predict(*words: object) -> Any:
        return CliRunner().invoke(app, ["predict", *map(str, words)])

    for rate, rows in ((None, tmp_path / "all.csv"), (15, tmp_path / "fewer.csv")):
        done = predict(video, "--csv", rows, *(() if rate is None else ("--reading-rate", rate)))
        assert done.exit_code == 0, done.stderr
    lines = [(tmp_path / name).read_text().count("\n") for name in ("all.csv", "fewer.csv")]
    assert lines[0] == lines[1]
    assert (tmp_path / "all.csv").read_text() != (tmp_path / "fewer.csv").read_text()
    picture = Path(__file__).parents[1] / "examples" / "obama.jpg"
    for words, said in (
        ((video, "--reading-rate", 0), "--reading-rate takes a number above 0"),
        ((video, "--reading-rate", "nan"), "--reading-rate takes a number above 0"),
        ((picture, "--reading-rate", 15), "--reading-rate is for videos"),
    ):
        error = predict(*words).exception
        assert isinstance(error, MienError)
        assert said in str(error)


def test_of_a_camera_every_frame_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = list[bool]()
    camera = SimpleNamespace(live=True, close=lambda: closed.append(True))
    monkeypatch.setattr(watching, "_open", lambda source: camera)
    with pytest.raises(MienError, match="--reading-rate is for files"):
        mien.open("webcam", selection=Selection(rate=15))
    assert closed == [True], "the camera is let go of"
