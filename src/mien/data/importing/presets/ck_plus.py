"""CK+: Kaggle's folders of cut faces, its CSV, and the original sequences with their labels in text files."""

import re
from pathlib import Path

from mien.data.dataset import Problem
from mien.data.importing.presets.fer2013 import pixel_files, read_pixels
from mien.data.importing.source import (
    LabelledPicture,
    Preset,
    Source,
    class_folders,
    files_below,
    first_picture,
    is_picture,
    labels_in,
    place_of,
)
from mien.errors import DataError
from mien.expressions import CONTEMPT, NAMES, label_of

# Of Kaggle's ckextended.csv.
_OF_CSV = {
    "0": "angry",
    "1": "disgust",
    "2": "fear",
    "3": "happy",
    "4": "sad",
    "5": "surprise",
    "6": "neutral",
    "7": "contempt",
}
_OF_ORIGINAL = {
    "0": "neutral",
    "1": "angry",
    "2": "contempt",
    "3": "disgust",
    "4": "fear",
    "5": "happy",
    "6": "sad",
    "7": "surprise",
}
_CLASSES = (*NAMES, CONTEMPT.name)
_SUBJECT = re.compile(r"S\d{3}")
_FRAME = re.compile(r"S\d{3}_\d{3}_\d+")
_LABEL = "_emotion.txt"
_CSV = "ckextended.csv"


def _csv_in(root: Path) -> Path | None:
    if root.is_file():
        return root if root.name.lower() == _CSV else None
    return next((path for path in files_below(root) if path.name.lower() == _CSV), None)


def _labels_below(root: Path) -> list[Path]:
    return [path for path in files_below(root) if path.name.endswith(_LABEL)] if root.is_dir() else []


def _recognises(root: Path) -> bool:
    if _csv_in(root) is not None or _labels_below(root):
        return True
    first = first_picture(root) if labels_in(root) else None
    return first is not None and _FRAME.match(first.name) is not None


def _read(root: Path) -> Source:
    if (path := _csv_in(root)) is not None or (root.is_file() and (path := _given_csv(root))):
        return _named(read_pixels(path, None), _OF_CSV)
    labels = _labels_below(root)
    if labels:
        return _named(_sequences(root, labels), _OF_ORIGINAL)
    if not labels_in(root):
        raise DataError(f"{root}: no folders of classes, no {_CSV} and no *{_LABEL}")
    found = class_folders(root, _SUBJECT)
    names = {
        label: _CLASSES[place] if (place := label_of(label, _CLASSES)) is not None else label for label in found.named
    }
    return _named(found, names)


def _given_csv(path: Path) -> Path | None:
    return next((file for file, _ in pixel_files(path)), None)


def _named(found: Source, names: dict[str, str]) -> Source:
    """The same with labels that are classes' names: numbers mean one thing in one file and another in others."""
    pictures = [
        LabelledPicture(one.place, names.get(one.label, one.label), one.picture, one.part, one.subject)
        for one in found.pictures
    ]
    return Source(pictures, found.problems, tuple(names.get(label, label) for label in found.named))


def _sequences(root: Path, labels: list[Path]) -> Source:
    """The labelled frames, which are the last of their sequences: the expression at its height."""
    frames = {path.stem: path for path in files_below(root) if is_picture(path)}
    pictures, problems = [], []
    for path in labels:
        frame = frames.get(path.name.removesuffix(_LABEL))
        try:
            label = str(int(float(path.read_text(encoding="ascii").split()[0])))
        except (OSError, ValueError, IndexError):
            problems.append(Problem(place_of(path, root), "not a number"))
            continue
        if frame is None:
            problems.append(Problem(place_of(path, root), "no picture of this name"))
        else:
            subject = _SUBJECT.search(frame.name)
            pictures.append(LabelledPicture(place_of(frame, root), label, frame, None, subject[0] if subject else ""))
    return Source(pictures, problems)


CK_PLUS = Preset(
    "ck+",
    f"folders of classes with S010_004_00000017.png, {_CSV}, or sequences with *{_LABEL}",
    _recognises,
    _read,
    {name: name for name in _CLASSES},
    faces_are_cut=None,
)
