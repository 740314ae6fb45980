"""Cameras and streams: shots as they come, the newest first in line; time counts from the first of them."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from mien.errors import VideoError
from mien.recognition.video.reading import Shot, VideoFile

_CAMERA = re.compile(r"webcam(?::(\d+))?")
STREAMS = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "srt://", "udp://", "rtp://", "tcp://")
GONE = 2.0
"""A camera that gives no picture for this long, in seconds, has gone away."""


def is_live(source: str | Path) -> bool:
    """Whether this names a camera ("webcam", "webcam:1") or a live stream's address."""
    return _CAMERA.fullmatch(str(source)) is not None or str(source).startswith(STREAMS)


def open_live(source: str | Path) -> "Camera | Stream":
    """Open what `is_live` says yes to; raises VideoError where nothing is there."""
    match = _CAMERA.fullmatch(str(source))
    return Camera(int(match[1] or 0)) if match else Stream(str(source))


class Camera:
    """A camera of this machine, by OpenCV, which knows each system's own way to cameras.

    number: which camera, 0 for the first. Raises VideoError where there is none or another program holds it.
    """

    live = True

    def __init__(self, number: int = 0) -> None:
        self.source: str | Path = f"webcam:{number}"
        self.problem: VideoError | None = None
        logging = cv2.utils.logging
        level = logging.getLogLevel()
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # the one line below says it better
        try:
            self._capture: Any = cv2.VideoCapture(number)
        finally:
            logging.setLogLevel(level)
        if not self._capture.isOpened():
            raise VideoError(
                f"no camera {number}, or another program is using it; 'webcam:1' names the second, a file is no camera"
            )

    def __iter__(self) -> Iterator[Shot]:
        start = seen = time.monotonic()
        number = 0
        while True:
            given, picture = self._capture.read()
            now = time.monotonic()
            if given:
                yield Shot(number, now - start, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
                number, seen = number + 1, now
            elif now - seen > GONE:
                self.problem = VideoError(f"{self.source}: the camera gives no more pictures")
                return
            else:
                time.sleep(0.02)

    def close(self) -> None:
        self._capture.release()


class Stream(VideoFile):
    """A live stream by its address, such as rtsp://host/path; it ends when the sender ends it.

    What is lost on the way is no problem of a stream, unless nothing comes.
    """

    live = True

    def __iter__(self) -> Iterator[Shot]:
        first: float | None = None
        for shot in super().__iter__():
            first = shot.time if first is None else first
            yield replace(shot, time=shot.time - first)

    def _judge(self, last: float | None) -> VideoError | None:
        return super()._judge(last) if last is None else None
