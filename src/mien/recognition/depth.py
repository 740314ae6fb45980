"""Bring pictures whose values are not of 8 bits to 8 bits: by the bits that are in use, or by the values' range.

Cameras of 10, 12 and 14 bits store their values in files of 16 bits as they are, and a file does not say so: read by
the file's range such a picture is all but black. So the largest value chooses the range, among those that cameras have.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

CAMERAS = (8, 10, 12, 14, 16)
"""Bits a value, as cameras have them."""
LEAST_WHITE = 32
"""Floats beyond 1 and below this are no 8-bit values: these would be a black picture."""
OVERSHOOT = 0.1
"""What resampling and sharpening may add beyond a picture's range, as a part of it."""
OUTSIDE = 0.5
"""Percent of the values that may lie below, and above, a range that is measured."""

_OTHER_BYTE = {"B": "L", "L": "B", "N": "B"}
"""Where the low byte is, for a raw mode that reads the high one: big, little and native endian (which is little)."""
_WIDE = ("RGB", "RGBA", "RGBX", "CMYK")


def to_8_bits(values: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Bring values of any type to 8 bits.

    Args:
        values: Booleans, integers or floats, of any shape. What is not finite counts as 0.

    Returns:
        uint8 of the same shape; and what has to be said where the range is not the type's own, else None. Its own is
        [0, 1] for floats, 0 to 65535 for unsigned 16 bits, and 0 to 255 for all other integers.
    """
    if values.dtype == np.uint8:
        return values, None
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255), None
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    own = 1.0 if values.dtype.kind == "f" else 65535.0 if values.dtype == np.uint16 else 255.0
    black, white = _range(values, low, high)
    scaled = np.subtract(values, black, dtype=np.float32 if values.dtype.itemsize <= 4 else np.float64)
    scaled *= 255 / (white - black)
    eight = np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)
    return eight, None if (black, white) == (0, own) else _said(low, high, black, white)


def _range(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """The values of black and white."""
    floats = values.dtype.kind == "f"
    if floats and high <= 1 + OVERSHOOT and low >= -1 - OVERSHOOT:
        return (0.0 if low >= -OVERSHOOT else -1.0), 1.0
    whites = [2.0**bits - 1 for bits in CAMERAS]
    if values.dtype == np.int16:
        whites[-1] = 32767.0
    white = next((white for white in whites if high < white + 1), None)
    if white is not None and (high >= LEAST_WHITE if floats else low >= 0) and low >= -OVERSHOOT * high:
        return 0.0, white
    start, end = (float(edge) for edge in np.percentile(values, (OUTSIDE, 100 - OUTSIDE)))
    start = min(start, 0.0) if low >= 0 else start
    return (start, end) if end > start else (low, max(high, low + 1))


def _said(low: float, high: float, black: float, white: float) -> str:
    for bits in CAMERAS:
        if (black, white) == (0, 2**bits - 1):
            return f"its largest value is {high:g}: read as {bits}-bit"
    return f"its values go from {low:g} to {high:g}: read with {black:g} as black and {white:g} as white"


def is_wide(picture: Image.Image) -> bool:
    """Whether this is a colour picture of 16 bits that is not decoded yet: Pillow will keep its high bytes only.

    Args:
        picture: An image that Pillow has opened.

    Returns:
        True for 16 bits a channel in more than one channel.
    """
    return isinstance(picture, ImageFile) and any(_raw_mode(tile.args).partition(";16")[1] for tile in _tiles(picture))


def decode_wide(picture: ImageFile, again: Callable[[], Image.Image]) -> tuple[Image.Image, str | None]:
    """Decode a picture that `is_wide` by the bits in use.

    Args:
        picture: Opened and not decoded; it is decoded here.
        again: Opens the same picture once more.

    Returns:
        The picture in 8 bits a channel, and what has to be said, as `to_8_bits` does.
    """
    grey = _raw_mode(_tiles(picture)[0].args).startswith("LA")
    if grey:  # Pillow knows no raw mode for the low bytes here, but four bytes are a pixel of RGBA
        _replace_modes(picture, "RGBA")
        pairs = np.asarray(picture).astype(np.uint16)
        return _eight(pairs[..., 0::2] << np.uint16(8) | pairs[..., 1::2], "LA")
    with again() as other:
        high = np.asarray(picture)
        if not isinstance(other, ImageFile) or _colours(high, picture.mode).max(initial=0) >= 64:  # 16 bits in use
            return picture, None
        _replace_modes(other, None)
        low = np.asarray(other)
    return _eight(high.astype(np.uint16) << np.uint16(8) | low, picture.mode)


def _eight(values: np.ndarray, mode: str) -> tuple[Image.Image, str | None]:
    colours, said = to_8_bits(_colours(values, mode))
    alpha = values[..., colours.shape[2] :]
    return Image.fromarray(np.concatenate([colours, to_8_bits(alpha)[0]], 2), mode), said


def _colours(values: np.ndarray, mode: str) -> np.ndarray:
    """The channels without the one for what is seen through."""
    return values[..., :-1] if mode.endswith("A") else values


def _tiles(picture: ImageFile) -> list:
    """Parts of the file with the raw mode in which each is decoded."""
    wide = [tile for tile in picture.tile if _raw_mode(tile.args).split(";16")[0] in (*_WIDE, "LA")]
    return [tile for tile in wide if ";16" in _raw_mode(tile.args)]


def _raw_mode(args: object) -> str:
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def _replace_modes(picture: ImageFile, mode: str | None) -> None:
    """Have the picture decoded in another raw mode; in the one for the low bytes if None."""

    def replaced(args: Any) -> Any:
        raw = mode or _raw_mode(args)[:-1] + _OTHER_BYTE[_raw_mode(args)[-1]]
        return (raw, *args[1:]) if isinstance(args, tuple) else raw

    picture.tile = [tile._replace(args=replaced(tile.args)) for tile in picture.tile]
