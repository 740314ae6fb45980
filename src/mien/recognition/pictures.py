"""Read any picture that people have as upright 8-bit RGB."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mien.errors import PictureError

# A 100-megapixel camera's picture is read; a few kilobytes that claim a gigapixel are not.
MOST_PIXELS = 120_000_000
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".jp2", ".ppm", ".pgm"})


def read_picture(path: str | Path) -> np.ndarray:
    """A picture file as uint8 RGB [H, W, 3], turned upright by its EXIF orientation; the first frame of several.

    Grey, palette, CMYK, transparent (over white) and 16-bit pictures are converted. Raises PictureError for a missing,
    broken, truncated or refused file, naming it.
    """
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's hints about odd metadata are not the user's business
            with Image.open(path) as picture:
                width, height = picture.size
                if width * height > MOST_PIXELS:
                    raise PictureError(
                        f"{path}: {width}x{height} is more than {MOST_PIXELS // 10**6} megapixels; make it smaller"
                    )
                picture.load()
                ImageOps.exif_transpose(picture, in_place=True)
                return np.ascontiguousarray(_to_rgb(picture))
    except FileNotFoundError as error:
        raise PictureError(f"{path}: no such file") from error
    except Image.UnidentifiedImageError as error:
        raise PictureError(f"{path}: not a picture that can be read") from error
    except Image.DecompressionBombError as error:
        raise PictureError(
            f"{path}: refused, it claims far more pixels than {MOST_PIXELS // 1_000_000} million"
        ) from error
    except IsADirectoryError as error:
        raise PictureError(f"{path}: a folder, not a picture") from error
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:  # what Pillow's decoders raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{path}: broken picture ({reason})") from error


def find_pictures(paths: list[Path]) -> list[Path]:
    """The files among `paths`, and the pictures inside the folders among them (at any depth), each once, in order.

    Raises PictureError where a folder holds no picture.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        if not inside:
            raise PictureError(f"{path}: no pictures in this folder")
        found.update(dict.fromkeys(inside))
    return list(found)


def as_picture(array: np.ndarray) -> np.ndarray:
    """A picture from an array: uint8 RGB [H, W, 3] as it is, grey [H, W] repeated; PictureError for another kind."""
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
        return as_picture(_to_8_bits(np.asarray(picture)))
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
