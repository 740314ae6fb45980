"""The annotated copy keeps the sound at its place, or says in one line that it does not; the pictures never suffer."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import every, make_video

from mien.errors import StorageError
from mien.recognition.faces import Frame
from mien.recognition.video.annotating import AnnotatedVideo
from mien.recognition.video.reading import VideoFile
from mien.recognition.video.sound import TRIED, Sound, _Encoded

END = 3.0
FRAMES = 75


def picture(now: float) -> np.ndarray:
    return np.full((48, 64, 3), int(now * 80) % 256, np.uint8)


def copied(path: Path, sound: Path | None = None) -> tuple[Path, list[str]]:
    target = path.with_name("copy.mp4")
    with AnnotatedVideo(target, sound or path) as copy:
        for shot in VideoFile(path):
            copy.write(Frame(path, shot.pixels, [], shot.number, shot.time))
    return target, copy.notes


def heard(path: Path) -> tuple[float, float]:
    """When the tone begins and ends, in seconds after the first picture."""
    with av.open(str(path)) as opened:
        start = float(next(opened.decode(video=0)).time)
    times, at = [], start
    with av.open(str(path)) as opened:
        stream = opened.streams.audio[0]
        if stream.codec_context.name.startswith("pcm"):
            stream.codec_context.layout = "7.1" if path.suffix == ".mov" else "mono"
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=48000)
        for frame in opened.decode(stream):
            at = at if frame.pts is None else float(frame.pts * frame.time_base)
            frame.pts = None
            for piece in resampler.resample(frame):
                loud = np.flatnonzero(np.abs(piece.to_ndarray()[0]) > 0.02)
                times += [at + place / 48000 for place in loud[[0, -1]]] if len(loud) else []
            at += frame.samples / frame.sample_rate
    return min(times) - start, max(times) - start


def whole(path: Path) -> bool:
    """Every picture of the copy can be decoded."""
    with av.open(str(path)) as opened:
        return sum(1 for _ in opened.decode(video=0)) == FRAMES


PAIRS = [
    ("ts", "aac", "stereo", 48000),
    ("mkv", "pcm_s16le", "mono", 16000),
    ("mov", "pcm_s16le", "7.1", 48000),
    ("mov", "alac", "stereo", 44100),
    ("mkv", "flac", "5.1", 96000),
    ("webm", "libopus", "stereo", 48000),
    ("mp4", "eac3", "5.1", 48000),
    ("avi", "libmp3lame", "mono", 22050),
    ("wmv", "wmav2", "stereo", 44100),
    ("flv", "aac", "mono", 11025),
]


@pytest.mark.parametrize(("suffix", "sound", "channels", "rate"), PAIRS)
def test_the_copy_has_all_pictures_and_the_sound_in_its_place(tmp_path, suffix, sound, channels, rate):
    codec = {"webm": "libvpx", "avi": "mpeg4", "wmv": "mpeg4"}.get(suffix, "libx264")
    path = make_video(
        tmp_path / f"a.{suffix}", picture, every(0.04, END), codec=codec, sound=sound, channels=channels, rate=rate
    )
    copy, notes = copied(path)
    assert whole(copy)
    assert notes == []
    assert heard(copy) == pytest.approx(heard(path), abs=0.04)
    assert heard(copy)[1] == pytest.approx(END, abs=0.12)


ORDERS = {"7.1": (127 << 16 | 8, 128 << 16 | 8), "5.1": (123 << 16 | 6, 124 << 16 | 6)}
"""Apple's numbers of orders of channels that FFmpeg has no name for (MPEG 7.1 B and C, MPEG 5.1 C and D)."""


