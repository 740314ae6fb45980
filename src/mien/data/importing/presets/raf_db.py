"""RAF-DB's basic expressions: folders 1 to 7, or one folder of pictures and list_patition_label.txt."""

import re
from pathlib import Path

from mien.data.dataset import Problem
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

CLASSES = {
    "6": "angry",
    "3": "disgust",
    "2": "fear",
    "4": "happy",
    "5": "sad",
    "1": "surprise",
    "7": "neutral",
}
_LISTS = ("list_patition_label.txt", "list_partition_label.txt")
_NAME = re.compile(r"(train|test)_\d+")


def _list_in(root: Path) -> Path | None:
    if not root.is_dir():
        return None
    return next((path for path in files_below(root) if path.name.lower() in _LISTS), None)


def _recognises(root: Path) -> bool:
    if _list_in(root) is not None:
        return True
    first = first_picture(root) if labels_in(root) == set(CLASSES) else None
    return first is not None and _NAME.match(first.name) is not None


def _read(root: Path) -> Source:
    listed = _list_in(root)
    if listed is None:
        if not labels_in(root) & set(CLASSES):
            raise DataError(f"{root}: no folders 1 to 7 and no {_LISTS[0]}")
        return class_folders(root)
    there = {found[0]: path for path in _aligned_last(root) if (found := _NAME.match(path.name))}
    pictures, problems = [], []
    for number, line in enumerate(listed.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        place, words = f"{listed.name}:{number}", line.split()
        found = _NAME.match(words[0]) if len(words) == 2 else None
        if found is None:
            if words:
                problems.append(Problem(place, "not a picture's name and a label"))
        elif (file := there.get(found[0])) is None:
            problems.append(Problem(place, f"no picture {words[0]}"))
        else:
            pictures.append(LabelledPicture(place_of(file, root), words[1], file, found[1]))
    return Source(pictures, problems)


def _aligned_last(root: Path) -> list[Path]:
    """Aligned faces after the photographs that they were cut from, so that they stand for both."""
    return sorted(filter(is_picture, files_below(root)), key=lambda path: "aligned" in path.stem)


RAF_DB = Preset("raf-db", f"folders 1 to 7, or aligned pictures with {_LISTS[0]}", _recognises, _read, CLASSES)
