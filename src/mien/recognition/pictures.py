"""Read any picture that people have as upright 8-bit RGB."""

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mien.errors import PictureError

# A 100-megapixel camera's picture is read; a few kilobytes that claim a gigapixel are not.
MOST_PIXELS = 120_000_000
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
SUFFIXES = JPEG_SUFFIXES | {".png", ".webp", ".avif", ".mpo", ".bmp", ".gif", ".tif", ".tiff", ".jp2", ".ppm", ".pgm"}

Picture = str | Path | bytes | Image.Image | np.ndarray
"""A file's path, a file's content, an image of Pillow, or uint8 RGB [H, W, 3] or grey [H, W]."""


def read_picture(path: str | Path) -> np.ndarray:
    """A picture file as uint8 RGB [H, W, 3], turned upright by its EXIF orientation; the first frame of several.

    Grey, palette, CMYK, transparent (over white) and 16-bit pictures are converted. Raises PictureError for a missing,
    empty, broken, truncated, locked or refused file, naming it.
    """
    path = Path(path)
    with _refusing(str(path)):
        try:
            with Image.open(path) as picture:
                return _upright(picture, str(path))
        except Image.UnidentifiedImageError:
            if path.stat().st_size:
                raise
            raise PictureError(f"{path}: empty file") from None


def as_picture(picture: Picture) -> np.ndarray:
    """Any `Picture` as uint8 RGB [H, W, 3]; Pillow's are turned upright and converted as files are.

    Raises PictureError for anything else, and for what cannot be read.
    """
    if isinstance(picture, str | Path):
        return read_picture(picture)
    if isinstance(picture, bytes):
        with _refusing("these bytes"), Image.open(BytesIO(picture)) as opened:
            return _upright(opened, "these bytes")
    if isinstance(picture, Image.Image):
        with _refusing("this image"):
            return _upright(picture.copy(), "this image")
    if isinstance(picture, np.ndarray):
        return _from_array(picture)
    raise PictureError(
        "a picture must be a path, the bytes of a picture file, a Pillow image or a NumPy array, "
        f"not {type(picture).__name__}"
    )


def find_pictures(paths: list[Path], say: Callable[[str], object] = lambda passed_over: None) -> list[Path]:
    """The files among `paths`, and the pictures inside the folders among them (at any depth), each once, in order.

    A folder that may not be read stands for itself, so that reading it says why. `say` gets a line about the files of
    other kinds beside the pictures, where there are any. Raises PictureError where a folder holds no picture.
    """
    found: dict[Path, None] = {}
    others: Counter[str] = Counter()
    for path in paths:
        if not _is_folder(path):
            found[path] = None
            continue
        inside, beside = _look_into(path)
        if not inside:
            only = f", only other files ({_kinds(beside)})" if beside else ""
            raise PictureError(f"{path}: no pictures in this folder{only}")
        found.update(dict.fromkeys(inside))
        others += beside
    if others:
        count = others.total()
        say(f"{count} other file{'s' if count > 1 else ''} passed over ({_kinds(others)})")
    return list(found)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the folder that it lies in may not be entered
        return False


def _look_into(folder: Path) -> tuple[list[Path], Counter[str]]:
    """The pictures in a folder, sorted, and how many other files there are of each suffix, hidden ones left out."""
    found: list[Path] = []
    others: Counter[str] = Counter()
    for place, _, names in os.walk(folder, onerror=lambda error: found.append(Path(error.filename))):
        for name in names:
            file = Path(place, name)
            if file.suffix.lower() in SUFFIXES:
                found.append(file)
            elif not name.startswith("."):
                others[file.suffix.lower() or "no suffix"] += 1
    return sorted(found), others


def _kinds(suffixes: Counter[str]) -> str:
    """The most frequent first."""
    names = sorted(suffixes, key=lambda suffix: (-suffixes[suffix], suffix))
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Make one line that names the picture of whatever Pillow and the disk raise."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's hints about odd metadata are not the user's business
            yield
    except FileNotFoundError as error:
        raise PictureError(f"{name}: no such file") from error
    except PermissionError as error:
        raise PictureError(f"{name}: permission denied") from error
    except IsADirectoryError as error:
        raise PictureError(f"{name}: a folder, not a picture") from error
    except Image.UnidentifiedImageError as error:
        raise PictureError(f"{name}: not a picture that can be read") from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{name}: refused, it claims far more pixels than {MOST_PIXELS // 1_000_000} million"
        ) from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:  # what Pillow's decoders raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{name}: broken picture ({reason})") from error


def _upright(picture: Image.Image, name: str) -> np.ndarray:
    """Uint8 RGB [H, W, 3]; the image itself is turned. Raises PictureError for one that is too large."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureError(f"{name}: {width}x{height} is more than {MOST_PIXELS // 10**6} megapixels; make it smaller")
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    return np.ascontiguousarray(_to_rgb(picture))


def _from_array(array: np.ndarray) -> np.ndarray:
    """Uint8 RGB [H, W, 3] as it is, grey [H, W] repeated; PictureError for another kind."""
    if array.dtype == np.uint8 and array.size:
        if array.ndim == 3 and array.shape[2] == 3:
            return array
        if array.ndim == 2:
            return np.repeat(array[:, :, None], 3, axis=2)
    raise PictureError(
        f"a picture must be uint8 [H, W, 3] (RGB) or [H, W] (grey), not {array.dtype} {list(array.shape)}"
    )


def _to_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(("I", "F")):
        return _from_array(_to_8_bits(np.asarray(picture)))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _to_8_bits(values: np.ndarray) -> np.ndarray:
    """Grey of 16 bits (or of floats in [0, 1]) to 8 bits; 8-bit values in a wider type stay as they are."""
    most = float(values.max(initial=0))
    scale = 255.0 if values.dtype.kind == "f" and most <= 1 else 1.0 if most <= 255 else 1 / 257
    return np.clip(np.rint(values * scale), 0, 255).astype(np.uint8)
