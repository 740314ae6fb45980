"""Cut a square from a picture and bring it to the model's size: the crop that every client makes alike.

The contract, for a square of centre (x, y), side s and turn t, and a crop of `size` pixels:

1. Each pixel becomes grey: luma = (77 R + 150 G + 29 B + 128) >> 8.
2. k = max(1, ceil(s / size)); a grid of n = k * size points a side lies over the square. In the square's own frame the
   point of column i and row j has u = ((i + 0.5) / n - 0.5) * s to the right and v, the same with j, down. In the
   picture it lies at (x + u cos t - v sin t, y + u sin t + v cos t).
3. The grey there is interpolated bilinearly between the centres of the four pixels around; beyond the outermost centres
   the picture's edge repeats.
4. A pixel of the crop is the mean over its k x k points, rounded, halves up.

The coordinates and the means are float arithmetic: two clients may differ by one grey level, not more. A library's own
warping is no substitute where it rounds positions, as some versions of OpenCV do to a 32nd of a pixel.
"""

import math

import numpy as np

from mien.recognition.faces import Square

SIZE = 48
"""Side of the crop in pixels, as the models expect it."""


BLOCK = 16384
"""Rows of the crop are made together up to this many points: they stay in the processor's cache."""


def luma(picture: np.ndarray) -> np.ndarray:
    """Turn a picture into grey: step 1 of the contract above.

    Args:
        picture: uint8 RGB [H, W, 3].

    Returns:
        uint8 [H, W].
    """
    red, green, blue = (picture[..., channel].astype(np.uint16) for channel in range(3))  # 8 bits would overflow
    grey = red * np.uint16(77)  # all together at most 256 * 255 + 128: it fits
    grey += green * np.uint16(150)
    grey += blue * np.uint16(29)
    grey += np.uint16(128)
    grey >>= np.uint16(8)
    return grey.astype(np.uint8)


def crop_picture(picture: np.ndarray, square: Square, size: int = SIZE) -> np.ndarray:
    """Crop a picture; its luma is made only where it is needed.

    Args:
        picture: uint8 RGB [H, W, 3].
        square: What to crop, in picture coordinates; it may lie partly or wholly outside the picture.
        size: Side of the crop in pixels.

    Returns:
        uint8 [size, size].
    """
    reach = square.side / 2 * (abs(math.cos(square.roll)) + abs(math.sin(square.roll))) + 1
    height, width = picture.shape[:2]
    left, right = _span(square.x, reach, width)
    top, bottom = _span(square.y, reach, height)
    part = Square(square.x - left, square.y - top, square.side, square.roll)
    return crop(luma(picture[top:bottom, left:right]), part, size)


def crop(grey: np.ndarray, square: Square, size: int = SIZE) -> np.ndarray:
    """Crop a grey picture: steps 2 to 4 of the contract above.

    Args:
        grey: uint8 [H, W].
        square: What to crop, in picture coordinates.
        size: Side of the crop in pixels.

    Returns:
        uint8 [size, size].
    """
    count = max(1, math.ceil(square.side / size))
    points = count * size
    along = ((np.arange(points) + 0.5) / points - 0.5) * square.side
    cos, sin = math.cos(square.roll), math.sin(square.roll)
    # half a pixel less: from here on the first pixel's centre is (0, 0)
    column_x = (square.x - 0.5 + along * cos).astype(np.float32)
    column_y = (square.y - 0.5 + along * sin).astype(np.float32)
    rows_x = (-along * sin).astype(np.float32).reshape(size, count, 1)
    rows_y = (along * cos).astype(np.float32).reshape(size, count, 1)

    height, width = grey.shape
    # one more row and column, so that the last pixel too has neighbours; their weight is then zero
    padded = np.empty((height + 1, width + 1), np.uint8)
    padded[:-1, :-1], padded[-1, :-1] = grey, grey[-1]
    padded[:, -1] = padded[:, -2]
    result = np.empty((size, size), np.float32)
    together = max(1, BLOCK // (count * points))
    for row in range(0, size, together):
        x = (column_x + rows_x[row : row + together]).clip(0, width - 1)
        y = (column_y + rows_y[row : row + together]).clip(0, height - 1)
        result[row : row + together] = _means(_bilinear(padded, x, y).reshape(-1, count, size, count))
    return np.floor(result + 0.5).astype(np.uint8)


def _means(values: np.ndarray) -> np.ndarray:
    """What `values.mean(axis=(1, 3))` gives of [rows, k, columns, k], to the last bit, in a fraction of its time.

    NumPy sums along the last axis first, value by value where these are fewer than eight, and with a call for each sum.
    """
    count = values.shape[1]
    sums = _sum([values[..., place] for place in range(count)]) if count < 8 else values.sum(axis=3)
    return _sum([sums[:, place] for place in range(count)]) / np.float32(count * count)


def _sum(parts: list[np.ndarray]) -> np.ndarray:
    total = parts[0].copy()
    for part in parts[1:]:
        total += part
    return total


def _bilinear(padded: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Float32 values at indices inside the picture; `padded` uint8 [H + 1, W + 1] repeats its last row and column."""
    columns, rows = x.astype(np.int32), y.astype(np.int32)
    x -= columns
    y -= rows
    width = padded.shape[1]
    rows *= np.int32(width)
    rows += columns
    indices = rows.astype(np.intp)  # once: `take` would do it each time
    pixels = padded.ravel()
    upper = pixels.take(indices).astype(np.float32)
    upper += x * (pixels[1:].take(indices) - upper)
    lower = pixels[width:].take(indices).astype(np.float32)
    lower += x * (pixels[width + 1 :].take(indices) - lower)
    lower -= upper
    lower *= y
    return upper + lower


def _span(centre: float, reach: float, extent: int) -> tuple[int, int]:
    """The pixels from `centre - reach` to `centre + reach` that a picture has, at least the one nearest to them."""
    start = min(max(math.floor(centre - reach), 0), extent - 1)
    return start, min(max(math.ceil(centre + reach), start + 1), extent)
