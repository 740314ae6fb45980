"""A video's times rise by what its frames last, whatever its container's clock does."""

import http.server
import io
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import every, make_video
from PIL import Image

import mien
from mien.recognition.video.clock import Clock
from mien.recognition.video.reading import VideoFile

B_FRAMES = {"preset": "medium", "bf": "2", "b-adapt": "0"}


def picture(now: float) -> np.ndarray:
    """Grey that tells the time."""
    return np.full((48, 64, 3), int(now * 100) % 256, np.uint8)


def times(path: Path) -> tuple[list[float], list[str]]:
    video = VideoFile(path)
    found = [shot.time for shot in video]
    assert video.problem is None
    return found, video.notes


def is_steady(found: list[float], step: float, count: int) -> None:
    assert len(found) == count
    assert np.diff(found) == pytest.approx(step, abs=2e-3)


@pytest.fixture(scope="module")
def transport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("ts") / "part.ts", picture, every(0.04, 2), encoding=B_FRAMES)


@pytest.mark.parametrize("start", [0.0, 5000.0])
def test_joined_recordings_go_on_rising(tmp_path, transport, start):
    """Three in a row; the second's clock starts where the first's did, or far ahead."""
    second = make_video(tmp_path / "second.ts", picture, every(0.04, 2 + start, start), encoding=B_FRAMES)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(transport.read_bytes() + second.read_bytes() + transport.read_bytes())
    found, notes = times(joined)
    is_steady(found, 0.04, 150)
    assert len(notes) == 1
    assert "jumps 2 times" in notes[0]


def test_a_playlist_with_a_discontinuity_goes_on_rising(tmp_path, transport):
    (tmp_path / "part.ts").write_bytes(transport.read_bytes())
    part = "#EXTINF:2.0,\npart.ts\n"
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n{part}#EXT-X-DISCONTINUITY\n{part}#EXT-X-ENDLIST\n")
    found, notes = times(playlist)
    is_steady(found, 0.04, 100)
    assert "jumps" in notes[0]


def test_a_gap_in_a_file_that_may_have_gaps_stays(tmp_path):
    """A camera that records what moves: an hour passes between two frames of a sane MP4."""
    path = make_video(tmp_path / "gap.mp4", picture, [*every(0.04, 1), *every(0.04, 3601, 3600)])
    found, notes = times(path)
    assert found[-1] == pytest.approx(3600.96, abs=1e-3)
    assert notes == []


def test_frames_without_times_are_spaced_by_the_frame_rate(tmp_path):
    source = make_video(tmp_path / "a.mp4", picture, every(0.04, 2), encoding=B_FRAMES)
    raw = tmp_path / "raw.h264"
    with av.open(str(source)) as opened, av.open(str(raw), "w", format="h264") as output:
        track = output.add_stream_from_template(opened.streams.video[0])
        for packet in opened.demux(video=0):
            if packet.size:
                packet.stream = track
                output.mux(packet)
    found, notes = times(raw)
    is_steady(found, 0.04, 50)
    assert "no usable time; 25 frames a second" in notes[0]


def test_avi_with_b_frames_is_in_order(tmp_path):
    """AVI knows when packets are decoded and not when they are shown."""
    path = make_video(tmp_path / "b.avi", picture, every(0.04, 2), encoding=B_FRAMES)
    shots = list(VideoFile(path))
    is_steady([shot.time for shot in shots], 0.04, 50)
    assert shots[0].time == 0
    assert np.all(np.diff([float(shot.pixels.mean()) for shot in shots]) > 0)


@pytest.mark.parametrize(
    ("stated", "right"),
    [
        ([0.0, 0.04, 0.2, 0.21], [0.0, 0.04, 0.2, 0.21]),
        ([5.0, 5.1], [5.0, 5.1]),
        ([None] * 4, [0.0, 0.04, 0.08, 0.12]),
        ([0.0] * 5, [0.0, 0.001, 0.08, 0.12, 0.16]),
        ([0.0, 1e-5, 2e-5, 3e-5], [0.0, 0.001, 0.08, 0.12]),
        ([0.0, 0.04, 0.04, 0.08], [0.0, 0.04, 0.041, 0.08]),
        ([0.0, 0.04, 0.12, 0.08, 0.16], [0.0, 0.04, 0.12, 0.121, 0.16]),
        ([0.0, 0.001, 0.002], [0.0, 0.001, 0.002]),
    ],
)
def test_the_clock_rises(stated, right):
    clock = Clock(0.0, 0.04)
    assert [clock.time(one) for one in stated] == pytest.approx(right)


def test_live_frames_without_times_have_that_of_their_arrival():
    arrivals = iter([100.0, 100.0, 100.5, 102.0])
    clock = Clock(0.0, 0.04, arrivals=True, now=lambda: next(arrivals))
    assert [clock.time(stated) for stated in (0.0, 0.0, 0.0)] == pytest.approx([0.0, 0.5, 2.0])


class SlowCamera(http.server.BaseHTTPRequestHandler):
    """Ten pictures a second, as MJPEG over HTTP: no picture has a time."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(25):
            jpeg = io.BytesIO()
            Image.fromarray(picture(number / 25)).save(jpeg, "JPEG")
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg.getvalue())}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg.getvalue() + b"\r\n")
            self.wfile.flush()
            time.sleep(0.1)

    def log_message(self, format: str, *arguments: object) -> None: ...


@pytest.fixture
def camera() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowCamera)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_a_camera_over_http_has_arrival_times(camera):
    """2.5 s of pictures are no 1 s; those that came while the camera was opened may lie close together."""
    video = VideoFile(camera)
    assert video.live
    found = [shot.time for shot in video]
    assert np.all(np.diff(found) > 0)
    assert 1.5 < found[-1] - found[0] < 4
    assert "the time of their arrival" in video.notes[0]


def test_rows_and_the_annotated_copy_have_the_same_rising_clock(tmp_path, transport):
    from mien.recognition.video.annotating import AnnotatedVideo

    joined, drawn = tmp_path / "joined.ts", tmp_path / "drawn.mp4"
    joined.write_bytes(transport.read_bytes() * 2)
    rows = []
    with mien.open(joined) as video, AnnotatedVideo(drawn, joined) as copy:
        for frame in video:
            rows.append(frame.time)
            copy.write(frame)
    assert len(video.notes) == 1
    with av.open(str(drawn)) as opened:
        copied = [float(frame.pts * Fraction(frame.time_base)) for frame in opened.decode(video=0)]
    is_steady(rows, 0.04, 100)
    assert copied == pytest.approx(rows, abs=1e-3)
