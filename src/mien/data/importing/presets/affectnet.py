"""AffectNet with eight classes: images/ and annotations/*_exp.npy, or folders 0 to 7."""

from pathlib import Path

import numpy as np

from mien.data.dataset import Problem
from mien.data.importing.source import (
    LEAVE_OUT,
    LabelledPicture,
    Preset,
    Source,
    class_folders,
    files_below,
    is_picture,
    labels_in,
    parts_in,
    place_of,
)
from mien.errors import DataError

CLASSES = {
    "6": "angry",
    "5": "disgust",
    "4": "fear",
    "1": "happy",
    "2": "sad",
    "3": "surprise",
    "0": "neutral",
    "7": "contempt",
    "8": LEAVE_OUT,  # none
    "9": LEAVE_OUT,  # uncertain
    "10": LEAVE_OUT,  # no face
}
_IMAGES, _ANNOTATIONS, _LABEL = "images", "annotations", "_exp.npy"
_NUMBERED = {str(label) for label in range(8)}


def _annotated(root: Path) -> list[tuple[str | None, Path]]:
    if not root.is_dir():
        return []
    return [(part, folder) for part, folder in parts_in(root) if (folder / _ANNOTATIONS).is_dir()]


def _recognises(root: Path) -> bool:
    return bool(_annotated(root)) or labels_in(root) - {"8", "9", "10"} == _NUMBERED


def _read(root: Path) -> Source:
    annotated = _annotated(root)
    if not annotated:
        if not labels_in(root) & set(CLASSES):
            raise DataError(f"{root}: no folders 0 to 7, and no {_ANNOTATIONS}/*{_LABEL} beside {_IMAGES}/")
        return class_folders(root)
    pictures: list[LabelledPicture] = []
    problems: list[Problem] = []
    for part, folder in annotated:
        for file in filter(is_picture, files_below(folder / _IMAGES)):
            label = _label(folder / _ANNOTATIONS / f"{file.stem}{_LABEL}")
            if label is None:
                problems.append(Problem(place_of(file, root), f"no readable {file.stem}{_LABEL}"))
            else:
                pictures.append(LabelledPicture(place_of(file, root), label, file, part))
    return Source(pictures, problems)


def _label(path: Path) -> str | None:
    try:
        return str(int(np.load(path, allow_pickle=False).item()))
    except (OSError, ValueError, TypeError, EOFError):
        return None


AFFECTNET = Preset(
    "affectnet", f"{_IMAGES}/ with {_ANNOTATIONS}/*{_LABEL}, or folders 0 to 7", _recognises, _read, CLASSES
)
