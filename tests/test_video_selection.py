"""What is read of a video: so far apart, in spans, in a region; and what cannot be, in one line."""

import csv
from pathlib import Path

import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from typer.testing import CliRunner

import mien
from mien.cli.main import app
from mien.errors import MienError, VideoError
from mien.recognition.recognizer import Recognizer
from mien.recognition.video.selection import Pacer, Region, Selection
from mien.recognition.video.spans import seconds, spans


def party(time: float) -> np.ndarray:
    canvas = np.full((220, 440, 3), 110, np.uint8)
    paste(canvas, portrait("astronaut", 200), 10, 10)
    paste(canvas, portrait("obama2", 200), 250, 10)
    return canvas


TIMES = [*every(0.05, 1.5), *every(0.11, 3.2, 1.5)]
"""A variable frame rate."""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    picture = party(0)
    return make_video(tmp_path_factory.mktemp("clips") / "party.mp4", lambda time: picture, TIMES)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer(threads=1)


def read(video: Path, recognizer: Recognizer, **chosen: str) -> list[mien.Frame]:
    return list(mien.open(video, recognizer, Selection.from_texts(**chosen)))


def predict(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["predict", *map(str, words)])
    if isinstance(done.exception, MienError):
        return done.exception.exit_code, f"{done.stderr}{done.exception}"
    return done.exit_code, done.stderr


def test_frames_so_far_apart_have_their_own_exact_times_and_numbers(video: Path, recognizer: Recognizer) -> None:
    whole = {frame.number: frame for frame in mien.open(video, recognizer)}
    some = read(video, recognizer, every="500ms")
    due = [next(number for number, time in enumerate(TIMES) if time >= step - 1e-9) for step in np.arange(0, 3.1, 0.5)]
    assert [frame.number for frame in some] == due
    for frame in some:
        assert frame.time == whole[frame.number].time == pytest.approx(TIMES[frame.number], abs=1e-3)
        assert [face.track for face in frame.faces] == [face.track for face in whole[frame.number].faces]
        for face, other in zip(frame.faces, whole[frame.number].faces, strict=True):
            assert face.box == other.box
            assert np.allclose(face.raw, other.raw, atol=1e-5)


def test_faces_keep_their_numbers_however_far_apart_they_are_read(tmp_path: Path, recognizer: Recognizer) -> None:
    picture = party(0)
    path = make_video(tmp_path / "long.mp4", lambda time: picture, every(0.25, 9))
    found = read(path, recognizer, every="4")
    assert [frame.time for frame in found] == [0, 4, 8]
    assert all({face.track for face in frame.faces} == {1, 2} for frame in found)


def test_spans_are_read_and_left_out(video: Path, recognizer: Recognizer) -> None:
    found = read(video, recognizer, start="0.5", end="0:02.5", excluded="1-1.25,0:02-2.2")
    wanted = [
        n
        for n, time in enumerate(TIMES)
        if 0.5 <= round(time, 6) < 2.5 and not 1 <= round(time, 6) < 1.25 and not 2 <= time < 2.2
    ]
    assert [frame.number for frame in found] == wanted
    assert [frame.time for frame in found] == pytest.approx([TIMES[number] for number in wanted], abs=1e-3)


def test_only_faces_in_the_region_are_read_and_that_is_said(video: Path, recognizer: Recognizer) -> None:
    for region, left in (("0,0,50%,100%", True), ("220,0,220,220", False)):
        opened = mien.open(video, recognizer, Selection.from_texts(region=region))
        frames = list(opened)
        assert len(frames) == len(TIMES)
        assert all(len(frame.faces) == 1 for frame in frames)
        assert all((frame.faces[0].box.centre[0] < 220) == left for frame in frames)
        assert opened.notes == [f"{video}: 1 face is seen outside the region and left out there"]


