"""Read any picture that people have as upright 8-bit RGB."""

import errno
import math
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image, ImageCms, ImageSequence
from PIL.ImageFile import ImageFile

from mien.errors import MienError, MissingExtraError, PictureError
from mien.names import abridged
from mien.recognition.depth import decode_wide, is_wide, to_8_bits
from mien.recognition.extra import load
from mien.recognition.file_types import APPLE_DOUBLE, HEAD, is_heif, is_video
from mien.recognition.jpeg import decode_jpeg
from mien.recognition.notes import note
from mien.recognition.picture_text import from_text

# A 100-megapixel camera's picture is read; a few kilobytes that claim a gigapixel are not.
MOST_PIXELS = 120_000_000
PIXELS_A_THREAD = 25_000_000
"""So many pixels at most are read side by side for each thread; a larger picture is read alone, for memory's sake."""


@runtime_checkable
class Readable(Protocol):
    """A file opened for reading bytes, or what behaves like one."""

    def read(self, size: int = -1, /) -> bytes:
        """Read bytes from where the last read ended.

        Args:
            size: At most so many; all that are left if negative.

        Returns:
            Empty at the end.
        """


Picture = str | os.PathLike | bytes | bytearray | memoryview | Readable | Image.Image | np.ndarray
"""A file's path, its content, the file opened in binary mode, a data: URL, an image of Pillow, or an array: RGB
[H, W, 3], RGBA [H, W, 4] or grey [H, W] of any type, uint8 best."""


def read_picture(path: str | os.PathLike) -> np.ndarray:
    """Read a picture file.

    Grey, palette, CMYK, LAB, transparent (over white) and deeper pictures are converted; HEIC needs the extra `heif`.
    Of several pages or frames the first is read. Warns (`MienWarning`) where there are more, and where the range of the
    values was guessed.

    Args:
        path: The file; what it holds decides, not its suffix.

    Returns:
        uint8 RGB [H, W, 3], turned upright by its EXIF orientation.

    Raises:
        PictureError: The file is missing, empty, broken, truncated, locked or refused; it is named.
    """
    return _read(Path(path), name_of(path))


@dataclass(frozen=True)
class Page:
    """A page of a picture file.

    Attributes:
        file: The file.
        name: What names the page: the file itself where it is the only one, and `scan.tif#page=2` otherwise.
        place: Where among all of the file's pages it stands, from 0; None for the only one.
    """

    file: Path
    name: Path
    place: int | None = None

    def read(self) -> np.ndarray:
        """Read its pixels, as `read_picture` does.

        Returns:
            uint8 RGB [H, W, 3].

        Raises:
            PictureError: They cannot be read.
        """
        return read_picture(self.file) if self.place is None else _read(self.file, name_of(self.name), self.place)

    def count_pixels(self) -> int:
        """Count its pixels without reading them, as `count_pixels` does.

        Returns:
            0 where they cannot be told.
        """
        return _count(self.file, self.place or 0)


def find_pages(path: Path) -> list[Page]:
    """The pages of a picture file; all but TIFF files have a single one, and so has what cannot be read.

    Args:
        path: The file.

    Returns:
        In order.
    """
    try:
        places = _page_places(path)
    except PictureError:  # reading it will say why
        places = [0]
    if len(places) < 2:
        return [Page(path, path)]
    return [Page(path, path.with_name(f"{path.name}#page={count}"), place) for count, place in enumerate(places, 1)]


def read_pages(path: Path) -> Iterator[tuple[Path, np.ndarray]]:
    """Read every page of a picture file.

    Args:
        path: The file.

    Yields:
        Each page's name, as `Page` has it, and its pixels as from `read_picture`.

    Raises:
        PictureError: As `read_picture`, for the first page that cannot be read.
    """
    for page in find_pages(path):
        yield page.name, page.read()


