"""`mien.open` and `mien predict VIDEO`, as a user meets them."""

import csv
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from PIL import Image
from typer.testing import CliRunner

import mien
from mien.cli.main import app
from mien.errors import MissingExtraError, VideoError
from mien.expressions import NAMES
from mien.recognition.faces import TrackedFace
from mien.recognition.recognizer import Recognizer
from mien.recognition.sinks import VIDEO_COLUMNS
from mien.recognition.video import live, watching
from mien.recognition.video.reading import DecodedFrame

ROOT = Path(__file__).parents[1]
RATE = 0.05
"""Seconds from frame to frame in the party's video."""


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer("mobilenet_v2", threads=1)


def party(time: float) -> np.ndarray:
    """Two faces that move; from 1 to 1.5 s nobody is there."""
    canvas = np.full((240, 420, 3), 110, np.uint8)
    if not 1 <= time < 1.5:
        paste(canvas, portrait("astronaut", 200), 10 + 20 * time, 20)
        paste(canvas, portrait("obama2", 200), 260 - 10 * time, 30)
    return canvas


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("party") / "party.mp4", party, every(RATE, 2.5), sound="aac")


def predict(*arguments: object):
    return CliRunner().invoke(app, ["predict", *map(str, arguments)])


def test_frames_come_in_order_with_faces_that_keep_their_numbers(recognizer, video):
    frames = list(mien.open(video, recognizer))
    assert [frame.number for frame in frames] == list(range(50))
    assert np.allclose([frame.time for frame in frames], every(RATE, 2.5), atol=1e-3)
    assert all(frame.pixels.shape == (240, 420, 3) for frame in frames)
    assert all(frame.faces == [] for frame in frames if 1.05 <= frame.time < 1.45)
    together = [frame for frame in frames if frame.time < 0.9 or frame.time > 1.9]
    assert all({face.track for face in frame.faces} == {1, 2} for frame in together)
    for face in frames[5].faces:
        assert isinstance(face, TrackedFace)
        assert abs(float(face.raw.sum()) - 1) < 1e-4
        assert abs(float(face.probabilities.sum()) - 1) < 1e-4
    assert not np.array_equal(frames[5].faces[0].raw, frames[5].faces[0].probabilities)


def test_a_video_is_read_as_its_frames_are(recognizer, video):
    """What a look finds in a frame is what the same frame gives as a picture."""
    first = next(iter(mien.open(video, recognizer)))
    alone = recognizer.recognize(first.pixels)
    assert len(first.faces) == len(alone) == 2
    for ours, theirs in zip(first.faces, alone, strict=True):
        assert ours.box == theirs.box
        assert np.allclose(ours.raw, theirs.probabilities, atol=1e-5)


