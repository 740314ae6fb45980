"""Where results go: one small class a format, all with `write(path, pixels, faces)`.

JSON and CSV are context managers: their files appear in place, complete, when they close, also where an error ends the
work, so that what was done is kept.
"""

import csv
import io
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from PIL import Image

from mien.expressions import NAMES
from mien.recognition.drawing import annotate
from mien.recognition.faces import Face
from mien.storage import write_atomically, write_text


class Sink(Protocol):
    """Takes one picture at a time: its path, its pixels (uint8 RGB [H, W, 3]) and its faces."""

    def write(self, picture: Path, pixels: np.ndarray, faces: list[Face]) -> None: ...


def face_record(face: Face) -> dict[str, Any]:
    """One face as plain numbers: box in pixels, detector's score, expression, the seven probabilities."""
    return {
        "box": [round(side, 1) for side in (face.box.left, face.box.top, face.box.right, face.box.bottom)],
        "score": round(face.score, 4),
        "expression": face.expression,
        "probabilities": {name: round(float(share), 5) for name, share in zip(NAMES, face.probabilities, strict=True)},
    }


class _FileSink:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        write_text(self._path, self._text())

    def _text(self) -> str:
        raise NotImplementedError


class JsonSink(_FileSink):
    """A list of pictures, each with its list of faces."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._pictures: list[dict[str, Any]] = []

    def write(self, picture: Path, pixels: np.ndarray, faces: list[Face]) -> None:
        self._pictures.append({"picture": str(picture), "faces": [face_record(face) for face in faces]})

    def _text(self) -> str:
        return json.dumps(self._pictures, indent=1, ensure_ascii=False) + "\n"


class CsvSink(_FileSink):
    """One row a face, and a row with empty fields for a picture without one."""

    COLUMNS = ("picture", "face", "left", "top", "right", "bottom", "score", "expression", *NAMES)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, lineterminator="\n")
        self._writer.writerow(self.COLUMNS)

    def write(self, picture: Path, pixels: np.ndarray, faces: list[Face]) -> None:
        for number, face in enumerate(faces):
            record = face_record(face)
            shares = record["probabilities"].values()
            self._writer.writerow([picture, number, *record["box"], record["score"], record["expression"], *shares])
        if not faces:
            self._writer.writerow([picture, *[""] * (len(self.COLUMNS) - 1)])

    def _text(self) -> str:
        return self._buffer.getvalue()


class AnnotatingSink:
    """Each picture with its faces drawn on it, as PNG or JPEG like the original, in one folder."""

    def __init__(self, folder: Path, show_map: bool) -> None:
        self._folder, self._show_map = folder, show_map
        self._taken: set[str] = set()

    def write(self, picture: Path, pixels: np.ndarray, faces: list[Face]) -> None:
        name = self._free_name(picture)
        drawn = Image.fromarray(annotate(pixels, faces, self._show_map))
        kind = "JPEG" if name.endswith(".jpg") else "PNG"
        write_atomically(self._folder / name, lambda draft: drawn.save(draft, kind, quality=92))

    def _free_name(self, picture: Path) -> str:
        """The picture's own name; numbered where two folders hold pictures of the same name."""
        suffix = ".jpg" if picture.suffix.lower() in {".jpg", ".jpeg"} else ".png"
        name, number = picture.stem + suffix, 2
        while name in self._taken:
            name, number = f"{picture.stem}-{number}{suffix}", number + 1
        self._taken.add(name)
        return name
