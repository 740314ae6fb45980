"""Passwords in the addresses of cameras and streams are never shown and never stored."""

import http.server
import pickle
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_videos import every, make_video, paste, portrait
from typer.testing import CliRunner

import mien
from mien.addresses import redacted, redacted_text
from mien.cli.main import app
from mien.errors import VideoError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("rtsp://user:hunter2@host/live?channel=1&token=hunter2", "rtsp://host/live?channel=1&token=***"),
        ("rtsp://hunter2@host:554/live", "rtsp://host:554/live"),
        ("RTSPS://user:hun%20ter2hunter2@host/", "RTSPS://host/"),
        ("rtsp://user:@hunter2@host/x", "rtsp://host/x"),
        ("rtsp://user:1/hunter2@host/x", "rtsp://host/x"),
        ("rtsp://user:a?hunter2@host/x", "rtsp://host/x"),
        ("rtsp://user:a#hunter2@host/x", "rtsp://host/x"),
        ("http://host/?user=hunter2&pwd=hunter2&size=2", "http://host/?user=***&pwd=***&size=2"),
        ("http://host/video.cgi?loginuse=hunter2&loginpas=hunter2", "http://host/video.cgi?loginuse=***&loginpas=***"),
        (
            "rtsp://host/user=hunter2_password=hunter2_channel=1.sdp?real",
            "rtsp://host/user=***_password=***_channel=1.sdp?real",
        ),
        ("rtsp://host/user=hunter2&password=hunter2&channel=1", "rtsp://host/user=***&password=***&channel=1"),
        ("srt://host:9000?passphrase=hunter2&mode=caller", "srt://host:9000?passphrase=***&mode=caller"),
        ("https://host/a.m3u8?X-Amz-Signature=hunter2&Expires=1", "https://host/a.m3u8?X-Amz-Signature=***&Expires=1"),
        ("https://host/a.m3u8?access_token=a/hunter2==", "https://host/a.m3u8?access_token=***"),
        ("rtsp:/user:hunter2@host/x", "rtsp:/host/x"),
        ("http://[::1]:80/x?API_KEY=hunter2", "http://[::1]:80/x?API_KEY=***"),
    ],
)
def test_secrets_go_and_the_rest_stays(address, told):
    assert redacted(address) == told
    assert redacted(redacted(address)) == told


@pytest.mark.parametrize(
    "source",
    ["a.mp4", "C:/Users/me@home/key=1.mp4", "file:///home/me@home/a.mp4", "webcam:1", "rtsp://host:554/live?channel=1"],
)
def test_what_holds_no_secret_stays_as_it_is(source):
    assert redacted(source) == source


def test_addresses_in_a_text_are_redacted():
    text = "no rtsp://u:hunter2@host/x?key=hunter2: refused ('http://u:hunter2@host')"
    assert redacted_text(text) == "no rtsp://host/x?key=***: refused ('http://host')"


def test_errors_never_hold_a_password():
    error = VideoError("http://u:hunter2@host/x: nothing there")
    assert SECRET not in repr(error) + str(error) + repr(pickle.loads(pickle.dumps(error)))


def test_a_stream_that_is_not_there_is_told_of_without_its_password():
    address = f"rtsp://user:{SECRET}@127.0.0.1:9/x?token={SECRET}"
    with pytest.raises(VideoError) as caught:
        mien.open(address)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An address with passwords where a video is."""

    def picture(time: float) -> np.ndarray:
        canvas = np.full((240, 320, 3), 110, np.uint8)
        paste(canvas, portrait("astronaut", 200), 10, 20)
        return canvas

    content = make_video(tmp_path_factory.mktemp("served") / "a.ts", picture, every(0.05, 0.5)).read_bytes()

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if "missing" not in self.path else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *said: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://user:{SECRET}@127.0.0.1:{server.server_port}/live/a.ts?token={SECRET}"
        server.shutdown()


def test_no_output_holds_a_camera_s_password(camera, tmp_path):
    asked = ("--csv", "a.csv", "--json", "a.json", "--parquet", "rows", "--annotate", "drawn", "--timeline", "a.svg")
    asked = tuple(word if word.startswith("--") else str(tmp_path / word) for word in asked)
    done = CliRunner().invoke(app, ["predict", camera, *asked])
    assert done.exit_code == 0, done.output
    assert "127.0.0.1" in done.stdout
    assert SECRET not in done.output
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 5
    for path in written:
        assert SECRET not in str(path)
        assert SECRET.encode() not in path.read_bytes()
    missing = CliRunner().invoke(app, ["predict", camera.replace("a.ts", "missing.ts")])
    assert missing.exit_code == 2
    assert SECRET not in missing.output
    assert Path(next(iter(tmp_path.glob("drawn/*")))).suffix == ".mp4"


def test_frames_bear_the_address_without_the_password(camera):
    frame = next(iter(mien.open(camera)))
    assert str(frame.source).startswith("http://127.0.0.1:")
    assert SECRET not in str(frame.to_dict())