def test_all_sinks_tell_the_same(video, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    done = predict(
        video,
        *("--csv", tmp_path / "a.csv", "--json", tmp_path / "a.json", "--parquet", tmp_path / "parts"),
        *("--annotate", tmp_path / "drawn", "--timeline", tmp_path / "a.png"),
    )
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert tuple(rows[0]) == VIDEO_COLUMNS
    assert {int(row["frame"]) for row in rows} == set(range(50))
    empty = [row for row in rows if row["track"] == ""]
    assert {1.1, 1.2, 1.3, 1.4} <= {float(row["time"]) for row in empty}
    assert all(row["expression"] == row["happy"] == "" for row in empty)

    frames = json.loads((tmp_path / "a.json").read_text())
    assert [frame["time"] for frame in frames] == sorted({float(row["time"]) for row in rows})
    faces = [face for frame in frames for face in frame["faces"]]
    seen = [row for row in rows if row["track"]]
    assert len(faces) == len(seen) == len(rows) - len(empty)
    for face, row in zip(faces, seen, strict=True):
        assert face["track"] == int(row["track"])
        assert list(face["raw"].values()) == [float(row[f"raw_{name}"]) for name in NAMES]
        assert row["expression"] == max(NAMES, key=face["probabilities"].__getitem__)

    table = parquet.read_table(tmp_path / "parts").to_pylist()
    assert [row["time"] for row in table] == [float(row["time"]) for row in rows]
    assert [row["track"] for row in table] == [int(row["track"]) if row["track"] else None for row in rows]
    assert np.allclose([row["happy"] for row in table if row["track"]], [float(row["happy"]) for row in seen])

    with Image.open(tmp_path / "a.png") as plot:
        colours = {tuple(colour) for colour in np.asarray(plot.convert("RGB")).reshape(-1, 3).tolist()}
        assert (0xE0, 0xA5, 0x26) in colours  # happy's
    drawn = tmp_path / "drawn" / "party.mp4"
    with av.open(str(drawn)) as opened:
        assert [stream.codec_context.name for stream in opened.streams] == ["h264", "aac"]
        sound = sum(packet.size for packet in opened.demux(audio=0))
    with av.open(str(video)) as opened:
        assert sound == sum(packet.size for packet in opened.demux(audio=0))  # copied as it is
        opened.seek(0)
        before = list(opened.decode(video=0))
    with av.open(str(drawn)) as opened:
        after = list(opened.decode(video=0))
    assert [round(frame.time, 3) for frame in after] == [round(frame.time, 3) for frame in before]
    change = np.abs(after[3].to_ndarray(format="rgb24").astype(int) - before[3].to_ndarray(format="rgb24")).max(2)
    assert (change > 60).mean() > 0.01


def test_the_summary_fits_a_terminal(video):
    done = predict(video)
    assert done.exit_code == 0
    assert re.search(r"2\.5 s, 50 frames, 2\d% without a face", re.sub(r"\s+", " ", done.stdout))
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_json_to_a_pipe_is_one_line_a_frame(video):
    done = predict(video, "--json", "-")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["frame"] for line in lines] == list(range(50))
    assert {face["track"] for line in lines for face in line["faces"]} == {1, 2}


def test_sound_that_mp4_cannot_hold_is_converted(tmp_path):
    source = make_video(tmp_path / "a.mkv", party, every(RATE, 0.6), sound="pcm_s16le")
    assert predict(source, "--annotate", tmp_path / "drawn").exit_code == 0
    with av.open(str(tmp_path / "drawn" / "a.mp4")) as opened:
        assert [stream.codec_context.name for stream in opened.streams] == ["h264", "aac"]
        assert sum(frame.samples for frame in opened.decode(audio=0)) > 0.4 * 16000


def test_odd_sides_can_be_annotated(tmp_path):
    source = make_video(
        tmp_path / "odd.mkv", lambda time: party(time)[:239, :419], every(RATE, 0.3), pixels="yuv444p", codec="ffv1"
    )
    assert predict(source, "--annotate", tmp_path / "drawn").exit_code == 0
    with av.open(str(tmp_path / "drawn" / "odd.mp4")) as opened:
        assert (opened.streams.video[0].width, opened.streams.video[0].height) == (420, 240)


