"""A video with the faces drawn in, as H.264 in MP4, with the sound and the times of the original.

The file is fragmented while it grows, so that an end at any moment leaves a video that plays, and is made a plain MP4
when it closes in order.
"""

import math
import os
import struct
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from mien.errors import StorageError
from mien.names import draft_name
from mien.recognition.drawing import annotate
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.storage import refused

CLOCK = Fraction(1, 90_000)
"""The unit of times where the source has none of its own, in seconds."""
COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""Sound that MP4 holds as it is; all other becomes AAC."""
QUALITY = "20"
"""x264's constant rate factor: hardly to be told from the original."""


class AnnotatedVideo:
    """A sink that writes every frame with its faces drawn on it.

    path: ends in .mp4; sound: the file whose sound goes along, or None. Needs PyAV with libx264, which its wheels have.
    """

    def __init__(self, path: Path, sound: str | Path | None = None, show_map: bool = False) -> None:
        self._av = load("av")
        self.path, self._show_map = path, show_map
        self._draft = path.with_name(draft_name(path.stem, ".draft.mp4"))
        self._sound = _Sound(self._av, sound) if sound is not None else None
        self._output: Any = None
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> None:
        drawn = _even(annotate(frame.pixels, frame.faces, self._show_map))
        assert frame.time is not None, "only a video's frames have a time"
        try:
            if self._output is None:
                self._start(drawn)
            picture = self._av.VideoFrame.from_ndarray(drawn, format="rgb24")
            # a clock that stands still or jumps back is one that players refuse
            self._last = max(round(frame.time / CLOCK), self._last + 1)
            picture.pts, picture.time_base = self._last, CLOCK
            if self._sound is not None:
                self._sound.copy_until(self._output, frame.time)
            self._output.mux(self._stream.encode(picture))
        except (OSError, self._av.FFmpegError) as error:
            raise self._refused(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._output is not None:
                self._finish(cut_short=error is not None)
        except (OSError, self._av.FFmpegError) as refusal:
            if error is None:
                raise self._refused(refusal) from refusal
        finally:
            if self._sound is not None:
                self._sound.close()

    def _finish(self, cut_short: bool) -> None:
        try:
            self._output.mux(self._stream.encode(None))
            if self._sound is not None and not cut_short:
                self._sound.copy_until(self._output, math.inf)
        finally:
            try:
                self._output.close()
            finally:
                self._disk.close()
                self._draft.replace(self.path)

    def _start(self, drawn: np.ndarray) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._disk = _Disk(self._draft)
        self._output = self._av.open(
            self._disk,
            "w",
            format="mp4",
            options={"movflags": "hybrid_fragmented+delay_moov", "frag_duration": "2000000"},
        )
        self._stream = self._output.add_stream("libx264", options={"preset": "veryfast", "crf": QUALITY})
        self._stream.height, self._stream.width = drawn.shape[:2]
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = CLOCK
        if self._sound is not None:
            self._sound.add_to(self._output)

    def _refused(self, error: Exception) -> StorageError:
        if isinstance(error, OSError):
            return refused(self.path, error)
        return StorageError(f"cannot write {self.path}: {getattr(error, 'strerror', None) or error}")


class _Disk:
    """The file on disk. Once a write is refused it takes no more, and keeps the whole fragments that it has.

    Without it the end that FFmpeg always writes would spoil what stands on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb+", buffering=0)
        self._refused = False

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest and not self._refused:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._refused = True
            raise
        return len(data)

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self._refused:
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


class _Sound:
    """The first sound track of a file, handed on as far as the pictures are."""

    def __init__(self, av: Any, source: str | Path) -> None:
        self._av = av
        self._input = av.open(str(source))
        streams = self._input.streams.audio
        self._packets = self._input.demux(streams[0]) if streams else iter(())
        self._from = streams[0] if streams else None
        self._copied = self._from is not None and self._from.codec_context.name in COPIED
        self._to: Any = None
        self._next: Any = None

    def add_to(self, output: Any) -> None:
        if self._from is None:
            return
        if self._copied:
            self._to = output.add_stream_from_template(self._from)
        else:
            self._to = output.add_stream("aac", rate=self._from.codec_context.sample_rate)
            self._to.codec_context.layout = "mono" if self._from.codec_context.channels == 1 else "stereo"

    def copy_until(self, output: Any, time: float) -> None:
        """Hand on the packets that start before `time` in seconds."""
        while self._to is not None:
            if self._next is None:
                self._next = self._read()
            packet = self._next
            if packet is None:
                if not self._copied:
                    output.mux(self._to.encode(None))
                self._to = None
                return
            if packet.pts is not None and float(packet.pts * packet.time_base) > time:
                return
            self._next = None
            if self._copied:
                packet.stream = self._to
                output.mux(packet)
                continue
            for frame in packet.decode():
                output.mux(self._to.encode(frame))

    def close(self) -> None:
        self._input.close()

    def _read(self) -> Any:
        try:
            return next((packet for packet in self._packets if packet.size), None)
        except self._av.FFmpegError:  # damaged sound ends; the pictures go on
            return None


def _even(pixels: np.ndarray) -> np.ndarray:
    """Sides that 4:2:0 colour can have: the last row or column is repeated where a side is odd."""
    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return pixels
