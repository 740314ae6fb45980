"""What a data set in some layout gives: its labelled pictures, before any of them is read."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mien.data.dataset import Problem, entries
from mien.recognition.file_types import PICTURE_SUFFIXES

LEAVE_OUT = ""
"""The class of labels that are not to be learned."""
_PARTS = {
    "train": ("train", "training", "train_set", "fer2013train"),
    "validation": ("validation", "val", "valid", "dev", "val_set", "publictest", "fer2013valid"),
    "test": ("test", "testing", "test_set", "privatetest", "fer2013test"),
}
PART_OF = {name: part for part, names in _PARTS.items() for name in names}
"""Parts by what data sets call them, in lower case."""


@dataclass(frozen=True)
class LabelledPicture:
    """One picture of a source.

    Attributes:
        place: Where it is in the source, for messages and the index: a path below it, or a file and its row.
        label: What the source says of it, as it says it.
        picture: Its file, or its pixels, uint8 [H, W].
        part: train, validation or test; None where the source does not say.
        subject: Who is shown; "" where that is not known.
        votes: How many of FER+'s raters said what, in the order of `votes.RATED`; None where they were not asked.
    """

    place: str
    label: str
    picture: Path | np.ndarray
    part: str | None = None
    subject: str = ""
    votes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Source:
    """What was found: pictures, and what was left out already.

    named: labels that the source has a place for, such as a folder, with or without pictures.
    """

    pictures: list[LabelledPicture]
    problems: list[Problem] = field(default_factory=list)
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    """A layout that is known.

    Attributes:
        name: As `--preset` takes it.
        layout: In one line, for the help.
        recognises: Whether a folder or file holds it.
        read: What it holds; raises DataError where it does not.
        classes: Names of classes by the labels of the source, in the order of the classes; None where the labels are
            names themselves.
        faces_are_cut: Whether its pictures are faces and nothing else; None where their size tells.
    """

    name: str
    layout: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Source]
    classes: Mapping[str, str] | None
    faces_are_cut: bool | None = True


def place_of(path: Path, root: Path) -> str:
    """A file's place below the source, with / on every system and letters in their composed form.

    Args:
        path: The file.
        root: The source.

    Returns:
        A relative path.
    """
    return unicodedata.normalize("NFC", path.relative_to(root).as_posix())


def files_below(folder: Path) -> Iterator[Path]:
    """All files in a folder and its folders, sorted, without hidden ones.

    Args:
        folder: Where.

    Yields:
        Their paths.
    """
    for entry in entries(folder):
        if entry.is_dir():
            yield from files_below(entry)
        else:
            yield entry


def is_picture(path: Path) -> bool:
    """Whether a file's name says that it is a picture.

    Args:
        path: The file.

    Returns:
        By its suffix, in upper or lower case.
    """
    return path.suffix.lower() in PICTURE_SUFFIXES


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, sorted, without hidden ones.

    Args:
        folder: Where.

    Returns:
        Their paths.
    """
    return [entry for entry in entries(folder) if entry.is_dir()]


def parts_in(root: Path) -> list[tuple[str | None, Path]]:
    """The folders of a source's parts, or the source itself without a part.

    A single folder that holds everything is gone into, as archives have it.

    Args:
        root: The source.

    Returns:
        Parts and their folders.
    """
    here = root
    while len(inside := folders_in(here)) == 1 and inside[0].name.lower() not in PART_OF:
        if any(map(is_picture, entries(here))):
            break
        if not folders_in(inside[0]):
            break  # a single class's folder
        here = inside[0]
    named: list[tuple[str | None, Path]] = [
        (PART_OF[folder.name.lower()], folder) for folder in folders_in(here) if folder.name.lower() in PART_OF
    ]
    return named or [(None, here)]


def class_folders(root: Path, subject: re.Pattern[str] | None = None) -> Source:
    """A folder for each class, perhaps within folders for the parts; the folders' names are the labels.

    Args:
        root: The source.
        subject: Finds who is shown in a file's name.

    Returns:
        The pictures with their labels.
    """
    pictures, problems, named = [], [], {}
    for part, folder in parts_in(root):
        for entry in entries(folder):
            if not entry.is_dir():
                problems.append(Problem(place_of(entry, root), "not in a class's folder"))
                continue
            label = unicodedata.normalize("NFC", entry.name)
            named[label] = True
            for file in files_below(entry):
                place = place_of(file, root)
                if not is_picture(file):
                    problems.append(Problem(place, f"not a picture ({file.suffix or 'no suffix'})"))
                    continue
                found = subject.search(file.name) if subject else None
                pictures.append(LabelledPicture(place, label, file, part, found[0] if found else ""))
    return Source(pictures, problems, tuple(named))


def labels_in(root: Path) -> set[str]:
    """Names of the folders that `class_folders` would take for classes.

    Args:
        root: The source.

    Returns:
        Without their parts.
    """
    return {folder.name for _, place in parts_in(root) for folder in folders_in(place)} if root.is_dir() else set()


def first_picture(root: Path) -> Path | None:
    """The first picture below a folder.

    Args:
        root: The folder.

    Returns:
        None where there is none.
    """
    return next(filter(is_picture, files_below(root)), None)
