"""Cameras and streams: frames as they come, the newest first in line; time counts from the first of them."""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import VideoError
from mien.recognition.extra import load
from mien.recognition.video.live_names import camera_number
from mien.recognition.video.reading import DecodedFrame, VideoFile

GONE = 2.0
"""A camera that gives no picture for this long, in seconds, has gone away."""


def open_live(source: str | Path) -> "Camera | Stream":
    """Open a camera or a live stream.

    Args:
        source: What `is_live` says yes to.

    Returns:
        Its frames, as they arrive.

    Raises:
        VideoError: Nothing is there.
        MissingExtraError: PyAV is not installed.
    """
    number = camera_number(source)
    return Stream(str(source)) if number is None else Camera(number)


class Camera:
    """A camera of this machine, by FFmpeg: Video4Linux, AVFoundation on macOS, DirectShow on Windows.

    Args:
        number: Which camera, 0 for the first.

    Raises:
        VideoError: There is none, or another program holds it.
        MissingExtraError: PyAV is not installed.
    """

    live = True

    def __init__(self, number: int = 0) -> None:
        self.source: str | Path = f"webcam:{number}"
        self.problem: VideoError | None = None
        self._av = load("av")
        try:
            name, system, options = self._device(number)
            self._container: Any = self._av.open(name, format=system, options=options)
            self._container.streams.video[0].thread_type = "NONE"  # no frame waits for the next ones
        except (OSError, ValueError, IndexError, self._av.FFmpegError) as error:
            raise VideoError(
                f"no camera {number}, or another program is using it; 'webcam:1' names the second, a file is no camera"
            ) from error

    def __iter__(self) -> Iterator[DecodedFrame]:
        start = seen = time.monotonic()
        number = 0
        while True:
            pictures = self._pictures()
            now = time.monotonic()
            for picture in pictures:
                yield DecodedFrame(number, now - start, picture)
                number, seen = number + 1, now
            if pictures:
                continue
            if now - seen > GONE:
                self.problem = VideoError(f"{self.source}: the camera gives no more pictures")
                return
            time.sleep(0.02)

    def close(self) -> None:
        """Let the camera go."""
        self._container.close()

    def _pictures(self) -> list[np.ndarray]:
        """What the camera gives now, uint8 RGB [H, W, 3]; nothing where it gives nothing yet, or something broken."""
        try:
            packet = next(self._container.demux(video=0))
            return [frame.to_ndarray(format="rgb24") for frame in packet.decode()]
        except (OSError, ValueError, StopIteration, self._av.FFmpegError):
            return []

    def _device(self, number: int) -> tuple[str, str, dict[str, str]]:
        """Its name, the system's way to cameras, and what that has to be told."""
        if sys.platform == "darwin":
            return f"{number}:none", "avfoundation", {"framerate": "30"}  # its own default, 29.97, few cameras have
        if sys.platform == "win32":
            if not hasattr(self._av, "enumerate_input_devices"):
                raise VideoError("this version of PyAV cannot name Windows' cameras: pip install --upgrade av")
            found = self._av.enumerate_input_devices("dshow")  # it knows them by their names alone
            cameras = [device for device in found if "video" in device.media_types]
            return f"video={cameras[number].name}", "dshow", {}
        return f"/dev/video{number}", "v4l2", {}


class Stream(VideoFile):
    """A live stream by its address, such as rtsp://host/path; it ends when the sender ends it.

    What is lost on the way is no problem of a stream, unless nothing comes.
    """

    live = True

    def __iter__(self) -> Iterator[DecodedFrame]:
        first: float | None = None
        for decoded in super().__iter__():
            first = decoded.time if first is None else first
            yield replace(decoded, time=decoded.time - first)

    def _judge(self, last: float | None) -> VideoError | None:
        return super()._judge(last) if last is None else None