@pytest.mark.parametrize(("channels", "order"), [(name, order) for name, orders in ORDERS.items() for order in orders])
def test_an_order_of_channels_of_the_files_own_does_not_end_the_process(tmp_path, channels, order):
    """In a process of its own, because some versions of PyAV end it."""
    path = make_video(tmp_path / "a.mov", picture, every(0.04, END), sound="pcm_s16le", channels=channels, rate=48000)
    data = bytearray(path.read_bytes())
    place = data.index(b"chan") + 8
    data[place : place + 8] = order.to_bytes(4, "big") + bytes(4)
    path.write_bytes(data)
    script = (
        "import sys, gc; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import test_video_sound as t;"
        "print(t.copied(Path(sys.argv[1]))); gc.collect()"
    )
    command = [sys.executable, "-c", script, str(path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("[])")
    assert whole(tmp_path / "copy.mp4")
    assert heard(tmp_path / "copy.mp4")[1] == pytest.approx(END, abs=0.12)


@pytest.mark.parametrize("named", [b"A_UNKNOWN", b"A_TRUEHD\0"])
def test_sound_that_cannot_be_decoded_is_left_out_with_a_line(tmp_path, named):
    path = make_video(tmp_path / "a.mkv", picture, every(0.04, END), sound="mp2", rate=48000)
    path.write_bytes(path.read_bytes().replace(b"A_MPEG/L2", named))
    copy, notes = copied(path)
    assert whole(copy)
    assert len(notes) == 1
    assert "its sound is left out in the annotated copy" in notes[0]


def test_sound_that_fails_in_the_middle_ends_and_the_pictures_go_on(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.mkv", picture, every(0.04, END), sound="pcm_s16le")
    take, calls = _Encoded.take, []

    def fails_later(self, packet):
        calls.append(packet)
        if len(calls) == 20:
            raise av.error.InvalidDataError(1, "broken")
        return take(self, packet)

    monkeypatch.setattr(_Encoded, "take", fails_later)
    copy, notes = copied(path)
    assert whole(copy)
    assert len(notes) == 1
    assert "its sound is left out from" in notes[0]
    assert heard(copy)[1] < END - 0.5


def test_damaged_sound_is_silent_where_it_is_damaged(tmp_path, monkeypatch):
    path = make_video(tmp_path / "a.mkv", picture, every(0.04, END), sound="flac", rate=48000)
    monkeypatch.setattr("mien.recognition.video.sound.COPIED", frozenset())
    data = bytearray(path.read_bytes())
    places = [place for place in range(len(data) // 2, len(data) * 2 // 3) if data[place : place + 2] == b"\xff\xf8"]
    for place in places[::4]:
        data[place : place + 12] = bytes(12)
    path.write_bytes(data)
    copy, notes = copied(path)
    assert whole(copy)
    assert heard(copy)[1] == pytest.approx(END, abs=0.12)
    assert len(notes) == 1
    assert "its sound is damaged" in notes[0]


@pytest.mark.parametrize("late", [-0.5, 0.7])
def test_sound_that_starts_early_or_late_stays_in_its_place(tmp_path, late):
    pictures = make_video(tmp_path / "pictures.mkv", picture, every(0.04, END + 1, 1.0))
    tone = make_video(tmp_path / "tone.mkv", picture, every(0.04, END + 1, 1.0 + late), sound="pcm_s16le")
    copy, notes = copied(pictures, tone)
    assert whole(copy)
    assert notes == []
    begins, _ = heard(copy)
    assert begins == pytest.approx(late, abs=0.04)


def test_sound_of_joined_recordings_follows_the_pictures(tmp_path):
    part = make_video(tmp_path / "part.ts", picture, every(0.04, END / 2), sound="aac", rate=48000)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part.read_bytes() * 2)
    copy, _ = copied(joined)
    with av.open(str(copy)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 2 * round(END / 2 / 0.04 + 0.01)
    assert heard(copy)[1] == pytest.approx(END, abs=0.15)


class FullDisk:
    """A file that takes so many bytes and then refuses."""

    def __init__(self, opened, most: int) -> None:
        self.file, self.most = opened, most

    def write(self, data: bytes) -> int:
        self.most -= len(data)
        if self.most < 0:
            raise OSError(28, "No space left on device")
        return self.file.write(data)

    def __getattr__(self, name: str):
        return getattr(self.file, name)


def test_after_a_refused_write_the_copy_can_be_closed_and_plays(tmp_path):
    random, said = np.random.default_rng(0), []
    target = tmp_path / "copy.mp4"
    copy = AnnotatedVideo(target)
    for number in range(400):
        try:
            noise = random.integers(0, 255, (48, 64, 3), dtype=np.uint8)
            copy.write(Frame("a.mp4", noise, [], number, number / 25))
        except StorageError as error:
            said.append(str(error))
        if number == 0:
            copy._disk._file = FullDisk(copy._disk._file, 150_000)
    assert len(said) > 50
    assert all("cannot write" in line for line in said)
    copy.__exit__(None, None, None)
    with av.open(str(target)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) > 0
    assert not list(tmp_path.glob(".*"))


def test_a_folder_in_the_place_of_the_copy_is_one_line(tmp_path):
    (tmp_path / "copy.mp4").mkdir()
    with AnnotatedVideo(tmp_path / "copy.mp4") as copy:
        for _ in range(2):
            with pytest.raises(StorageError, match=r"cannot write .*copy\.mp4"):
                copy.write(Frame("a.mp4", picture(0), [], 0, 0.0))
    assert not list(tmp_path.glob(".*"))


def test_a_video_without_sound_has_none(tmp_path):
    path = make_video(tmp_path / "a.mp4", picture, every(0.04, END))
    copy, notes = copied(path)
    assert notes == []
    with av.open(str(copy)) as opened:
        assert len(opened.streams) == 1
    assert Sound(path).note is None


def test_times_of_the_copy_are_the_original_ones(tmp_path):
    uneven = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.12, FRAMES)).tolist()
    path = make_video(tmp_path / "a.mkv", picture, uneven, sound="pcm_s16le")
    copy, _ = copied(path)
    with av.open(str(copy)) as opened:
        times = [float(frame.pts * Fraction(frame.time_base)) for frame in opened.decode(video=0)]
    assert times == pytest.approx(np.round(uneven, 3).tolist(), abs=1e-3)


def test_the_command_line_annotates_a_transport_stream_and_says_what_was_put_right(tmp_path):
    from typer.testing import CliRunner

    from mien.cli.main import app

    part = make_video(tmp_path / "part.ts", picture, every(0.04, END), sound="aac", rate=48000)
    path = tmp_path / "joined.ts"
    path.write_bytes(part.read_bytes() * 2)
    arguments = ["predict", str(path), "--annotate", str(tmp_path / "drawn"), "--csv", str(tmp_path / "a.csv")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    said = [line for line in done.stderr.splitlines() if line.startswith("mien:")]
    assert len(said) == 1
    assert "its clock jumps" in said[0]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1 + 2 * FRAMES
    with av.open(str(tmp_path / "drawn" / "joined.mp4")) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 2 * FRAMES


def test_sound_that_an_mp4_takes_is_copied_packet_by_packet(tmp_path):
    """More of it than the try whether the MP4 takes it looks at."""
    path = make_video(tmp_path / "a.mkv", picture, every(0.04, END), sound="aac", rate=48000)
    packets = []
    for file in (path, copied(path)[0]):
        with av.open(str(file)) as opened:
            packets.append([bytes(packet) for packet in opened.demux(audio=0) if packet.size])
    assert len(packets[0]) > TRIED
    assert packets[0] == packets[1]