def as_picture(picture: Picture) -> np.ndarray:
    """Read any `Picture`, as `read_picture` reads files.

    Args:
        picture: A path, a data: URL, bytes or an open file of a picture, a Pillow image, or an array.

    Returns:
        uint8 RGB [H, W, 3]; an array that is so already is not copied.

    Raises:
        PictureError: It is something else, or cannot be read.
    """
    if isinstance(picture, str):
        picture = from_text(picture)
    if isinstance(picture, os.PathLike):
        return read_picture(picture)
    if isinstance(picture, bytes | bytearray | memoryview):
        return _read(bytes(picture), "these bytes")
    if isinstance(picture, Image.Image):
        with _refusing("this image"):
            return _from_image(picture, "this image", lambda: _opened_again(picture))
    if isinstance(picture, np.ndarray) or hasattr(picture, "__array__"):
        return _from_array(np.asarray(picture))
    if isinstance(picture, Readable):
        return _read(*_content(picture))
    raise PictureError(
        "a picture must be a path, the bytes of a picture file, an open file, a Pillow image or a NumPy array, "
        f"not {type(picture).__name__}"
    )


def count_pixels(picture: Picture) -> int:
    """How many pixels a picture has, by what its file says of itself; nothing is decoded.

    Args:
        picture: Any `Picture`.

    Returns:
        The number; 0 for what cannot be read, and `MOST_PIXELS` for an open file, which is not read twice.
    """
    if isinstance(picture, str):
        try:
            picture = from_text(picture)
        except PictureError:  # reading it will say why
            return 0
    if isinstance(picture, os.PathLike):
        return _count(Path(picture))
    if isinstance(picture, bytes | bytearray | memoryview):
        return _count(bytes(picture))
    if isinstance(picture, Image.Image):
        return math.prod(picture.size)
    shape = getattr(picture, "shape", None)
    return MOST_PIXELS if shape is None else math.prod(shape[:2])


def together(threads: int) -> int:
    """How many pixels several threads have in hand at the same time, unless a single picture has more.

    Args:
        threads: How many there are.

    Returns:
        Pixels.
    """
    return min(threads * PIXELS_A_THREAD, MOST_PIXELS)


def name_of(path: str | os.PathLike) -> str:
    """A path as messages call it: short, and on one line.

    Args:
        path: Of a picture.

    Returns:
        On one line, its middle left out where it is long.
    """
    return abridged("".join(" " if ord(character) < 32 else character for character in os.fspath(path)))


@cache
def _know_heif() -> None:
    """Let Pillow read HEIC from now on. Raises MissingExtraError without the extra `heif`."""
    load("pillow_heif", "heif").register_heif_opener()


def _read(source: Path | bytes, name: str, page: int | None = None) -> np.ndarray:
    """The first page, with a warning where there are more; or one that is asked for."""

    def opened() -> Image.Image:
        picture = Image.open(source if isinstance(source, Path) else BytesIO(source))
        picture.seek(page or 0)
        return picture

    with _refusing(name):
        try:
            _check(source, name)
            with opened() as picture:
                if page is None:
                    _note_more(picture, name)
                if picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L"):
                    _refuse_large(picture, name)
                    pixels = decode_jpeg(source if isinstance(source, bytes) else source.read_bytes())
                    if pixels is not None:
                        return _turned_upright(pixels, picture)
                return _from_image(picture, name, opened)
        except Image.UnidentifiedImageError:
            if isinstance(source, bytes) or source.stat().st_size:
                raise
            raise PictureError(f"{name}: empty file") from None


def _count(source: Path | bytes, page: int = 0) -> int:
    """The pixels of a file's page; 0 where it cannot be read."""
    try:
        with _quiet():
            _check(source, "")
            with Image.open(source if isinstance(source, Path) else BytesIO(source)) as picture:
                picture.seek(page)
                return math.prod(picture.size)
    except Exception:  # reading it will say why
        return 0


