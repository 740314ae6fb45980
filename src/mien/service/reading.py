"""Make faces of what was sent."""

import threading
from collections.abc import Iterator, Sequence
from io import BytesIO

from PIL import Image

from mien.errors import MienError, PictureError
from mien.recognition.extra import load
from mien.recognition.faces import Face
from mien.recognition.file_types import HEAD, is_heif
from mien.recognition.recognizer import Recognizer
from mien.service.bodies import Upload
from mien.service.limits import MEGABYTE, MEGAPIXEL, Limits
from mien.service.refusals import too_large


def refuse_large(upload: Upload, limits: Limits) -> None:
    """Look at a picture's size before anything of it is decoded.

    Args:
        upload: The picture.
        limits: How large it may be.

    Raises:
        Refusal: It has too many bytes or pixels.
    """
    if len(upload.content) > limits.picture_bytes:
        raise too_large(f"{upload.name}: more than {limits.picture_bytes / MEGABYTE:g} megabytes; make it smaller")
    width, height = _size(upload.content)
    if width * height > limits.pixels:
        raise too_large(
            f"{upload.name}: {width}x{height} is more than {limits.pixels / MEGAPIXEL:g} megapixels; make it smaller"
        )


def read_one(recognizer: Recognizer, upload: Upload, limits: Limits) -> list[Face]:
    """Read one picture.

    Args:
        recognizer: Reads it.
        upload: The picture.
        limits: How large it may be.

    Returns:
        Its faces, the largest first.

    Raises:
        PictureError: It cannot be read.
        Refusal: It is too large.
    """
    refuse_large(upload, limits)
    return recognizer.recognize(_file(upload))


def read_many(
    recognizer: Recognizer, uploads: Sequence[Upload], limits: Limits, abandoned: threading.Event
) -> list[list[Face] | MienError]:
    """The faces of each picture, or in its place why it cannot be read.

    Args:
        recognizer: Reads them, the faces of several in one call of the model.
        uploads: The pictures; a single batch.
        limits: How large each may be.
        abandoned: Set from outside where nobody waits for the answer any more: no further picture is then read.

    Returns:
        In the order of the pictures.
    """
    refused: dict[int, MienError] = {}
    for place, upload in enumerate(uploads):
        try:
            refuse_large(upload, limits)
        except MienError as error:
            refused[place] = error

    def accepted() -> Iterator[BytesIO]:
        for place, upload in enumerate(uploads):
            if abandoned.is_set():
                return
            if place not in refused:
                yield _file(upload)

    read = recognizer.recognize_all(accepted(), errors="return")
    ended = PictureError("not read, as nobody waits for it")
    return [refused[place] if place in refused else next(read, ended) for place in range(len(uploads))]


def _file(upload: Upload) -> BytesIO:
    """The content as an open file, whose name messages then use."""
    file = BytesIO(upload.content)
    file.name = upload.name
    return file


def _size(content: bytes) -> tuple[int, int]:
    """Width and height; (0, 0) for what is no picture that can be opened: reading it will say why."""
    try:
        if is_heif(content[:HEAD]):
            load("pillow_heif", "heif").register_heif_opener()
        with Image.open(BytesIO(content)) as picture:
            return picture.size
    except Exception:
        return 0, 0
