"""Sheets of faces side by side, and single ones, as grey PNG files."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.storage import write_atomically

ENLARGED = 2
_GAP, _LINE = 4, 18


def sheet(titles: Sequence[Sequence[str]], faces: np.ndarray) -> np.ndarray:
    """Rows of faces as one grey picture, enlarged twice, with titles above.

    Args:
        titles: One row of C titles that stands above all, or R rows that stand above each.
        faces: uint8 [R, C, 48, 48].

    Returns:
        uint8 [H, W].
    """
    rows = []
    for number, row in enumerate(faces):
        if number < len(titles):
            rows.append(np.concatenate([_title(text, row.shape[2]) for text in titles[number]], 1))
        rows.append(np.concatenate([_enlarged(face) for face in row], 1))
    return np.concatenate(rows)


def _enlarged(face: np.ndarray) -> np.ndarray:
    enlarged = face.repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    return np.pad(enlarged, ((0, _GAP), (0, _GAP)), constant_values=255)


def _title(text: str, width: int) -> np.ndarray:
    line = Image.new("L", (ENLARGED * width + _GAP, _LINE), 255)
    ImageDraw.Draw(line).text((2, _LINE - 6), text, 0, ImageFont.load_default(11), anchor="ls")
    return np.asarray(line)


def save(picture: np.ndarray, path: Path) -> None:
    """Write a grey picture as PNG, atomically.

    Args:
        picture: uint8 [H, W].
        path: Where it goes.

    Raises:
        StorageError: The disk refuses.
    """
    write_atomically(path, lambda draft: Image.fromarray(picture).save(draft, "PNG"))
