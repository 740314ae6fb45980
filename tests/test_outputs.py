"""Outputs: checked before the work, kept apart when one fails, UTF-8 everywhere, and silent where nobody reads."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from PIL import Image
from typer.testing import CliRunner

from mien.cli import main as commands
from mien.cli.exit_codes import PIPE_CLOSED, UNFORESEEN
from mien.cli.main import app
from mien.errors import MienError, MissingExtraError, StorageError
from mien.recognition import sinks
from mien.recognition.faces import Frame
from mien.recognition.sink_group import SinkGroup
from mien.recognition.video import annotating, timeline, watching
from mien.recognition.video.reading import DecodedFrame

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.jpg"))
RUN = "from mien.cli.main import main; main()"


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def command(*arguments: object, **options):
    return subprocess.run([sys.executable, "-c", RUN, *map(str, arguments)], check=False, **options)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def picture(time: float) -> np.ndarray:
        canvas = np.full((240, 320, 3), 110, np.uint8)
        paste(canvas, portrait("astronaut", 200), 10 + 20 * time, 20)
        return canvas

    return make_video(tmp_path_factory.mktemp("made") / "made.mp4", picture, every(0.05, 1.5))


def frames_in(path: Path) -> set[str]:
    with path.open(newline="") as file:
        return {row["frame"] for row in csv.DictReader(file)}


class MadeUpSink:
    """Fails where it is told to, and notes what became of it."""

    def __init__(self, fails: str = "", error: BaseException | None = None) -> None:
        self.fails, self.error = fails, error or OSError(errno.ENOSPC, "No space left on device")
        self.written, self.closed = 0, 0

    def __enter__(self):
        return self

    def write(self, frame: Frame) -> None:
        if self.fails == "write" and self.written == 1:
            raise self.error
        self.written += 1

    def __exit__(self, *ended: object) -> None:
        self.closed += 1
        if self.fails == "close":
            raise self.error


FRAME = Frame("a.jpg", np.zeros((1, 1, 3), np.uint8), [])


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError("codec"), StorageError("cannot write b")])
@pytest.mark.parametrize("fails", ["write", "close"])
def test_a_sink_that_fails_ends_alone_and_is_told_of_once(fails, error):
    told: list[tuple[str, StorageError]] = []
    sound, broken, last = MadeUpSink(), MadeUpSink(fails, error), MadeUpSink()
    with SinkGroup(lambda name, error: told.append((name, error))) as group:
        for name, sink in (("a", sound), ("b", broken), ("c", last)):
            group.add(name, lambda sink=sink: sink)
        for _ in range(3):
            group.write(FRAME)
        assert not group.all_failed
    assert (sound.written, broken.written, last.written) == (3, 1 if fails == "write" else 3, 3)
    assert (sound.closed, broken.closed, last.closed) == (1, 1, 1)
    assert [name for name, _ in told] == ["b"]
    assert isinstance(told[0][1], StorageError)
    assert "cannot write b" in str(told[0][1])


def test_an_interrupt_closes_all_sinks_also_while_they_close():
    opened = [MadeUpSink("close", KeyboardInterrupt()), MadeUpSink(), MadeUpSink("close")]
    told = []
    group = SinkGroup(lambda name, error: told.append(name))
    for number, sink in enumerate(opened):
        group.add(number, lambda sink=sink: sink)
    with pytest.raises(KeyboardInterrupt):
        group.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert [sink.closed for sink in opened] == [1, 1, 1]
    assert told == ["2"]


def test_a_sink_that_cannot_be_opened_ends_alone_but_a_missing_extra_is_said():
    def refuse() -> MadeUpSink:
        raise OSError(errno.EROFS, "Read-only file system")

    def lack() -> MadeUpSink:
        raise MissingExtraError("this needs av")

    told = []
    with SinkGroup(lambda name, error: told.append(str(error))) as group:
        group.add("a.csv", refuse)
        assert group.all_failed
        with pytest.raises(MissingExtraError):
            group.add("b.mp4", lack)
    assert told == ["cannot write a.csv: Read-only file system; choose another place"]


def refuse_from(number: int):
    """A `write` that fails as codecs do, from its so manieth call on."""
    calls = []

    def write(self, frame: Frame) -> None:
        calls.append(frame)
        if len(calls) >= number:
            raise RuntimeError("the codec refuses")

    return write


@pytest.mark.parametrize("broken", ["annotate", "csv", "timeline"])
def test_of_a_video_s_outputs_one_fails_and_the_others_are_whole(video, tmp_path, monkeypatch, broken):
    if broken == "annotate":
        monkeypatch.setattr(annotating.AnnotatedVideo, "write", refuse_from(5))
    elif broken == "csv":
        monkeypatch.setattr(sinks.CsvSink, "write", refuse_from(5))
    else:
        monkeypatch.setattr(timeline, "draw", lambda summary: 1 / 0)
    files = {"json": tmp_path / "a.json", "csv": tmp_path / "a.csv", "timeline": tmp_path / "a.png"}
    asked = [item for name, path in files.items() for item in (f"--{name}", path)]
    done = predict(video, *asked, "--annotate", tmp_path / "drawn")
    assert done.exit_code == 3, done.output
    said = [line for line in done.stderr.splitlines() if line.startswith("mien:")]
    assert len(said) == 1
    assert "cannot write" in said[0]
    assert len(json.loads(files["json"].read_text())) == 30
    if broken != "csv":
        assert len(frames_in(files["csv"])) == 30
    if broken != "annotate":
        assert (tmp_path / "drawn" / "made.mp4").is_file()
    if broken != "timeline":
        assert files["timeline"].is_file()
    assert "made" in done.stdout


def test_of_pictures_outputs_one_fails_and_the_others_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(sinks.AnnotatingSink, "write", refuse_from(2))
    (tmp_path / "broken.jpg").write_bytes(b"broken")
    given = (EXAMPLES[0], tmp_path / "broken.jpg", *EXAMPLES[1:4])
    done = predict(*given, "--csv", tmp_path / "a.csv", "--annotate", tmp_path / "drawn")
    assert done.exit_code == 3
    assert len([line for line in done.stderr.splitlines() if line.startswith("mien:")]) == 2
    with (tmp_path / "a.csv").open(newline="") as file:
        assert {row["picture"] for row in csv.DictReader(file)} == {str(path) for path in (EXAMPLES[0], *EXAMPLES[1:4])}
    assert "written: " + str(tmp_path / "drawn") not in done.stderr


@pytest.mark.parametrize(("cores", "ahead"), [(1, 0), (2, 3)])
def test_where_every_output_failed_the_work_ends(tmp_path, monkeypatch, cores, ahead):
    read = []
    monkeypatch.setattr("mien.cli.pictures.cores", lambda: cores)
    monkeypatch.setattr(sinks.CsvSink, "write", refuse_from(2))
    monkeypatch.setattr(
        "mien.recognition.pictures.read_picture", lambda path: read.append(path) or np.zeros((9, 9, 3), "u1")
    )
    given = [tmp_path / f"{number}.jpg" for number in range(9)]
    assert predict(*given, "--csv", tmp_path / "a.csv").exit_code == 3
    assert 2 <= len(read) <= 2 + ahead


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--timeline", "x.html"], "ends in .png or .svg or .pdf", 2),
        (["--timeline", "x"], "ends in .png or .svg or .pdf", 2),
        (["--csv", "folder"], "a folder; give a file's name", 3),
        (["--json", "folder"], "a folder; give a file's name", 3),
        (["--csv", "file/a.csv"], "choose another place", 3),
        (["--csv", "日" * 90], "File name too long", 3),
        (["--annotate", "file"], "a file, not a folder", 3),
        (["--parquet", "file"], "a file, not a folder", 3),
        (["--csv", "/proc/nowhere/a.csv"], "choose another place", 3),
        (["--csv", "made.mp4"], "one of the inputs", 2),
        (["--csv", "link.mp4"], "one of the inputs", 2),
        (["--csv", "hard.mp4"], "one of the inputs", 2),
        (["--json", "A.csv", "--csv", "a.csv"], "named for two outputs", 2),
        (["--parquet", "out", "--annotate", "out"], "named for two outputs", 2),
        (["--csv", "drawn/made.mp4", "--annotate", "drawn"], "named for two outputs", 2),
        (["--csv", "-"], "--csv needs a file's name", 2),
        (["--annotate", "."], "holds the video itself", 2),
        (["--parquet", "folder"], "more than the rows of an earlier run", 2),
    ],
)
def test_outputs_of_a_video_are_checked_before_it_is_read(video, tmp_path, monkeypatch, arguments, message, code):
    monkeypatch.chdir(tmp_path)
    shutil.copy(video, "made.mp4")
    Path("folder").mkdir()
    Path("folder", "other.txt").touch()
    Path("file").touch()
    Path("link.mp4").symlink_to("made.mp4")
    Path("hard.mp4").hardlink_to("made.mp4")
    monkeypatch.setattr("mien.recognition.video.watching.Video.__iter__", lambda self: pytest.fail("was read"))
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = predict("made.mp4", *arguments)
    assert isinstance(done.exception, MienError), done.output
    assert message in str(done.exception)
    assert done.exception.exit_code == code
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["a.csv", "/dev/stdout"])
def test_no_output_takes_the_place_of_what_the_command_prints_into(tmp_path, name):
    with (tmp_path / "a.csv").open("w") as printed:
        done = command("predict", EXAMPLES[0], "--csv", name, stdout=printed, stderr=subprocess.PIPE, cwd=tmp_path)
    assert done.returncode == 2
    assert b"where this command prints" in done.stderr


@pytest.mark.parametrize(("option", "missing"), [("--parquet", "pyarrow.parquet"), ("--timeline", "matplotlib.figure")])
def test_what_an_output_needs_is_missed_before_the_work(video, tmp_path, monkeypatch, option, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr("mien.recognition.video.watching.Video.__iter__", lambda self: pytest.fail("was read"))
    done = predict(video, option, tmp_path / "a.png")
    assert isinstance(done.exception, MissingExtraError)


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "mobilenet_v2", "--data", "DATA", "--out", "file/a.json"],
        ["evaluate", "mobilenet_v2", "--data", "DATA", "--out", "folder.json"],
        ["ensemble", "mobilenet_v2", "--data", "DATA", "--out", "file/a.json"],
        ["novelty", "judge", "--data", "DATA", "--out", "file/a.json"],
        ["novelty", "fit", "MODEL", "--data", "DATA", "--out", "file/a.onnx"],
        ["data", "plot", "DATA", "--out", "file/a.png"],
        ["data", "plot", "DATA", "--out", "a.jpg"],
        ["train", "recipes/shipped/mobilenet_v2_cpu.toml", "--data", "DATA", "--weights", "none", "--out", "file"],
        ["synth", "balance", "DATA", "--class", "disgust", "--to", "9", "--out", "file"],
        ["synth", "translate", "PICTURE", "--out", "PICTURE.png"],
        ["explain", "PICTURE", "--out", "file"],
        ["report", "--data", "DATA", "--results", "file"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_other_commands_check_their_outputs_before_they_read_data(tmp_path, monkeypatch, tiny_data, arguments):
    from mien.data import dataset

    root = Path(__file__).parents[1]
    (tmp_path / "file").touch()
    (tmp_path / "folder.json").mkdir()
    Image.open(EXAMPLES[0]).save(tmp_path / "PICTURE.png")
    places = {"DATA": tiny_data, "PICTURE": tmp_path / "PICTURE.png", "PICTURE.png": tmp_path / "PICTURE.png"}
    places |= {"MODEL": root / "models" / "mobilenet_v2.onnx"}
    given = [str(places.get(word, root / word if word.startswith("recipes") else word)) for word in arguments]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset, "load", lambda *_: pytest.fail("the data set was read"))
    done = CliRunner().invoke(app, given)
    assert isinstance(done.exception, MienError), done.output
    assert done.exception.exit_code in (2, 3)


def test_a_second_video_s_rows_take_the_place_of_the_first_s(video, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = tmp_path / "rows"
    rows.mkdir()
    for number in range(3):  # of a longer video
        parquet.write_table(sinks_table("old.mp4"), rows / f"part-{number:05d}.parquet")
    assert predict(video, "--parquet", rows).exit_code == 0
    assert {row["video"] for row in parquet.read_table(rows).to_pylist()} == {str(video)}
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]


def sinks_table(name: str):
    from mien.recognition.tables import as_table

    return as_table([{"video": name, "time": 0.0, "frame": 0}], sinks.VIDEO_COLUMNS)


ENCODINGS = [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}]


@pytest.mark.parametrize("environment", [*ENCODINGS, {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}], ids=str)
def test_all_text_is_utf_8_whatever_the_system_says(tmp_path, environment):
    picture = tmp_path / "日本é😀.jpg"
    shutil.copy(EXAMPLES[0], picture)
    broken = tmp_path / "ü.jpg"
    broken.touch()
    env = {**os.environ, **environment}
    done = command("predict", picture, broken, "--json", "-", "--csv", tmp_path / "é.csv", capture_output=True, env=env)
    assert done.returncode == 2, done.stderr
    assert Path(json.loads(done.stdout.decode("utf-8"))["picture"]).name == picture.name
    assert broken.name in done.stderr.decode("utf-8")
    assert picture.name in (tmp_path / "é.csv").read_text(encoding="utf-8")
    shown = command("predict", picture, capture_output=True, env=env)
    assert shown.returncode == 0
    assert picture.name in shown.stdout.decode("utf-8")


@pytest.mark.parametrize("arguments", ["--json -", ""])
def test_a_reader_that_has_enough_ends_the_work_without_a_word(video, arguments):
    run = f"{sys.executable} -c '{RUN}' predict {video} {arguments} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=True)
    assert int(done.stdout) == PIPE_CLOSED
    assert done.stderr == ""


def test_a_reader_that_has_enough_ends_no_other_output(video, tmp_path):
    run = f"{sys.executable} -c '{RUN}' predict {video} --json - --csv {tmp_path}/a.csv | true"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=True)
    assert done.stderr == f"written: {tmp_path}/a.csv\n"
    assert len(frames_in(tmp_path / "a.csv")) == 30


@pytest.mark.parametrize("arguments", [["--json", "-"], []])
def test_a_closed_standard_output_is_said(arguments):
    run = f"{sys.executable} -c '{RUN}' predict {EXAMPLES[0]} {' '.join(arguments)} >&-"
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "cannot write" in done.stderr


def test_what_nobody_foresaw_is_one_line_without_secrets(monkeypatch, capfd):
    def fail() -> None:
        raise KeyError("rtsp://user:hunter2@host/x")

    monkeypatch.setattr(commands, "app", fail)
    monkeypatch.delenv("MIEN_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    said = capfd.readouterr().err
    assert ended.value.code == UNFORESEEN
    assert said.count("\n") == 1
    assert "KeyError" in said
    assert "MIEN_DEBUG=1" in said
    assert "hunter2" not in said
    monkeypatch.setenv("MIEN_DEBUG", "1")
    with pytest.raises(KeyError):
        commands.main()


def test_a_picture_too_long_for_jpeg_is_annotated_as_png(tmp_path):
    with sinks.AnnotatingSink(tmp_path, show_map=False) as sink:
        sink.write(Frame("long.jpg", np.zeros((1, 66_000, 3), np.uint8), []))
        sink.write(Frame("short.jpg", np.zeros((1, 60, 3), np.uint8), []))
    assert {path.name for path in tmp_path.iterdir()} == {"long.png", "short.jpg"}


class MadeUpCamera:
    """A few pictures as a camera gives them."""

    live, source, problem = True, "webcam:0", None

    def __iter__(self):
        canvas = np.full((240, 320, 3), 110, np.uint8)
        paste(canvas, portrait("astronaut", 200), 10, 20)
        for number in range(4):
            yield DecodedFrame(number, number / 10, canvas)
            time.sleep(0.2)

    def close(self) -> None: ...


def test_of_a_camera_s_outputs_one_fails_and_the_others_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "open_live", lambda source: MadeUpCamera())
    monkeypatch.setattr(annotating.AnnotatedVideo, "write", refuse_from(1))
    done = predict("webcam", "--csv", tmp_path / "a.csv", "--annotate", tmp_path / "drawn")
    assert done.exit_code == 3, done.output
    assert "the codec refuses; the other outputs go on" in done.stderr
    assert len(frames_in(tmp_path / "a.csv")) > 1
    monkeypatch.setattr(sinks.CsvSink, "write", refuse_from(1))
    done = predict("webcam", "--csv", tmp_path / "a.csv")
    assert done.exit_code == 3
    assert "1 frames" in done.stdout  # nothing is left to watch for
