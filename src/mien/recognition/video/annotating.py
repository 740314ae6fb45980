"""A video with the faces drawn in, as H.264 in MP4, with the sound and the times of the original.

The file is fragmented while it grows, so that an end at any moment leaves a video that plays, and is made a plain MP4
when it closes in order (with FFmpeg 8.1 and later).
"""

import errno
import math
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

from mien.errors import StorageError
from mien.names import draft_name
from mien.recognition.drawing import annotate
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.video.showing import FilterGraph
from mien.recognition.video.sound import Sound, mp4_options
from mien.storage import refused

CLOCK = Fraction(1, 90_000)
"""The unit of times where the source has none of its own, in seconds."""
QUALITY = "20"
"""x264's constant rate factor: hardly to be told from the original."""
MARKS = {"x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=off"}
"""What the stream says of its colours."""


class AnnotatedVideo:
    """A sink that writes every frame with its faces drawn on it.

    The copy's pixels are square, at the size at which the original is shown; where a frame's size differs from the
    first one's, it is fitted into it. Colours are BT.709 and marked so. Sound that cannot go along never ends the
    pictures: `notes` says so in one line. Once a write failed, what was written plays, and closing raises nothing more.

    Args:
        path: Where the copy goes; ends in .mp4.
        sound: The file whose sound goes along, or None.
        show_map: Whether to draw where in the face the expression was seen.

    Raises:
        StorageError: By `write` and at the end, where the disk or the encoder refuses.
    """

    def __init__(self, path: Path, sound: str | Path | None = None, show_map: bool = False) -> None:
        self._av = load("av")
        self.path, self._show_map = path, show_map
        self._draft = path.with_name(draft_name(path.stem, ".draft.mp4"))
        self._sound = Sound(sound) if sound is not None else None
        self._output: Any = None
        self._disk: _Disk | None = None
        self._colours: FilterGraph | None = None
        self._last: int | None = None
        self._failed = False

    @property
    def notes(self) -> list[str]:
        """A line for each thing that the copy lacks."""
        return [self._sound.note] if self._sound is not None and self._sound.note else []

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        """Draw the faces on a frame and append it.

        Args:
            frame: The next one; it has a time.

        Raises:
            StorageError: The disk or the encoder refuses, now or before.
        """
        assert frame.time is not None, "only a video's frames have a time"
        if self._failed:
            raise StorageError(f"cannot write {self.path}: writing it failed before")
        drawn = annotate(frame.pixels, frame.faces, self._show_map)
        with self._refusing():
            if self._output is None:
                self._start(drawn)
            picture = self._picture(drawn)
            time = round(frame.time / CLOCK)
            # a clock that stands still or jumps back is one that players refuse
            self._last = time if self._last is None else max(time, self._last + 1)
            picture.pts, picture.time_base = self._last, CLOCK
            self._write_sound(frame.time)
            self._output.mux(self._stream.encode(picture))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            with suppress(StorageError) if self._failed or error is not None else nullcontext(), self._refusing():
                self._finish(cut_short=self._failed or error is not None)
        finally:
            if self._sound is not None:
                self._sound.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Make one line of whatever the disk and FFmpeg refuse with."""
        try:
            yield
        except (OSError, ValueError, self._av.FFmpegError) as error:
            self._failed = True
            if isinstance(error, OSError) and error.errno is not None:
                raise refused(self.path, error) from error
            raise StorageError(f"cannot write {self.path}: {getattr(error, 'strerror', None) or error}") from error

    def _finish(self, cut_short: bool) -> None:
        steps: list[Callable[[], object]] = []
        if self._output is not None:
            steps = [lambda: self._output.mux(self._stream.encode(None)), self._output.close]
            if not cut_short:
                steps.insert(1, lambda: self._write_sound(math.inf))
        if self._disk is not None:
            steps += [self._disk.close, lambda: self._draft.replace(self.path)]
        with ExitStack() as stack:  # each is done whatever becomes of those before it
            for step in reversed(steps):
                stack.callback(step)

    def _start(self, drawn: np.ndarray) -> None:
        if self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._disk = _Disk(self._draft)
        output = self._av.open(self._disk, "w", format="mp4", options=mp4_options())
        self._stream = output.add_stream("libx264", options={"preset": "veryfast", "crf": QUALITY, **MARKS})
        height, width = drawn.shape[:2]
        self._stream.height, self._stream.width = height + height % 2, width + width % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = CLOCK
        if self._sound is not None:
            self._sound.add_to(output)
        self._output = output

    def _picture(self, drawn: np.ndarray) -> Any:
        """The drawn frame as the encoder takes it: of the copy's size, in BT.709."""
        drawn = fitted(drawn, self._stream.height, self._stream.width)
        picture = self._av.VideoFrame.from_numpy_buffer(drawn, format="rgb24")  # no copy
        if self._colours is None:
            filters = [("scale", "out_color_matrix=bt709:out_range=tv"), ("format", "yuv420p")]
            self._colours = FilterGraph(picture, filters)
        return self._colours.push(picture)[0]

    def _write_sound(self, time: float) -> None:
        if self._sound is None:
            return
        for packet in self._sound.until(time):
            try:
                self._output.mux(packet)
            except (self._av.FFmpegError, ValueError) as error:
                if self._disk is None or self._disk.refused:
                    raise
                self._sound.leave_out(error)


class _Disk:
    """The file on disk. Once a write is refused it takes no more, and keeps the whole fragments that it has.

    Without it the end that FFmpeg always writes would spoil what stands on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb+", buffering=0)
        self.refused = False

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest and not self.refused:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self.refused = True
            raise
        return len(data)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self.refused:
            self._file.truncate(self._whole())
        self._file.close()

    def _whole(self) -> int:
        """Where the last whole fragment ends: MP4 is a row of boxes, each with its size and kind in front."""
        end, place, total = 0, 0, self._file.seek(0, os.SEEK_END)
        while place + 8 <= total:
            self._file.seek(place)
            size, kind = struct.unpack(">I4s", self._file.read(8))
            if size < 8 or place + size > total:
                break
            place += size
            if kind != b"moof":  # it is followed by its data
                end = place
        return end


def fitted(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fit a picture into a frame of another size: scaled, black beside it.

    One row or column less than the frame has is repeated instead: 4:2:0 colour needs even sides.

    Args:
        pixels: uint8 RGB [H, W, 3].
        height: The frame's, in pixels.
        width: The frame's, in pixels.

    Returns:
        uint8 RGB [height, width, 3].
    """
    high, wide = pixels.shape[:2]
    if (high, wide) == (height, width):
        return pixels
    if height - high in (0, 1) and width - wide in (0, 1):
        return np.pad(pixels, ((0, height - high), (0, width - wide), (0, 0)), mode="edge")
    scale = min(height / high, width / wide)
    high, wide = max(round(high * scale), 1), max(round(wide * scale), 1)
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - high) // 2, (width - wide) // 2
    scaled = Image.fromarray(pixels).resize((wide, high), Image.Resampling.BILINEAR)
    canvas[top : top + high, left : left + wide] = np.asarray(scaled)
    return canvas
