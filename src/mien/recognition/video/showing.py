"""Turn decoded frames into pictures as a player shows them: right colours, square pixels, upright, no combing.

FFmpeg's own filters do the work, as in its command line: the colour matrix and range that a frame states are followed.
"""

import math
import struct
from collections import deque
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from mien.recognition.extra import load
from mien.recognition.pictures import MOST_PIXELS

STRANGEST = 8
"""Pixels more than this times as wide as high, or as high as wide, are a mistake in the file and taken as square."""


class Showing:
    """Makes RGB pictures of one video's frames, whose size and kind may change between them."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()

    def show(self, frame: Any, shape: Fraction | None) -> np.ndarray:
        """A frame as it is meant to be seen.

        Args:
            frame: A decoded frame of PyAV.
            shape: Width of a pixel over its height, None or 0 where the video does not say.

        Returns:
            uint8 RGB [H, W, 3]. Pixels that are not square are stretched, the shorter way so that none is lost.
        """
        width, height = square_size(frame.width, frame.height, shape)
        key = (
            frame.width,
            frame.height,
            frame.format.name,
            int(frame.colorspace),
            int(frame.color_range),
            width,
            height,
        )
        if key != self._key:
            self._graph = FilterGraph(frame, [("scale", f"{width}:{height}"), ("format", "pix_fmts=rgb24")])
            self._key = key
        (picture,) = self._graph.push(frame)
        # what is RGB already goes through unchanged, and the decoder may need it for the pictures after it
        pixels = picture.to_ndarray() if frame.format.name == "rgb24" else _own_pixels(picture)
        return turned(pixels, display_matrix(frame))


def _own_pixels(picture: Any) -> np.ndarray:
    """uint8 RGB [H, W, 3] of a frame of PyAV that nobody else uses: its own memory where that has no gaps, else a copy.

    FFmpeg uses the memory again for a later frame once the array is gone, which spares the system the handing out of
    new memory for every frame.
    """
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(picture.height, plane.line_size)
    return np.ascontiguousarray(rows[:, : 3 * picture.width]).reshape(picture.height, picture.width, 3)


class PixelShape:
    """The shape of a stream's pixels, which may change in the middle.

    The container's word counts, else the codec's. The decoder tells a new shape before it has given out the last frames
    of the old one, so the new one begins with the key frame that brought it.
    """

    def __init__(self, stream: Any) -> None:
        self._codec = stream.codec_context
        self._shape = stream.sample_aspect_ratio
        self._told = self._codec.sample_aspect_ratio
        self._by_codec = self._shape == self._told
        self._keys: deque[float] = deque()
        self._last = -math.inf
        self._from = math.inf

    def sent(self, packet: Any) -> None:
        """Note a packet that goes into the decoder.

        Args:
            packet: PyAV's.
        """
        if packet.is_keyframe and packet.pts is not None:
            self._keys.append(float(packet.pts * packet.time_base))

    def of(self, frame: Any) -> Fraction | None:
        """The shape of the pixels of the next frame that came out of the decoder.

        Args:
            frame: PyAV's.

        Returns:
            Width over height; None where nothing is said.
        """
        now = math.inf if frame.pts is None else float(frame.pts * frame.time_base)
        while self._keys and self._keys[0] <= self._last:
            self._keys.popleft()
        told = self._codec.sample_aspect_ratio
        if self._by_codec and told != self._told:
            self._told, self._from = told, min(self._keys, default=now)
        if now >= self._from:
            self._shape = self._told
        self._last = now
        return self._shape


class Deinterlacer:
    """Lets progressive frames through and fills in the missing lines of interlaced ones; their number and times stay.

    Attributes:
        seen: Whether there was an interlaced frame.
    """

    def __init__(self) -> None:
        self.seen = False
        self._key: tuple[Any, ...] = ()
        self._graph: FilterGraph | None = None

    def take(self, frame: Any) -> list[Any]:
        """Take the next frame.

        Args:
            frame: PyAV's; None says that there are no more.

        Returns:
            The frames that are ready now, none or several.
        """
        if frame is None:
            return self._drain()
        if not self.seen and not frame.interlaced_frame:
            return [frame]
        self.seen = True
        key = (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))
        ready = self._drain() if key != self._key else []
        if self._graph is None:
            self._key, self._graph = key, FilterGraph(frame, [("bwdif", "mode=send_frame:deint=interlaced")])
        return ready + self._graph.push(frame)

    def _drain(self) -> list[Any]:
        if self._graph is None:
            return []
        frames, self._graph = self._graph.push(None), None
        return frames


def square_size(width: int, height: int, shape: Fraction | None) -> tuple[int, int]:
    """The size of a picture in square pixels.

    Args:
        width: In its own pixels.
        height: In its own pixels.
        shape: Width over height of one of them; None for square ones.

    Returns:
        Width and height.
    """
    if not shape or not Fraction(1, STRANGEST) <= shape <= STRANGEST:
        return width, height
    wide, high = (round(width * shape), height) if shape > 1 else (width, round(height / shape))
    if wide * high > MOST_PIXELS:  # the longer side gives way instead
        return (width, round(height / shape)) if shape > 1 else (round(width * shape), height)
    return wide, high


def display_matrix(frame: Any) -> tuple[int, ...] | None:
    """The nine numbers that say how a frame is turned and mirrored.

    Args:
        frame: PyAV's.

    Returns:
        FFmpeg's, row by row, in fixed point; None where the frame is shown as it is.
    """
    data = frame.side_data.get("DISPLAYMATRIX")
    return None if data is None else struct.unpack("=9i", bytes(data)[:36])


def turned(pixels: np.ndarray, matrix: tuple[int, ...] | None) -> np.ndarray:
    """Turn and mirror a picture [H, W, 3] as a display matrix asks, to the nearest quarter turn.

    Args:
        pixels: [H, W, 3].
        matrix: As `display_matrix` gives it.

    Returns:
        [H, W, 3] or [W, H, 3].
    """
    if matrix is None:
        return pixels
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]  # x' = a x + c y, y' = b x + d y
    if abs(a) + abs(d) >= abs(b) + abs(c):
        flip_x, flip_y = a < 0, d < 0
    else:
        pixels = pixels.swapaxes(0, 1)
        flip_x, flip_y = c < 0, b < 0
    return np.ascontiguousarray(pixels[:: -1 if flip_y else 1, :: -1 if flip_x else 1])


class FilterGraph:
    """FFmpeg's filters in a row, for frames like this one."""

    def __init__(self, frame: Any, filters: list[tuple[str, str]]) -> None:
        self._graph = load("av.filter").Graph()  # its parts do not keep it alive
        base = frame.time_base or Fraction(1, 1000)
        self._entry = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=base
        )
        nodes = [self._entry, *(self._graph.add(*item) for item in filters), self._graph.add("buffersink")]
        for one, following in pairwise(nodes):
            one.link_to(following)
        self._graph.configure()
        self._end = nodes[-1]

    def push(self, frame: Any) -> list[Any]:
        """Put a frame in.

        Args:
            frame: PyAV's; None for the end.

        Returns:
            The frames that come out.
        """
        self._entry.push(frame)
        frames = []
        while True:
            try:
                frames.append(self._end.pull())
            except (BlockingIOError, EOFError):  # PyAV's errors are Python's too
                return frames