def _check(source: Path | bytes, name: str) -> None:
    """Raise PictureError for what Pillow alone does not name rightly."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            head = file.read(HEAD)
    else:
        head = source[:HEAD]
    if head.startswith(APPLE_DOUBLE):
        raise PictureError(f"{name}: no picture, only what macOS noted about a file of that name; leave it out")
    if is_video(head):
        raise PictureError(f"{name}: a video or sound, not a picture; mien.open reads videos")
    if is_heif(head):
        try:
            _know_heif()
        except MissingExtraError as error:
            raise PictureError(f"{name}: a HEIC picture; {error}") from error


def _content(file: Readable) -> tuple[bytes, str]:
    """All that an open file holds, from its start where it can be gone back to, and what it is called."""
    called = getattr(file, "name", None)
    name = name_of(called) if isinstance(called, str) else "this file"
    with _refusing(name):
        seekable = getattr(file, "seekable", None)
        if seekable is not None and seekable():
            file.seek(0)  # type: ignore[attr-defined]
        content = file.read()
    if not isinstance(content, bytes | bytearray | memoryview):
        raise PictureError(f"{name}: opened as text; open it in binary mode, 'rb'")
    if not content:
        raise PictureError(f"{name}: empty file")
    return bytes(content), name


def _opened_again(picture: Image.Image) -> Image.Image:
    """Another image from the same file, whose place in the file is kept."""
    file = picture.fp  # type: ignore[attr-defined]
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    return Image.open(BytesIO(content))


def _page_places(path: Path) -> list[int]:
    """The pages of a TIFF file without the smaller copies that it may hold; [0] for every other file."""
    with _refusing(name_of(path)), path.open("rb") as file:
        if file.read(4)[:2] not in (b"II", b"MM"):
            return [0]
    try:
        with _quiet(), Image.open(path) as picture:
            return _full_pages(picture)
    except Exception:  # reading it will say why
        return [0]


def _full_pages(picture: Image.Image) -> list[int]:
    """Up to the first that is damaged; the picture is then at its first page again."""
    subfile_type, smaller_copy = 254, 1
    numbers = []
    with suppress(Exception):
        for number, page in enumerate(ImageSequence.Iterator(picture)):
            if not int(getattr(page, "tag_v2", {}).get(subfile_type, 0)) & smaller_copy:
                numbers.append(number)
    picture.seek(0)
    return numbers or [0]


def _note_more(picture: Image.Image, name: str) -> None:
    """Warn where a file holds more pages, or an animation's frames, than the one that is read."""
    if picture.format == "TIFF":
        count, what = len(_full_pages(picture)), "pages"
    elif picture.format in ("GIF", "PNG", "WEBP", "AVIF") and getattr(picture, "is_animated", False):
        count, what = picture.n_frames, "frames"  # type: ignore[attr-defined]
    else:
        return
    if count > 1:
        all_of_them = "mien.open reads it as a video" if what == "frames" else "read_pages reads all"
        note(f"{name}: {count} {what}, only the first is read; {all_of_them}", f"of several {what} only the first")


class _Quiet:
    """Pillow's hints about odd metadata are not the user's business. Counts: filters are common to all threads."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._before: warnings.catch_warnings | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.|pillow_heif")
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0 and self._before is not None:
                    self._before.__exit__(None, None, None)


_quiet = _Quiet()


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Make one line that names the picture of whatever Pillow and the disk raise."""
    try:
        with _quiet():
            yield
    except MienError:
        raise
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
    except Exception as error:  # of a damaged file, decoders raise whatever they stumble over
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            raise PictureError(f"{name}: too long for a file's name; give a picture's content as bytes") from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PictureError(f"{name}: broken picture ({abridged(reason)})") from error


def _refuse_large(picture: Image.Image, name: str) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureError(f"{name}: {width}x{height} is more than {MOST_PIXELS // 10**6} megapixels; make it smaller")