def test_the_options_hold_for_every_clip_of_a_folder(video: Path, tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (clips / name).write_bytes(video.read_bytes())
    picture = np.full((120, 160, 3), 90, np.uint8)
    make_video(clips / "c.mp4", lambda time: picture, every(0.1, 0.6))
    file = tmp_path / "rows.csv"
    options = ("--every", "0.5s", "--from", "1", "--region", "0,0,200,220", "--columns", "quality,pose")
    code, said = predict(clips, "--csv", file, *options)
    assert code == 2
    assert "c.mp4: no frame of it lies in what is to be read; it was gone through to 0.5 s" in said
    with file.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    assert [Path(row["video"]).name for row in rows] == ["a.mp4"] * 5 + ["b.mp4"] * 5
    assert [float(row["time"]) for row in rows[:5]] == [float(row["time"]) for row in rows[5:]]
    assert all(float(row["time"]) >= 1 for row in rows)
    assert list(rows[0])[-6:] == ["yaw", "pitch", "roll", "size", "sharpness", "light"]
    code, said = predict(clips / "c.mp4", "--region", "0,0,200,220")
    assert (code, "beyond its picture of 160x120" in said) == (2, True)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--from", "2", "--to", "1:00", "--every", "0"), "--every takes a time above 0"),
        (("--from", "1:30", "--to", "90"), "--from 1:30 is not before --to 90"),
        (("--from", "soon"), "--from takes a time"),
        (("--to", "1:70"), "--to takes a time"),
        (("--every", "nan"), "--every takes a time"),
        (("--exclude", "10-5"), "--exclude takes spans"),
        (("--exclude", "10"), "--exclude takes spans"),
        (("--region", "0,0,10"), "a region is x,y,width,height"),
        (("--region", "0,0,0,10"), "a region is x,y,width,height"),
        (("--region", "-5,0,10,10"), "a region is x,y,width,height"),
        (("--columns", "pose,age"), "no columns called 'age'; there are pose, quality, circumplex"),
        (("--every", "1", "--annotate", "drawn"), "--annotate draws whole videos"),
    ],
)
def test_what_cannot_be_is_one_line_before_the_work(
    video: Path, tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    code, said = predict(video, "--csv", tmp_path / "rows.csv", *options)
    assert (code, word in said, len(said.strip().splitlines())) == (2, True, 1), said
    assert not (tmp_path / "rows.csv").exists()


def test_pictures_have_no_times(tmp_path: Path) -> None:
    code, said = predict(Path(__file__).parents[1] / "examples" / "obama.jpg", "--every", "1")
    assert (code, "are for videos" in said) == (2, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90", 90),
        ("0.5s", 0.5),
        ("500ms", 0.5),
        ("1:30", 90),
        ("00:01:30.5", 90.5),
        (" 2 ", 2),
        ("100:00", 6000),
        ("-3", -3),
    ],
)
def test_times_as_people_write_them(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text", ["", "x", "1:60", "1:2:3:4", "1:-5", "-1:30", "inf", "nan", "1:", ":30", "1.5:00", "5m"]
)
def test_other_times_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        seconds(text)


def test_spans_as_people_write_them() -> None:
    assert spans("1:05-1:10,10-20") == [(10, 20), (65, 70)]
    with pytest.raises(ValueError, match="no time"):
        spans("10-20,")


def test_a_pacer_keeps_to_its_grid() -> None:
    pacer = Pacer(0.5)
    times = [1.4, 1.5, 1.89999, 1.9, 2.6, 2.7, 2.9, 5.0, 5.1, 5.4]
    assert [time for time in times if pacer.is_due(time)] == [1.4, 1.9, 2.6, 2.9, 5.0, 5.4]
    thirds = Pacer(0.1)
    assert [number for number in range(31) if thirds.is_due(number / 30)] == list(range(0, 31, 3))


def test_regions_in_pixels_and_shares() -> None:
    assert Region.from_text("50%,0,50%,100%").sides(640, 480) == (320, 0, 640, 480)
    assert Region.from_text("10,20,30,40").sides(640, 480) == (10, 20, 40, 60)
    with pytest.raises(VideoError, match="beyond its picture of 30x480"):
        Region.from_text("10,20,30,40").sides(30, 480)
