"""The camera's window: what it shows, what its keys do, and what it says without a display."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from made_videos import every, make_video, portrait

from mien.errors import MienError
from mien.recognition.faces import Frame
from mien.recognition.recognizer import Recognizer

pygame = pytest.importorskip("pygame")


class Source:
    live = True


class MadeUpVideo:
    def __init__(self) -> None:
        self.source = Source()
        self.recognizer = Recognizer("mobilenet_v2", threads=1)


@pytest.fixture
def frame() -> Frame:
    pixels = np.ascontiguousarray(portrait("astronaut", 300))
    return Frame("webcam:0", pixels, Recognizer("mobilenet_v2", threads=1).recognize(pixels), 0, 0.0)


@pytest.fixture
def window(monkeypatch, tmp_path):
    from mien.cli.window import Window

    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.chdir(tmp_path)
    with Window(MadeUpVideo(), show_map=False) as opened:
        yield opened


def press(key: str) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=ord(key), unicode=key, mod=0))


def shown() -> np.ndarray:
    """What the window shows, uint8 [H, W, 3]."""
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


def test_the_window_shows_the_frame_with_its_faces_and_the_keys(window, frame):
    window.write(frame)
    picture = shown()
    height = frame.pixels.shape[0]
    assert picture.shape[:2] == (height + 30, frame.pixels.shape[1])
    assert (np.abs(picture[:height].astype(int) - frame.pixels).max(2) > 60).mean() > 0.01  # the box
    assert picture[height:].max() > 200  # the keys


def test_the_keys(window, frame, tmp_path):
    window.write(frame)
    plain = shown()[: frame.pixels.shape[0]]
    press("m")
    window.write(frame)
    window.write(frame)
    assert (shown()[: frame.pixels.shape[0]] != plain).any()
    before = window._video.recognizer.model.name
    press("n")
    window.write(frame)
    assert window._video.recognizer.model.name != before
    press("g")
    window.write(frame)
    assert window._video.recognizer.gating == "refuse"
    press("s")
    window.write(frame)
    assert len(list(tmp_path.glob("mien-*.png"))) == 1
    assert not window.closed
    press("q")
    window.write(frame)
    assert window.closed


def test_without_a_display_one_line_says_what_to_do(monkeypatch):
    from mien.cli.window import Window

    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(MienError, match="no display"):
        Window(MadeUpVideo(), show_map=False)


def test_a_video_in_the_place_of_the_camera_runs_on_a_real_display(tmp_path):
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb (Debian: xvfb)")
    picture = portrait("astronaut", 240)
    video = make_video(tmp_path / "a.mp4", lambda _: picture[:, :240], every(0.05, 1))
    display, screen = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(screen), "-screen", "0", "800x600x24"], pass_fds=[screen], stderr=subprocess.DEVNULL
    )
    try:
        os.close(screen)
        number = os.read(display, 20).decode().strip()
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", "from mien.cli.main import main; main()", "predict", str(video), "--window"],
            env={**os.environ, "DISPLAY": f":{number}", "SDL_VIDEODRIVER": "x11"},
            capture_output=True,
            text=True,
            cwd=Path(tmp_path),
        )
        assert done.returncode == 0, done.stderr
        assert "20 frames" in done.stdout
        assert time.monotonic() - started > 0.95  # at its own speed
    finally:
        server.terminate()
        server.wait()
