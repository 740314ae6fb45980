"""Where results go: one small class a format, all with `write(frame)`, for pictures and for a video's frames alike.

Sinks are context managers. Files appear in place, complete, when they close, also where an error ends the work, so that
what was done is kept. None of them holds more than a few frames.
"""

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

from PIL import Image

from mien.expressions import NAMES
from mien.names import free_name
from mien.recognition.drawing import annotate
from mien.recognition.faces import Face, Frame
from mien.recognition.file_types import JPEG_SUFFIXES
from mien.storage import GrowingFile, csv_text, write_atomically


class Sink(AbstractContextManager, Protocol):
    """Takes one picture, or one frame of a video, at a time."""

    def write(self, frame: Frame) -> None:
        """Take one picture or frame.

        Args:
            frame: It may be used again by others, and is not changed.

        Raises:
            StorageError: The disk refuses.
        """


def face_columns(classes: tuple[str, ...]) -> tuple[str, ...]:
    """What a table says of a face.

    Args:
        classes: The classes' names, in order.

    Returns:
        Columns' names.
    """
    return ("left", "top", "right", "bottom", "score", "verdict", "expression", *classes)


def picture_columns(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of pictures' faces, for a model of these classes.

    Args:
        classes: The classes' names, in order.

    Returns:
        Columns' names.
    """
    return ("picture", "face", *face_columns(classes))


def video_columns(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of a video's faces, for a model of these classes.

    Args:
        classes: The classes' names, in order.

    Returns:
        Columns' names.
    """
    return ("video", "time", "frame", "track", *face_columns(classes), *(f"raw_{name}" for name in classes))


PICTURE_COLUMNS = picture_columns(NAMES)
VIDEO_COLUMNS = video_columns(NAMES)
"""Those of the models that ship."""


def rows(frame: Frame) -> list[dict[str, Any]]:
    """A flat record a face, or a single one without a face.

    Args:
        frame: A picture or one frame of a video.

    Returns:
        At least one record; the keys are among the columns above.
    """
    return [frame.head() | flat(number, face) for number, face in enumerate(frame.faces)] or [frame.head()]


def flat(number: int, face: Face) -> dict[str, Any]:
    """A face's `to_dict` without lists in it, and with its number in the picture where it has none of a track.

    Args:
        number: The face's place in the picture, from 0.
        face: Of a picture or a video.

    Returns:
        Plain values by the columns' names.
    """
    record = face.to_dict()
    flat = {} if "track" in record else {"face": number}
    flat |= dict(zip(("left", "top", "right", "bottom"), record.pop("box"), strict=True))
    for group in face.details:
        flat |= record.pop(group)
    raw = {f"raw_{name}": share for name, share in record.pop("raw", {}).items()}
    return flat | record.pop("probabilities") | raw | record


class _GrowingSink:
    """A sink whose text file grows with every frame; `ending` stands after the last."""

    def __init__(self, path: Path, ending: str = "") -> None:
        self._file = GrowingFile(path, ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()


class JsonSink(_GrowingSink):
    """A list of pictures or frames, each with its list of faces."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "\n]\n")
        self._file.add("[")
        self._before = "\n"

    def write(self, frame: Frame) -> None:
        """Append a picture or frame, as `Frame.to_dict` tells it.

        Args:
            frame: A picture or one frame of a video.

        Raises:
            StorageError: The disk refuses.
        """
        self._file.add(self._before + json.dumps(frame.to_dict(), ensure_ascii=False))
        self._before = ",\n"


class JsonLinesSink(AbstractContextManager):
    """A line of JSON a picture or frame on the standard output, written at once: for a pipe.

    It is ASCII, with escapes for other letters, and so valid whatever the standard output's encoding is.
    """

    def write(self, frame: Frame) -> None:
        """Print a picture or frame, as `Frame.to_dict` tells it.

        Args:
            frame: A picture or one frame of a video.

        Raises:
            BrokenPipeError: The reader wants no more.
        """
        print(json.dumps(frame.to_dict()), flush=True)

    def __exit__(self, *raised: object) -> None: ...


class CsvSink(_GrowingSink):
    """One row a face, and a row with empty fields for a picture or frame without one."""

    def __init__(self, path: Path, columns: tuple[str, ...] = PICTURE_COLUMNS) -> None:
        super().__init__(path)
        self._columns = columns
        self._file.add(csv_text(columns, ()))

    def write(self, frame: Frame) -> None:
        """Append the rows of a picture or frame.

        Args:
            frame: A picture or one frame of a video.

        Raises:
            StorageError: The disk refuses.
        """
        self._file.add(csv_text(self._columns, rows(frame), head=False))


LONGEST_JPEG = 65_500
"""Pixels of the longest side that JPEG's encoder takes."""


class AnnotatingSink(AbstractContextManager):
    """Each picture with its faces drawn on it, as PNG or JPEG like the original, in one folder.

    It has the picture's own name, numbered where two folders hold pictures of the same name.
    """

    def __init__(self, folder: Path, show_map: bool) -> None:
        self._folder, self._show_map = folder, show_map
        self._taken: set[str] = set()

    def write(self, frame: Frame) -> None:
        """Write a picture with its faces drawn on it.

        Args:
            frame: A picture.

        Raises:
            StorageError: The disk refuses.
        """
        picture = Path(frame.source)
        fits = max(frame.pixels.shape[:2]) <= LONGEST_JPEG
        kind, suffix = ("JPEG", ".jpg") if fits and picture.suffix.lower() in JPEG_SUFFIXES else ("PNG", ".png")
        name = free_name(picture.stem, suffix, self._taken)
        drawn = Image.fromarray(annotate(frame.pixels, frame.faces, self._show_map))
        write_atomically(self._folder / name, lambda draft: drawn.save(draft, kind, quality=92))

    def __exit__(self, *raised: object) -> None: ...
