"""Squares of a picture as the face detector's networks see them: upright, of any size, sampled without aliasing.

A picture is halved until a network's pixel spans one to two of its pixels; there the view is interpolated bilinearly.
NumPy alone does it, about as fast as a library of image processing would: the sums run along whole rows, where NumPy
works on many bytes at once.
"""

import math
import threading
from dataclasses import replace

import numpy as np

from mien.recognition.faces import Square

GREY = 128
"""What stands outside the picture; the networks see it as zero, as at the border of their own convolutions."""
LARGE = 2560
"""A picture with a longer side is quartered at once, which takes half the time of halving it twice. The values are then
rounded once instead of twice, so they may differ from twice halved ones by one grey level."""
TOGETHER = 2**18
"""Rows are summed together up to this many values: they stay in the processor's cache."""

STRIP, TURNED_STRIP = 32, 128
"""Rows of a view that are made together, for the same reason; a turned one takes less memory a row."""


class Pyramid:
    """A picture and its halves, quarters and so on, each made when a view first needs it.

    Several threads may ask for views at the same time.

    Args:
        picture: uint8 RGB [H, W, 3].
        smallest: halving stops when the longer side would fall below this, in pixels.
    """

    def __init__(self, picture: np.ndarray, smallest: int) -> None:
        self._levels = {0: np.ascontiguousarray(picture)}
        self._making = threading.RLock()
        self._large = max(picture.shape[:2]) > LARGE
        self._last = max(int(math.log2(max(picture.shape[:2]) / smallest)), 0)

    @property
    def picture(self) -> np.ndarray:
        """The picture as given, uint8 RGB [H, W, 3]."""
        return self._levels[0]

    def view(self, square: Square, size: int) -> np.ndarray:
        """A square of the picture, upright, `GREY` where it reaches beyond the picture.

        Args:
            square: in the picture's pixels.
            size: side of the view in pixels.

        Returns:
            float32 [size, size, 3] in [-1, 1]: grey levels as whole numbers, less 127.5, over 127.5.
        """
        level = min(max(int(math.log2(square.side / size)), 0), self._last)
        quarters = round(square.roll / (math.pi / 2))
        if abs(square.roll - quarters * math.pi / 2) < 1e-9:
            values = np.rot90(self._sampled(level, replace(square, roll=0.0), size), quarters)
        else:
            values = self._sampled(level, square, size)
        np.rint(values, out=values)
        values -= np.float32(127.5)
        values /= np.float32(127.5)
        return values

    def _sampled(self, level: int, square: Square, size: int) -> np.ndarray:
        """The view in grey levels, float32 [size, size, 3]."""
        scale, half = square.side / size / 2**level, (size - 1) / 2
        cos, sin = math.cos(square.roll) * scale, math.sin(square.roll) * scale
        left = square.x / 2**level - 0.5 - half * (cos - sin)  # the level's first pixel has its centre at (0, 0)
        top = square.y / 2**level - 0.5 - half * (sin + cos)
        # in float32, as every client does it: values are often exact halves, and a grey level may move a box
        step = np.arange(size)
        across, aside = np.float32(cos) * step, np.float32(sin) * step
        if square.roll:
            rows_x, rows_y = (left - aside).astype(np.float32), (top + across).astype(np.float32)
            return self._turned(level, rows_x[:, None] + across, rows_y[:, None] + aside)
        return self._upright(level, np.float32(left) + across, np.float32(top) + across)

    def _upright(self, level: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Columns at x [n], rows at y [n]: rows first, then columns, which is half the work of `_turned`."""
        height, width = self._extents(level)
        columns, right = _split(x, width)
        rows, down = _split(y, height)
        part = self._part(level, rows[0], rows[-1] + 2, columns[0], columns[-1] + 2)
        part = part.reshape(len(part), -1)
        rows -= rows[0]
        indices = ((columns - columns[0])[:, None] * 3 + np.arange(3)).ravel()
        right, down = right.repeat(3), down[:, None]
        result = np.empty((len(rows), len(indices)), np.float32)
        for row in range(0, len(rows), STRIP):
            strip = np.s_[row : row + STRIP]
            upper, lower = part[rows[strip]].astype(np.float32), part[rows[strip] + 1].astype(np.float32)
            values = _between(upper, lower, down[strip])
            result[strip] = _between(values.take(indices, axis=1), values[:, 3:].take(indices, axis=1), right)
        return result.reshape(len(rows), len(columns), 3)

    def _turned(self, level: int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Pixels at x, y [n, n]."""
        height, width = self._extents(level)
        (left, right), _ = _split(np.array([x.min(), x.max()]), width)
        (top, bottom), _ = _split(np.array([y.min(), y.max()]), height)
        part = self._part(level, top, bottom + 2, left, right + 2)
        below = 3 * part.shape[1]
        pixels = part.ravel()
        result = np.empty((*x.shape, 3), np.float32)
        for row in range(0, len(x), TURNED_STRIP):
            columns, across = _split(x[row : row + TURNED_STRIP], width)
            rows, down = _split(y[row : row + TURNED_STRIP], height)
            indices = (rows - top) * below + (columns - left) * 3
            for channel in range(3):
                corners = (pixels[channel + offset :].take(indices) for offset in (0, 3, below, below + 3))
                first, second, third, fourth = (corner.astype(np.float32) for corner in corners)
                values = _between(_between(first, second, across), _between(third, fourth, across), down)
                result[row : row + TURNED_STRIP, :, channel] = values
        return result

    def _extents(self, level: int) -> tuple[int, int]:
        height, width = self._levels[0].shape[:2]
        return max(height >> level, 1), max(width >> level, 1)

    def _part(self, level: int, top: int, bottom: int, left: int, right: int) -> np.ndarray:
        """Rows and columns of a level, uint8; they may lie beyond the picture."""
        height, width = self._extents(level)
        inner_top, inner_bottom = min(max(top, 0), height), min(max(bottom, 0), height)
        inner_left, inner_right = min(max(left, 0), width), min(max(right, 0), width)
        inside = self._inside(level, inner_top, inner_bottom, inner_left, inner_right)
        if inside.shape[:2] == (bottom - top, right - left):
            return inside
        part = np.full((bottom - top, right - left, 3), GREY, np.uint8)
        part[inner_top - top : inner_bottom - top, inner_left - left : inner_right - left] = inside
        return part

    def _inside(self, level: int, top: int, bottom: int, left: int, right: int) -> np.ndarray:
        if level == 1 and self._large:  # of the halves only what is asked for: the views need little of them
            return shrunk(self._levels[0][2 * top : 2 * bottom, 2 * left : 2 * right], 2)
        return self._level(level)[top:bottom, left:right]

    def _level(self, level: int) -> np.ndarray:
        with self._making:  # each once: the others wait for it
            if level not in self._levels:
                at_once = level == 2 and self._large
                self._levels[level] = shrunk(self._levels[0], 4) if at_once else shrunk(self._level(level - 1), 2)
            return self._levels[level]


def shrunk(picture: np.ndarray, times: int) -> np.ndarray:
    """A smaller picture, each pixel the mean of times x times, rounded, halves up; what is left over at the end is cut.

    A side shorter than `times` becomes one pixel.

    Args:
        picture: uint8 [H, W, 3].
        times: 2 or 4.

    Returns:
        uint8 [max(H // times, 1), max(W // times, 1), 3].
    """
    lacking = [max(times - extent, 0) for extent in picture.shape[:2]]
    if any(lacking):
        picture = np.pad(picture, ((0, lacking[0]), (0, lacking[1]), (0, 0)), mode="edge")
    height, width = picture.shape[0] // times, picture.shape[1] // times
    result = np.empty((height, width, 3), np.uint8)
    half, bits = np.uint16(times * times // 2), np.uint16(2 * int(math.log2(times)))
    together = max(1, TOGETHER // (3 * picture.shape[1]))
    sums, moved = np.empty((2, together, 3 * picture.shape[1]), np.uint16)  # sums are at most 16 * 255
    for row in range(0, height, together):
        rows = picture[row * times : min(row + together, height) * times]
        count = len(rows) // times
        rows.reshape(count, times, -1).sum(axis=1, dtype=np.uint16, out=sums[:count])
        length, step = sums.shape[1], 3
        while step < 3 * times:  # each value with that of the next pixel, then with that two pixels on
            length -= step
            np.add(sums[:count, :length], sums[:count, step : step + length], out=moved[:count, :length])
            sums, moved = moved, sums
            step *= 2
        sums[:count, :length] += half
        sums[:count, :length] >>= bits
        for channel in range(3):
            result[row : row + count, :, channel] = sums[:count, channel : length : 3 * times]
    return result


def _split(indices: np.ndarray, extent: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels before indices, int, and how far on the indices lie, float32; all is grey from -1 and `extent` on."""
    indices = indices.astype(np.float32).clip(-1, extent)
    whole = np.floor(indices)
    return whole.astype(np.intp), indices - whole


def _between(first: np.ndarray, second: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    """The interpolation first + fraction * (second - first), in their own memory."""
    second -= first
    second *= fraction
    first += second
    return first
