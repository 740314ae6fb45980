"""FER2013: Kaggle's CSV files of pixels, and folders named 0 to 6."""

from pathlib import Path

import numpy as np
import pandas as pd

from mien.data.dataset import FACE_SIZE, Problem, read_face
from mien.data.imported import read_csv
from mien.data.importing.source import PART_OF, LabelledPicture, Preset, Source, class_folders, first_picture, labels_in
from mien.errors import DataError
from mien.expressions import NAMES

CLASSES = {str(label): name for label, name in enumerate(NAMES)}
_WHOLE, _TRAIN, _TEST = ("icml_face_data.csv", "fer2013.csv"), "train.csv", "test.csv"
EMOTION, PIXELS, USAGE = "emotion", "pixels", "Usage"


def pixel_files(root: Path) -> list[tuple[Path, str | None]]:
    """The CSV files of pixels that a folder or file is or has, each with its part, None where its rows tell it.

    Args:
        root: A folder or a file.

    Returns:
        Nothing where there is none.
    """
    if root.is_file():
        return [(root, None)] if root.suffix.lower() == ".csv" and PIXELS in columns(root) else []
    if whole := [root / name for name in _WHOLE if (root / name).is_file() and PIXELS in columns(root / name)]:
        return [(whole[0], None)]
    named = [(root / _TRAIN, "train"), (root / _TEST, "test")]
    return [(path, part) for path, part in named if path.is_file() and PIXELS in columns(path)]


def columns(path: Path) -> list[str]:
    """The names at the head of a CSV file.

    Args:
        path: The file.

    Returns:
        In order.

    Raises:
        DataError: It cannot be read.
    """
    return list(read_csv(path, nrows=0).columns)


def read_pixels(path: Path, part: str | None) -> Source:
    """A CSV file with a face a row; rows without a label, as of a competition's test file, are named and left out.

    Args:
        path: The file.
        part: The part of all its rows; None where they tell it.

    Returns:
        The faces with their labels.
    """
    table = read_csv(path)
    labels = pd.to_numeric(table[EMOTION], errors="coerce") if EMOTION in table.columns else [np.nan] * len(table)
    usages = table[USAGE] if USAGE in table.columns else [part] * len(table)
    pictures, problems = [], []
    for row, (label, pixels, usage) in enumerate(zip(labels, table[PIXELS], usages, strict=True)):
        place = f"{path.name}:{row}"
        face = face_of(pixels)
        if face is None:
            problems.append(Problem(place, f"not {FACE_SIZE**2} pixels of 0 to 255"))
        elif not np.isfinite(label) or label != int(label):
            problems.append(Problem(place, "no label"))
        else:
            named = None if usage is None else PART_OF.get(str(usage).strip().lower())
            pictures.append(LabelledPicture(place, str(int(label)), face, named))
    return Source(pictures, problems)


def face_of(pixels: object) -> np.ndarray | None:
    """A row's pixels as a face.

    Args:
        pixels: 48 x 48 numbers from 0 to 255, with spaces between them.

    Returns:
        uint8 [48, 48]; None where they are none.
    """
    try:
        values = np.array(str(pixels).split(), np.int64)
    except (ValueError, OverflowError):
        return None
    if values.size != FACE_SIZE**2 or values.min() < 0 or values.max() > 255:
        return None
    return values.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE)


def _recognises(root: Path) -> bool:
    if pixel_files(root):
        return True
    first = first_picture(root) if labels_in(root) == set(CLASSES) else None
    return first is not None and isinstance(read_face(first), np.ndarray)


def _read(root: Path) -> Source:
    files = pixel_files(root)
    if not files:
        if not labels_in(root) & set(CLASSES):
            raise DataError(
                f"{root}: no fer2013.csv, icml_face_data.csv or train.csv with pixels, and no folders 0 to 6"
            )
        return class_folders(root)
    parts = [read_pixels(path, part) for path, part in files]
    return Source([one for of in parts for one in of.pictures], [one for of in parts for one in of.problems])


FER2013 = Preset(
    "fer2013",
    "fer2013.csv, icml_face_data.csv, train.csv with test.csv, or folders 0 to 6",
    _recognises,
    _read,
    CLASSES,
)