def _from_image(picture: Image.Image, name: str, again: Callable[[], Image.Image]) -> np.ndarray:
    """Uint8 RGB [H, W, 3]; `again` opens the image once more. Raises PictureError for one that is too large."""
    _refuse_large(picture, name)
    if isinstance(picture, ImageFile) and is_wide(picture):
        eight, said = decode_wide(picture, again)
    else:
        picture.load()
        eight, said = _in_8_bits(picture)
    if said is not None:
        note(f"{name}: {said}", "the range of the values was chosen in the same way")
    return _turned_upright(_to_rgb(eight), picture)


def _in_8_bits(picture: Image.Image) -> tuple[Image.Image, str | None]:
    """Integers and floats as grey; every other mode as it is."""
    if not picture.mode.startswith(("I", "F")):
        return picture, None
    photometric, sample_format, white_is_zero, signed = 262, 339, 0, (2,)
    tags = getattr(picture, "tag_v2", {})
    values = np.asarray(picture)
    if tags.get(sample_format) == signed and tags.get(258) == (16,):
        values = values.astype(np.int16)
    grey = values
    if picture.mode == "I" and values.min(initial=0) >= 0 and values.max(initial=0) < 2**16:
        grey = values.astype(np.uint16)
    eight, said = to_8_bits(grey)
    return Image.fromarray(255 - eight if tags.get(photometric) == white_is_zero else eight), said


def _from_array(array: np.ndarray) -> np.ndarray:
    """Uint8 RGB [H, W, 3] as it is; other arrays are converted. Raises PictureError for one of another shape."""
    channels = {2: 1, 3: array.shape[-1] if array.ndim else 0}.get(array.ndim)
    if channels not in (1, 3, 4) or not array.size or array.dtype.kind not in "buif":
        hint = "; put the channels last: numpy.moveaxis(picture, 0, -1)" if array.shape[:1] in ((1,), (3,)) else ""
        raise PictureError(
            "a picture must be uint8 [H, W, 3] (RGB), [H, W, 4] (RGBA) or [H, W] (grey), "
            f"not {array.dtype} {list(array.shape)}{hint}"
        )
    if array.dtype == np.uint8 and array.ndim == channels == 3:
        return array
    if array.ndim == 2:
        array = array[:, :, None]
    eight = as_8_bits(array[..., :3])
    if channels == 4:
        return _to_rgb(Image.fromarray(np.concatenate([eight, to_8_bits(array[..., 3:])[0]], 2), "RGBA"))
    return np.repeat(eight, 3, axis=2) if channels == 1 else eight


def as_8_bits(values: np.ndarray) -> np.ndarray:
    """Bring an array of numbers to 8 bits; a `MienWarning` says where the range of the values was guessed.

    Args:
        values: Of any shape; bool, integers or floats.

    Returns:
        uint8 of the same shape.

    Raises:
        PictureError: They are no numbers, or not ones that a picture can have.
    """
    if values.dtype.kind not in "buif":
        raise PictureError(f"a picture must be of numbers, uint8 best, not {values.dtype}")
    eight, said = to_8_bits(values)
    if said is not None:
        note(f"this array: {said}", "the range of the values was chosen in the same way")
    return eight


def _to_rgb(picture: Image.Image) -> np.ndarray:
    """Uint8 [H, W, 3] of an image of 8 bits a channel or fewer."""
    if picture.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, lab, rgb, outputMode="RGB")
        return np.asarray(converted)
    return over_white(picture)


def over_white(picture: Image.Image) -> np.ndarray:
    """Lay an image over white where it is transparent.

    Args:
        picture: In any of Pillow's modes of 8 bits.

    Returns:
        uint8 RGB [H, W, 3].
    """
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _turned_upright(pixels: np.ndarray, picture: Image.Image) -> np.ndarray:
    """The pixels turned, and mirrored, as the picture's EXIF orientation asks."""
    orientation = picture.getexif().get(0x0112)
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
