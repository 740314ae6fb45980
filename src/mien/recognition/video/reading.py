"""Decode a video file: upright pictures with the times at which they are shown, in constant memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import MissingExtraError, VideoError
from mien.recognition.extra import load
from mien.recognition.pictures import MOST_PIXELS
from mien.recognition.video.kinds import Kind, kind_of, looks_moving
from mien.recognition.video.opening import has_frames, open_container, reason, video_stream

_KINDS = "mp4 m4v mov qt mkv webm avi mpg mpeg ts mts m2ts wmv asf flv 3gp 3g2 ogv mxf vob dv y4m m3u8 mpd sdp ffconcat"
SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split())
CUT_OFF = 0.05
"""A file that ends this part of its stated length too early, and a second, is cut off."""


@dataclass(frozen=True)
class Shot:
    """A decoded frame: number from 0, time in seconds on the video's own clock, pixels uint8 RGB [H, W, 3], upright."""

    number: int
    time: float
    pixels: np.ndarray


class VideoFile:
    """A video's shots, read once from first to last.

    Times are the container's own presentation times: what ffprobe calls pts_time. A video whose clock starts at 1.4 s
    has its first frame at 1.4 s. A phone's rotation flag is followed.

    Raises VideoError for a file that is no video or cannot be opened. Where parts of it cannot be decoded or its end is
    missing, the shots that are there come all the same, and after the last one `problem` says what was wrong.
    """

    live = False

    def __init__(self, path: str | Path) -> None:
        self.source: str | Path = path
        self._av = load("av")
        self._container = open_container(path)
        try:
            self._stream = self._find_stream()
        except VideoError:
            self._container.close()
            raise
        self._stream.thread_type = "AUTO"
        self._damaged = 0
        self.problem: VideoError | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def start(self) -> float:
        """The time of the first frame as the container states it, in seconds."""
        if self._stream.start_time is None:
            return 0.0
        return float(self._stream.start_time * self._stream.time_base)

    @property
    def duration(self) -> float | None:
        """Seconds from the first frame to the end as the container states them, None where it does not."""
        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        if self._container.duration is None:
            return None
        whole = self._container.duration / self._av.time_base
        # Matroska states when it ends and not how long it is
        return float(whole - self.start if "matroska" in self._container.format.name else whole)

    @property
    def time_base(self) -> Fraction:
        """The video clock's unit in seconds."""
        return self._stream.time_base

    @property
    def frame_rate(self) -> Fraction | None:
        """Frames a second on average, as the container states them."""
        return self._stream.average_rate or self._stream.guessed_rate

    def __iter__(self) -> Iterator[Shot]:
        number, last = 0, None
        for frame in self._decoded():
            self._damaged += bool(frame.is_corrupt)
            time = self._time(frame, last)
            yield Shot(number, time, upright(frame.to_ndarray(format="rgb24"), frame.rotation))
            number, last = number + 1, time
        if self.problem is None:
            self.problem = self._judge(last)

    def _decoded(self) -> Iterator[Any]:
        """Frames as the decoder gives them out; what cannot be decoded is counted and passed over."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except self._av.FFmpegError as error:
                if isinstance(error, OSError) and not isinstance(error, ValueError):
                    self.problem = VideoError(f"{self.source}: cannot be read on ({reason(error)})")
                self._damaged += 1
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except self._av.FFmpegError:
                self._damaged += 1
                continue
            yield from frames

    def _time(self, frame: Any, last: float | None) -> float:
        if frame.pts is not None and frame.time_base:
            return float(frame.pts * frame.time_base)
        # no clock in this container: the frame rate's
        return self.start if last is None else last + float(1 / (self.frame_rate or 25))

    def _judge(self, last: float | None) -> VideoError | None:
        """What was wrong with a file whose last frame was shown at `last`."""
        if last is None:
            return VideoError(f"{self.source}: no frame of it can be decoded")
        if self.duration is not None:
            missing = self.start + self.duration - last
            if missing > max(1.0, CUT_OFF * self.duration):
                return VideoError(f"{self.source}: cut off: it ends at {last:.1f} s, {missing:.1f} s too early")
        if self._damaged:
            return VideoError(f"{self.source}: damaged in {self._damaged} places; the rest was read")
        return None

    def _find_stream(self) -> Any:
        stream = video_stream(self._container)
        if stream is None:
            raise VideoError(f"{self.source}: there is no video in it, only sound")
        if stream.width * stream.height > MOST_PIXELS:
            raise VideoError(f"{self.source}: frames of more than {MOST_PIXELS // 10**6} megapixels; make it smaller")
        return stream


def upright(pixels: np.ndarray, rotation: int) -> np.ndarray:
    """Turn a frame as its display matrix asks: `rotation` degrees counter-clockwise, to the nearest quarter turn."""
    quarters = round(rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, quarters)) if quarters else pixels


def holds_video(path: str | Path) -> bool:
    """Whether a file holds moving pictures, by its content and not by its name: a video, or an animated picture.

    Cheap: a few kilobytes are read, and where they do not tell, FFmpeg opens the file. Without the extra `video` the
    first bytes alone are judged.

    Args:
        path: The file. What is no regular file (a pipe, a device, nothing at all) is judged by its name's suffix.

    Returns:
        False for still pictures (a GIF of one frame too), sound (with or without a cover), text, folders, empty files
        and files that cannot be read.
    """
    path = Path(path)
    try:
        if not path.is_file():
            return path.suffix.lower() in SUFFIXES and not path.is_dir()
        kind = kind_of(path)
        if kind in (Kind.PICTURE, Kind.PLAYLIST):
            return False
        if kind is Kind.ANIMATION:
            return True
        return has_frames(path)
    except MissingExtraError:
        return kind is not Kind.OTHER or looks_moving(path)
    except OSError:
        return False
