"""Chromium with a camera that shows a video file, and the app's server, for tests and for benchmarks/app.py."""

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mien.recognition.detection import FaceDetector
from mien.recognition.pictures import read_picture
from mien.server.serving import AppServer

ROOT = Path(__file__).parents[2]
FRAME = (640, 480)
# A busy machine is no failure: a step may take this long, in milliseconds.
PATIENCE = 180_000


def program() -> str | None:
    """Chromium's place on this machine; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(driver: Any, camera: Path) -> Any:
    """A browser of Playwright's `driver`, whose camera shows `camera` again and again."""
    options = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    if sys.platform == "linux" and os.geteuid() == 0:
        options.append("--no-sandbox")
    return driver.chromium.launch(executable_path=program(), args=options)


@contextmanager
def serving(app: Path, models: Path, own: Path | None = None) -> Iterator[AppServer]:
    """The app's server on a free port, until the block ends; with a user's own model, if there is one."""
    with AppServer(app, models, 0, own=own) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def on_canvas(picture: np.ndarray, side: int, left: int) -> np.ndarray:
    """A camera's picture uint8 RGB [480, 640, 3]: a square picture at some size and place on a dark ground."""
    canvas = np.full((FRAME[1], FRAME[0], 3), 40, np.uint8)
    canvas[:side, left : left + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return canvas


def crowd(count: int) -> np.ndarray:
    """A camera's picture uint8 RGB [480, 640, 3] of 1 to 6 people in up to two rows, their faces of one size."""
    side = 213 if count > 1 else 480
    canvas = np.full((FRAME[1], FRAME[0], 3), 40, np.uint8)
    people = sorted((ROOT / "examples").glob("*.jpg"))
    for i in range(count):
        picture = read_picture(people[i % len(people)])
        box = FaceDetector().detect(picture)[0].box
        middle, half = np.array([box.left + box.right, box.top + box.bottom]) / 2, max(box.width, box.height)
        scale = side / (2 * half)
        top, left = 240 * (i // 3), side * (i % 3)
        turn = np.array([[scale, 0, side / 2 - scale * middle[0]], [0, scale, side / 2 - scale * middle[1]]])
        canvas[top : top + side, left : left + side] = cv2.warpAffine(
            picture, turn, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
        )
    return canvas


def masked(picture: np.ndarray) -> np.ndarray:
    """The picture with the lower half of its largest face behind a dark cloth."""
    box = FaceDetector().detect(picture)[0].box
    covered = picture.copy()
    middle, margin = round((box.top + box.bottom) / 2), round(box.width * 0.2)
    covered[middle : round(box.bottom) + margin, round(box.left) - margin : round(box.right) + margin] = 30
    return covered


def write_video(picture: np.ndarray, path: Path, tremble: float = 2) -> Path:
    """A camera's picture as a video in which it trembles by some pixels, as in a hand."""
    frames = []
    for step in range(12):
        across, down = tremble * np.sin(step * np.pi / 6), tremble * np.cos(step * np.pi / 6)
        shift = np.array([[1, 0, across], [0, 1, down]])
        frames.append(cv2.warpAffine(picture, shift, FRAME, borderMode=cv2.BORDER_REPLICATE))
    return write_frames(frames, path)


def write_frames(frames: list[np.ndarray], path: Path) -> Path:
    """Frames uint8 RGB [480, 640, 3] as a video of 30 a second, in a form that Chromium's camera can show."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{FRAME[0]} H{FRAME[1]} F30:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path
