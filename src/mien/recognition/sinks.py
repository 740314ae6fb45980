"""Where results go: one small class a format, all with `write(frame)`, for pictures and for a video's frames alike.

Sinks are context managers. Files appear in place, complete, when they close, also where an error ends the work, so that
what was done is kept. None of them holds more than a few frames.
"""

import csv
import io
import json
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from PIL import Image

from mien.expressions import NAMES
from mien.recognition.drawing import annotate
from mien.recognition.faces import Face, Frame, TrackedFace
from mien.recognition.pictures import JPEG_SUFFIXES
from mien.storage import GrowingFile, write_atomically


def as_text(name: object) -> str:
    """A name that every file can hold: what is not UTF-8 in a file's name becomes an escape such as `\\udcff`."""
    return str(name).encode(errors="backslashreplace").decode()


def free_name(stem: str, suffix: str, taken: set[str]) -> str:
    """`stem` with `suffix`, numbered where that is among `taken` already; it is then among them."""
    name, number = stem + suffix, 2
    while name in taken:
        name, number = f"{stem}-{number}{suffix}", number + 1
    taken.add(name)
    return name


class Sink(AbstractContextManager, Protocol):
    """Takes one picture, or one frame of a video, at a time."""

    def write(self, frame: Frame) -> None: ...


FACE_COLUMNS = ("left", "top", "right", "bottom", "score", "verdict", "expression", *NAMES)
PICTURE_COLUMNS = ("picture", "face", *FACE_COLUMNS)
VIDEO_COLUMNS = ("video", "time", "frame", "track", *FACE_COLUMNS, *(f"raw_{name}" for name in NAMES))


def face_record(face: Face) -> dict[str, Any]:
    """One face as plain numbers: box in pixels, detector's score, gate's verdict, expression, the seven probabilities.

    A face of a video has its track's number too, and the probabilities as they were before smoothing. The verdict is
    None without a gate; of a face whose expression is withheld, expression and probabilities are None.
    """
    record: dict[str, Any] = {"track": face.track} if isinstance(face, TrackedFace) else {}
    record |= {
        "box": [round(side, 1) for side in (face.box.left, face.box.top, face.box.right, face.box.bottom)],
        "score": round(face.score, 4),
        "verdict": face.verdict,
        "expression": None if face.withheld else face.expression,
        "probabilities": _shares(face, face.probabilities),
    }
    if isinstance(face, TrackedFace):
        record["raw"] = _shares(face, face.raw)
    return record


def frame_record(frame: Frame) -> dict[str, Any]:
    """A picture or a video's frame, and the records of its faces."""
    faces = [face_record(face) for face in frame.faces]
    return _head(frame) | {"faces": faces}


def rows(frame: Frame) -> list[dict[str, Any]]:
    """A flat record a face, or a single one without a face; the keys are among the columns above."""
    return [_head(frame) | _flat(number, face) for number, face in enumerate(frame.faces)] or [_head(frame)]


def _head(frame: Frame) -> dict[str, Any]:
    if frame.time is None:
        return {"picture": as_text(frame.source)}
    return {"video": as_text(frame.source), "time": round(frame.time, 6), "frame": frame.number}


def _flat(number: int, face: Face) -> dict[str, Any]:
    record = face_record(face)
    flat = {} if "track" in record else {"face": number}
    flat |= dict(zip(("left", "top", "right", "bottom"), record.pop("box"), strict=True))
    raw = {f"raw_{name}": share for name, share in record.pop("raw", {}).items()}
    return flat | record.pop("probabilities") | raw | record


def _shares(face: Face, probabilities: np.ndarray) -> dict[str, float | None]:
    shares = zip(NAMES, probabilities, strict=True)
    return {name: None if face.withheld else round(float(share), 5) for name, share in shares}


class _GrowingSink:
    """A sink whose text file grows with every frame; `ending` stands after the last."""

    def __init__(self, path: Path, ending: str = "") -> None:
        self._file = GrowingFile(path, ending)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class JsonSink(_GrowingSink):
    """A list of pictures or frames, each with its list of faces."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "\n]\n")
        self._file.add("[")
        self._before = "\n"

    def write(self, frame: Frame) -> None:
        self._file.add(self._before + json.dumps(frame_record(frame), ensure_ascii=False))
        self._before = ",\n"


class JsonLinesSink(AbstractContextManager):
    """A line of JSON a picture or frame on the standard output, written at once: for a pipe."""

    def write(self, frame: Frame) -> None:
        print(json.dumps(frame_record(frame), ensure_ascii=False), flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class CsvSink(_GrowingSink):
    """One row a face, and a row with empty fields for a picture or frame without one."""

    def __init__(self, path: Path, columns: tuple[str, ...] = PICTURE_COLUMNS) -> None:
        super().__init__(path)
        self._columns = columns
        self._file.add(self._lines([dict(zip(columns, columns, strict=True))]))

    def write(self, frame: Frame) -> None:
        self._file.add(self._lines(rows(frame)))

    def _lines(self, records: list[dict[str, Any]]) -> str:
        text = io.StringIO()
        csv.DictWriter(text, self._columns, restval="", lineterminator="\n").writerows(records)
        return text.getvalue()


class AnnotatingSink(AbstractContextManager):
    """Each picture with its faces drawn on it, as PNG or JPEG like the original, in one folder.

    It has the picture's own name, numbered where two folders hold pictures of the same name.
    """

    def __init__(self, folder: Path, show_map: bool) -> None:
        self._folder, self._show_map = folder, show_map
        self._taken: set[str] = set()

    def write(self, frame: Frame) -> None:
        picture = Path(frame.source)
        kind, suffix = ("JPEG", ".jpg") if picture.suffix.lower() in JPEG_SUFFIXES else ("PNG", ".png")
        name = free_name(picture.stem, suffix, self._taken)
        drawn = Image.fromarray(annotate(frame.pixels, frame.faces, self._show_map))
        write_atomically(self._folder / name, lambda draft: drawn.save(draft, kind, quality=92))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
