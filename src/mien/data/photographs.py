"""Labelled photographs of any size, a folder a class: the largest face of each, cut as recognition cuts it.

For judging models on other data sets than FER2013. Nothing is learned from these.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.data.dataset import FACE_SIZE, FaceData, Problem, entries, folder_label, not_a_class
from mien.errors import DataError, PictureError
from mien.expressions import NAMES
from mien.recognition.cropping import crop_picture, luma
from mien.recognition.detection import FaceDetector
from mien.recognition.file_types import PICTURE_SUFFIXES
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.pictures import read_picture

PART = "photographs"
"""The one part that they have."""


def are_in(root: Path, classes: tuple[str, ...] = NAMES) -> bool:
    """Whether a folder holds folders that are named like classes; those of FER2013 lie in folders for its parts.

    Args:
        root: Any folder.
        classes: The classes' names, in order.

    Returns:
        False for FER2013's own folder.
    """
    return bool(_class_folders(root, classes))


def load(
    root: Path,
    progress: Callable[[int, int], None] | None = None,
    classes: tuple[str, ...] = NAMES,
    framing: Framing = FRAMING,
) -> FaceData:
    """The faces of labelled photographs.

    A picture of 48x48 pixels is a face that was cropped already. Where no face is found, or the file cannot be read,
    the picture is named in `problems`; so are folders of other classes.

    Args:
        root: Has a folder for each class.
        progress: Is called with the pictures done and their number, after each.
        classes: The classes' names, in order.
        framing: How the model that is judged asks for faces.

    Returns:
        The largest face of each photograph, as recognition crops it.

    Raises:
        DataError: There is nothing to judge.
    """
    folders = _class_folders(root, classes)
    known = {folder for folder, _ in folders}
    others = [entry.name for entry in entries(root) if entry.is_dir() and entry not in known]
    files = [
        (label, path)
        for folder, label in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".")
    ]
    detector = FaceDetector()
    faces, labels, ids = [], [], []
    problems = [Problem(name, not_a_class(classes)) for name in others]
    for number, (label, path) in enumerate(files, start=1):
        face = _face(path, detector, framing)
        if isinstance(face, str):
            problems.append(Problem(str(path.relative_to(root)), face))
        else:
            faces.append(face)
            labels.append(label)
            ids.append(str(path.relative_to(root)))
        if progress:
            progress(number, len(files))
    if not faces:
        raise DataError(f"{root}: no face was found in any of its {len(files)} pictures")
    layout = f"photographs in {', '.join(folder.name for folder, _ in folders)}"
    return FaceData.of(np.stack(faces), labels, [PART] * len(faces), ids, problems, layout, classes)


def _class_folders(root: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    labelled = [(entry, folder_label(entry, classes)) for entry in entries(root)]
    return [(folder, label) for folder, label in labelled if label is not None]


def _face(path: Path, detector: FaceDetector, framing: Framing) -> np.ndarray | str:
    """The largest face, uint8 [48, 48], or the reason why there is none."""
    try:
        picture = read_picture(path)
    except PictureError as error:
        return str(error).removeprefix(f"{path}: ")
    if picture.shape[:2] == (FACE_SIZE, FACE_SIZE):
        return luma(picture)
    found = detector.detect(picture)
    return crop_picture(picture, framing.square(found[0]), FACE_SIZE) if found else "no face was found"
