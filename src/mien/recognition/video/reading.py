"""Decode a video file: upright pictures with the times at which they are shown, in constant memory."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import MissingExtraError, VideoError
from mien.recognition.extra import load
from mien.recognition.file_types import PLAYLIST_SUFFIXES, VIDEO_SUFFIXES, FileType, file_type_of
from mien.recognition.pictures import MOST_PIXELS
from mien.recognition.video.clock import Clock, Joints
from mien.recognition.video.opening import MAY_JUMP, has_frames, is_address, open_container, reason, video_stream
from mien.recognition.video.showing import Deinterlacer, PixelShape, Showing

CLOCKLESS = frozenset(
    {"mjpeg", "mpjpeg", "jpeg_pipe", "h261", "h263", "h264", "hevc", "m4v", "mpegvideo", "obu", "vvc"}
)
"""FFmpeg's names of what is a bare row of pictures, to which it gives 25 frames a second or none."""
MOST_SENT = 64
"""No decoder holds back more pictures than this."""
CUT_OFF = 0.05
"""A file that ends this part of its stated length too early, and a second, is cut off."""


@dataclass(frozen=True)
class DecodedFrame:
    """A decoded frame.

    Attributes:
        number: From 0.
        time: In seconds on the video's own clock.
        pixels: uint8 RGB [H, W, 3], upright.
    """

    number: int
    time: float
    pixels: np.ndarray


class VideoFile:
    """A video's frames, read once from first to last.

    Times are the container's own presentation times: what ffprobe calls pts_time. A video whose clock starts at 1.4 s
    has its first frame at 1.4 s. They rise: where the clock jumps, stands still or is missing, they go on from the
    frame before, and `notes` says so. What comes over the network without a clock has the times of its arrival.

    Pictures are as a player shows them: square pixels, turned and mirrored as the file asks, in the colours it states,
    interlaced ones filled in. Their size may change where the video's does.

    Args:
        path: A file, or an address such as https://host/path.

    Raises:
        VideoError: It is no video or cannot be opened. Where parts cannot be decoded or the end is missing, the frames
            that are there come all the same, and after the last one `problem` says what was wrong.
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
        self._format = self._container.format.name
        self._clockless = self._format in CLOCKLESS
        self._arrivals = is_address(path) and (self.live or self._clockless)
        self.live = self._arrivals
        self._shape = PixelShape(self._stream)
        self._joints = Joints(bool(self._format in MAY_JUMP))
        self._deinterlacer = Deinterlacer()
        # AVI does not say when a picture is shown: they leave the decoder in order, one for each packet that went in
        self._sent: deque[int] = deque(maxlen=MOST_SENT)
        self._first: int | None = None
        self._damaged = 0
        self.problem: VideoError | None = None
        self.notes: list[str] = []

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

    def __iter__(self) -> Iterator[DecodedFrame]:
        clock = Clock(0.0 if self._arrivals else self.start, float(1 / (self.frame_rate or 25)), self._arrivals)
        showing = Showing()
        number, last = 0, None
        for frame in self._shown():
            time = clock.time(self._stated(frame))
            try:
                pixels = showing.show(frame, self._shape.of(frame))
            except self._av.FFmpegError:
                self._damaged += 1
                continue
            yield DecodedFrame(number, time, pixels)
            number, last = number + 1, time
        self._take_notes(clock, number)
        if self.problem is None:
            self.problem = self._judge(last)

    def _shown(self) -> Iterator[Any]:
        """The frames that are shown, in order; broken ones are counted and shown as far as they are decoded."""
        for frame in self._decoded():
            self._damaged += bool(frame.is_corrupt)
            yield from self._deinterlacer.take(frame)
        yield from self._deinterlacer.take(None)

    def _decoded(self) -> Iterator[Any]:
        """Frames as the decoder gives them out; what cannot be decoded is counted and passed over."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except self._av.FFmpegError as error:
                if isinstance(error, OSError) and not isinstance(error, ValueError):
                    self.problem = VideoError(f"{self.source}: cannot be read on ({reason(error)})")
                self._damaged += self._format != "mpjpeg"  # of which FFmpeg does not know the end
                return
            if packet is None:
                return
            if not packet.size and packet.dts is not None:
                continue  # the picture before stays; to the decoder it would mean the end
            self._joints.move(packet)
            self._shape.sent(packet)
            if packet.dts is not None:
                self._sent.append(packet.dts)
            try:
                frames = packet.decode()
            except self._av.FFmpegError:
                self._damaged += 1
                if self._sent:
                    self._sent.pop()
                continue
            yield from frames

    def _stated(self, frame: Any) -> float | None:
        """A frame's time as the container states it, None where it does not."""
        if self._arrivals and self._clockless:
            return None
        if self._format == "avi":
            if not self._sent:
                return None
            stamp = self._sent.popleft()
            self._first = stamp if self._first is None else self._first
            return self.start + float((stamp - self._first) * self._stream.time_base)
        return None if frame.pts is None or not frame.time_base else float(frame.pts * frame.time_base)

    def _take_notes(self, clock: Clock, frames: int) -> None:
        jumps = self._joints.jumps
        if jumps:
            where = f"at {jumps[0]:.1f} s" if len(jumps) == 1 else f"{len(jumps)} times, first at {jumps[0]:.1f} s"
            self.notes.append(f"{self.source}: its clock jumps {where}; the times given go on rising from there")
        if clock.invented > (2 if frames > 2 else frames):
            how = "the time of their arrival" if self._arrivals else f"{1 / clock.step:.4g} frames a second"
            some = "its frames have" if clock.invented >= frames - 1 else f"{clock.invented} of {frames} frames have"
            self.notes.append(f"{self.source}: {some} no usable time; {how} is taken")
        elif self._clockless:
            self.notes.append(f"{self.source}: it has no clock; {1 / clock.step:.4g} frames a second is taken")
        if self._deinterlacer.seen:
            self.notes.append(f"{self.source}: interlaced; the missing lines of each picture were filled in")

    def _judge(self, last: float | None) -> VideoError | None:
        """What was wrong with a file whose last frame was shown at `last`."""
        if last is None:
            return VideoError(f"{self.source}: no frame of it can be decoded")
        if self.duration is not None and not self._joints.jumps:
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
            return path.suffix.lower() in VIDEO_SUFFIXES | PLAYLIST_SUFFIXES and not path.is_dir()
        kind = file_type_of(path)
        if kind in (FileType.PICTURE, FileType.PLAYLIST, FileType.NOTES):
            return False
        if kind is FileType.ANIMATION:
            return True
        return has_frames(path)
    except MissingExtraError:
        return kind is not FileType.OTHER
    except OSError:
        return False