def test_of_several_videos_a_broken_one_is_named_and_the_others_are_done(video, tmp_path):
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(video.read_bytes()[:2000])
    done = predict(cut, video, "--csv", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert "cut.mp4" in done.stderr
    assert "Traceback" not in done.output
    assert {row["video"] for row in csv.DictReader((tmp_path / "a.csv").open())} == {str(video)}


def test_a_damaged_video_gives_all_that_can_be_read(tmp_path):
    path = make_video(tmp_path / "long.mkv", party, every(RATE, 4))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = np.random.default_rng(0).bytes(3000)
    path.write_bytes(data)
    done = predict(path, "--csv", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert len([line for line in done.stderr.splitlines() if line.startswith("mien:")]) == 1
    assert max(float(row["time"]) for row in csv.DictReader((tmp_path / "a.csv").open())) > 3.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["portrait.jpg", "--timeline", "a.png"], "for videos"),
        (["nowhere.mp4"], "no such file"),
        (["a.mp4", "b.mp4", "--timeline", "a.png"], "one at a time"),
        (["webcam:7"], "no camera 7"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, message, capfd, monkeypatch):
    from mien.cli import main

    monkeypatch.setattr("sys.argv", ["mien", "predict", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    said = capfd.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert message in said[0]


def test_the_original_is_never_overwritten(video, tmp_path):
    copy = tmp_path / "party.mp4"
    copy.write_bytes(video.read_bytes())
    done = CliRunner().invoke(app, ["predict", str(copy), "--annotate", str(tmp_path)])
    assert "choose a folder of its own" in str(done.exception)
    assert copy.read_bytes() == video.read_bytes()


@pytest.mark.parametrize("missing", ["av", "scipy.optimize"])
def test_without_the_extra_one_line_says_what_to_install(video, recognizer, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'mien[video]'")):
        list(mien.open(video, recognizer))


@pytest.fixture(scope="module")
def long_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = np.random.default_rng(0).integers(0, 40, (240, 420, 3), dtype=np.uint8)
    frames = [np.maximum(party(number * RATE), np.roll(noise, number, 1)) for number in range(20)]
    return make_video(
        tmp_path_factory.mktemp("long") / "long.mp4", lambda time: frames[round(time / RATE) % 20], every(RATE, 60)
    )


def start(*arguments: object, before=None) -> subprocess.Popen:
    command = [sys.executable, "-c", "from mien.cli.main import main; main()", "predict", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=before)


def outputs(folder: Path) -> tuple[object, ...]:
    return "--csv", folder / "a.csv", "--json", folder / "a.json", "--parquet", folder / "parts", "--annotate", folder


def check_partial(folder: Path) -> None:
    """Each file that is there can be read, ends with a whole record, and no draft is left."""
    rows = list(csv.DictReader((folder / "a.csv").open()))
    assert 0 < len({row["frame"] for row in rows}) < 1200
    assert all(row["raw_neutral"] or not row["track"] for row in rows)
    assert json.loads((folder / "a.json").read_text())
    with av.open(str(folder / "long.mp4")) as opened:
        assert sum(1 for _ in opened.decode(video=0)) > 0
    assert not list(folder.rglob(".*"))


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_valid_files_and_one_line(long_video, tmp_path, sent):
    started = start(long_video, *outputs(tmp_path))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(tmp_path.glob(".long.*.draft.mp4")):
        time.sleep(0.05)
    time.sleep(0.5)
    started.send_signal(sent)
    _, said = started.communicate(timeout=60)
    assert started.returncode == 130, said
    assert [line for line in said.splitlines() if line.strip()][-1].startswith("mien: interrupted")
    assert "Traceback" not in said
    check_partial(tmp_path)
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(tmp_path / "parts").num_rows > 0


def test_a_full_disk_leaves_valid_files_and_a_line_for_each(long_video, tmp_path):
    def limit() -> None:  # a file that may not grow fails as a full disk does
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    started = start(long_video, *outputs(tmp_path), before=limit)
    _, said = started.communicate(timeout=120)
    assert started.returncode == 3, said
    lines = [line for line in said.splitlines() if line.startswith("mien:")]
    assert len(lines) == 4  # one for each output
    assert all("cannot write" in line for line in lines)
    assert "Traceback" not in said
    check_partial(tmp_path)


def test_a_camera_that_goes_away_ends_with_its_rows_and_one_line(tmp_path, monkeypatch, video):
    monkeypatch.setattr(live.Camera, "_device", lambda self, number: (str(video), None, {}))  # a file has an end too
    monkeypatch.setattr(live, "GONE", 0.2)
    done = predict("webcam", "--csv", tmp_path / "a.csv")
    assert done.exit_code == 2
    assert "the camera gives no more pictures" in done.stderr
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert rows[0]["video"] == "webcam:0"
    # which frames are seen, and whether faces are found in the last of them, depends on the machine's speed
    assert rows[0]["track"] == "1"
    assert {row["track"] for row in rows} <= {"1", "2", ""}
    times = [float(row["time"]) for row in rows]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("system", "device"),
    [
        ("linux", ("/dev/video1", "v4l2", {})),
        ("darwin", ("1:none", "avfoundation", {"framerate": "30"})),
        ("win32", ("video=second", "dshow", {})),
    ],
)
def test_each_system_names_its_second_camera(monkeypatch, system, device):
    listed = [("first", "video"), ("microphone", "audio"), ("second", "video")]
    devices = [SimpleNamespace(name=name, media_types=[kind]) for name, kind in listed]
    asked = []

    def opened(name: str, format: str, options: dict[str, str]) -> None:
        asked.append((name, format, options))
        raise OSError

    av = SimpleNamespace(open=opened, enumerate_input_devices=lambda system: devices, FFmpegError=OSError)
    monkeypatch.setattr(live, "load", lambda module: av)
    monkeypatch.setattr(live.sys, "platform", system)
    with pytest.raises(VideoError, match="no camera 1"):
        live.Camera(1)
    assert asked == [device]


def _opened_soon(address, recognizer):
    """A stream whose sender has just been started."""
    for _ in range(50):
        time.sleep(0.1)
        with suppress(VideoError):
            return mien.open(address, recognizer)
    return mien.open(address, recognizer)


def test_a_stream_is_read_as_it_comes(recognizer, video):
    if shutil.which("ffmpeg") is None:
        pytest.skip("needs ffmpeg as the sender (Debian: ffmpeg)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    sender = ["ffmpeg", "-v", "error", "-re", "-i", str(video), "-c", "copy", "-f", "mpegts", f"{address}?listen=1"]
    with subprocess.Popen(sender, stderr=subprocess.PIPE) as sending:
        try:
            frames = list(_opened_soon(address, recognizer))
        finally:
            sending.kill()
    assert frames[0].time < 1  # 0, but that a busy machine sees later frames first
    assert 1.5 < frames[-1].time < 2.5
    assert {face.track for frame in frames for face in frame.faces} >= {1, 2}


def test_an_unreachable_stream_is_one_line():
    with pytest.raises(VideoError, match=r"rtsp://127\.0\.0\.1:9"):
        mien.open("rtsp://127.0.0.1:9/nothing")


def test_the_examples_of_the_docs_run(video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "party.mp4").write_bytes(video.read_bytes())
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "video.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/video.md", "exec"), {})


@pytest.mark.parametrize(("there", "side_by_side"), [(1, 2), (2, 2), (4, 3), (8, 7)])
def test_all_cores_are_kept_busy_by_models_of_one_thread(recognizer, monkeypatch, there, side_by_side):
    monkeypatch.setattr(watching, "cores", lambda: there)
    assert watching.model_threads() == 1
    assert watching.readers(recognizer) == side_by_side
    assert watching.readers(SimpleNamespace(threads=4, device="cpu")) == 2, "they take the cores themselves"
    assert watching.readers(SimpleNamespace(threads=1, device="cuda")) == 2
    assert watching.model_threads(live=True) == min(max(there - 1, 1), 4), "of which every frame is read at once"


def test_more_cores_hold_no_more_frames(recognizer, monkeypatch):
    monkeypatch.setattr(watching, "cores", lambda: 32)
    monkeypatch.setattr(watching, "MOST_PIXELS", 32 * 60 * 80)
    decoded, held = 0, []

    class Source:
        source, live, problem = "plain.mp4", False, None

        def __iter__(self):
            nonlocal decoded
            for decoded in range(1, 301):
                yield DecodedFrame(decoded - 1, decoded / 25, np.full((60, 80, 3), 90, np.uint8))

        def close(self) -> None: ...

    for given, _ in enumerate(watching.Video(Source(), recognizer)):
        held.append(decoded - given)
        time.sleep(0.002)
    assert len(held) == 300
    assert max(held) < 32 + 3 * watching.BATCH + 2 * watching.AHEAD + 10
