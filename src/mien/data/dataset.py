"""Read a data set of faces into one uint8 array, with labels, splits, FER+ votes and groups of identical pictures.

Three layouts are read: the Kaggle folders (`[images/]{train,validation}/<class>/*`), the common FER2013 folders
(`{train,test}/<class>/*`), and the original `fer2013.csv` (`emotion,pixels,Usage`). An index `fer2013.csv` beside the
folders (`row,label,usage,kaggle_split,...,votes_*`, file stem = row) adds the official split and FER+'s votes. A folder
that `mien data import` wrote says its own classes (`imported`).

A class's folder bears its name, adjective or noun ("angry", "anger"; "fear", "fearful"), in upper or lower case, as do
the parts; a number may stand before it ("0_angry", "03.fear"). Labelled photographs of any size are another module's:
`photographs`.
"""

import hashlib
import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd
from PIL import Image, ImageOps

from mien.data.imported import Imported, read_csv, read_imported
from mien.data.votes import RATED, VOTED, bad_votes, vote_shares
from mien.errors import DataError
from mien.expressions import NAMES, label_of

FACE_SIZE = 48
Split = Literal["kaggle", "official"]
SPLITS: tuple[str, ...] = get_args(Split)
PARTS = ("train", "validation", "test")
_ANOTHER_SIZE = f" instead of {FACE_SIZE}x{FACE_SIZE}"
_PICTURES = {".png", ".jpg", ".jpeg"}
_FOLDERS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
_NUMBER_BEFORE = re.compile(r"^\d+[ ._-]+")
_NEEDED = "a folder for each class, named like angry or Anger"
_USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


@dataclass(frozen=True)
class Problem:
    """A file, folder or row that was left out.

    Attributes:
        place: Its name.
        reason: Why, in a few words.
    """

    place: str
    reason: str


@dataclass(frozen=True)
class FaceData:
    """Faces and what is known of them, row by row.

    Attributes:
        faces: uint8 [N, 48, 48].
        labels: int64 [N], indices in `classes`.
        parts: str [N]: train, validation or test.
        ids: str [N], file or line.
        groups: int64 [N], equal where the pixels are equal.
        votes: float32 [N, 8] of FER+ (columns `VOTED`, rows sum to 1, or to 0 where there are none), or None.
        problems: What was left out.
        layout: What was read, in words.
        raters: int64 [N, 10], how many of FER+'s raters said what (columns `RATED`), or None.
        classes: The classes' names, in order.
        subjects: str [N], who is shown, "" where that is not known, or None.
    """

    faces: np.ndarray
    labels: np.ndarray
    parts: np.ndarray
    ids: np.ndarray
    groups: np.ndarray
    votes: np.ndarray | None = None
    problems: tuple[Problem, ...] = field(default=())
    layout: str = ""
    raters: np.ndarray | None = None
    classes: tuple[str, ...] = NAMES
    subjects: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        faces: np.ndarray,
        labels: Sequence[int],
        parts: Sequence[str],
        ids: Sequence[str],
        problems: Sequence[Problem],
        layout: str,
        classes: tuple[str, ...] = NAMES,
    ) -> "FaceData":
        """What was just read, row by row, without votes.

        Args:
            faces: uint8 [N, 48, 48].
            labels: N indices in `classes`.
            parts: N parts of the split.
            ids: N files or lines.
            problems: What was left out.
            layout: What was read, in words.
            classes: The classes' names, in order.

        Returns:
            The faces, with equal pixels grouped.
        """
        return cls(
            faces=faces,
            labels=np.array(labels, np.int64),
            parts=np.array(parts),
            ids=np.array(ids),
            groups=_identical(faces),
            problems=tuple(problems),
            layout=layout,
            classes=classes,
        )

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, mask: np.ndarray) -> "FaceData":
        """Some of the rows.

        Args:
            mask: bool [N].

        Returns:
            The rows for which it is true, in order.
        """
        votes = None if self.votes is None else self.votes[mask]
        return replace(
            self,
            faces=self.faces[mask],
            labels=self.labels[mask],
            parts=self.parts[mask],
            ids=self.ids[mask],
            groups=self.groups[mask],
            votes=votes,
            raters=None if self.raters is None else self.raters[mask],
            subjects=None if self.subjects is None else self.subjects[mask],
        )

    def part(self, name: str) -> "FaceData":
        """One part of the split.

        Args:
            name: "train", "validation" or "test".

        Returns:
            Its rows.

        Raises:
            DataError: It is empty.
        """
        chosen = self.where(self.parts == name)
        if not len(chosen):
            raise DataError(f"this data has no part '{name}'; it has {', '.join(sorted(set(self.parts)))}")
        return chosen

    def training_part(self) -> "FaceData":
        """The training part without exact copies of pictures of the other parts, as trainings take it.

        Returns:
            Some of the rows of part "train".

        Raises:
            DataError: There is no part "train".
        """
        return self.part("train").without_copies_of(self.where(self.parts != "train"))

    def without_copies_of(self, other: "FaceData") -> "FaceData":
        """The rows whose exact pixels do not occur in `other`.

        Args:
            other: Of the same data set, so that its groups are comparable.

        Returns:
            Some of the rows.
        """
        return self.where(~np.isin(self.groups, other.groups))

    def fingerprint(self) -> str:
        """SHA-256 over pixels and labels, in order: names this data in a model file.

        Returns:
            In hexadecimal.
        """
        digest = hashlib.sha256(np.ascontiguousarray(self.faces).tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        if self.classes != NAMES:
            digest.update("\n".join(self.classes).encode())
        return digest.hexdigest()


def folder_label(folder: Path, classes: tuple[str, ...] = NAMES) -> int | None:
    """The label of a class's folder.

    Args:
        folder: May begin with a number, as in "0_angry".
        classes: The classes' names, in order.

    Returns:
        The label, an index in `classes`; None for another folder.
    """
    if not folder.is_dir():
        return None
    label = label_of(folder.name, classes)
    return label_of(_NUMBER_BEFORE.sub("", folder.name, count=1), classes) if label is None else label


def not_a_class(classes: tuple[str, ...]) -> str:
    """Why another folder beside those of the classes is passed over.

    Args:
        classes: The classes' names, in order.

    Returns:
        A few words.
    """
    return f"not a folder of one of the {'seven' if classes == NAMES else len(classes)} classes"


def load(root: Path, split: str = "official", progress: Callable[[int, int], None] | None = None) -> FaceData:
    """Read a data set.

    Broken, empty or wrongly sized pictures are left out and named in `problems`.

    Args:
        root: Its folder, or FER2013's CSV file.
        split: "kaggle" or "official".
        progress: Is called with the pictures done and their number, now and then.

    Returns:
        All parts of the split.

    Raises:
        DataError: A folder or a class is missing, the layout is unknown, or the split is not there.
    """
    if split not in SPLITS:
        raise DataError(f"unknown split '{split}'; there are {' and '.join(SPLITS)}")
    place = _locate(root)
    if place.is_file():
        if split != "official":
            raise DataError(f"{place}: holds the official split only; use --split official")
        return _read_pixels_csv(place)
    imported = read_imported(place)
    names = NAMES if imported is None else imported.classes
    classes, beside = _class_folders(place, names)
    index = _index_beside(root, place)
    if split not in _folder_splits(place, index):
        raise DataError(
            f"{root}: the official split needs test/ or the index fer2013.csv beside the folders; use --split kaggle"
            if split == "official"
            else f"{root}: the kaggle split needs validation/ beside train/; use --split official"
        )
    data = _read_folders(place, classes, beside, progress, names)
    if imported is not None:
        return _completed(data, imported)
    return data if index is None else _with_index(data, index, split)


def available_splits(root: Path) -> tuple[str, ...]:
    """Which splits `load` can read.

    Args:
        root: The data set's folder, or FER2013's CSV file.

    Returns:
        At least one, the official one first.

    Raises:
        DataError: There is none.
    """
    place = _locate(root)
    splits = ("official",) if place.is_file() else _folder_splits(place, _index_beside(root, place))
    if not splits:
        raise DataError(f"{root}: found train/, but neither validation/ nor test/ beside it")
    return splits


def _locate(root: Path) -> Path:
    """The folder that holds train/, or the CSV file to read instead."""
    if root.is_file():
        if root.suffix.lower() != ".csv":
            raise DataError(f"{root}: neither a folder nor a .csv file; unpack it first")
        return root
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; give the folder that holds train/ and validation/ or test/")
    for folder in (root, root / "images"):
        if "train" in (part for part, _ in _part_folders(folder)):
            return folder
    if (root / "fer2013.csv").is_file():
        return root / "fer2013.csv"
    inside = [entry for entry in entries(root) if entry.is_dir()]
    if len(inside) == 1:
        raise DataError(f"{root}: found one folder, {inside[0].name}: give that")
    raise DataError(
        f"{root}: found {_some(inside)}, and neither train/ nor fer2013.csv; "
        f"train/ needs {_NEEDED}, and so do photographs for mien evaluate"
    )


def _some(folders: list[Path]) -> str:
    """The first few by name."""
    names = ", ".join(folder.name for folder in folders[:8]) + (", ..." if len(folders) > 8 else "")
    return f"the folders {names}" if folders else "no folder"


def _part_folders(folder: Path) -> list[tuple[str, Path]]:
    """Parts and their folders, in the order of `PARTS`."""
    found = [(_FOLDERS[entry.name.lower()], entry) for entry in entries(folder) if entry.name.lower() in _FOLDERS]
    return sorted((pair for pair in found if pair[1].is_dir()), key=lambda pair: PARTS.index(pair[0]))


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, sorted, without hidden files.

    Args:
        folder: Need not exist.

    Returns:
        Paths; nothing where there is no folder.

    Raises:
        DataError: It cannot be read.
    """
    if not folder.is_dir():
        return []
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error


def _folder_splits(folder: Path, index: pd.DataFrame | None) -> tuple[str, ...]:
    parts = {part for part, _ in _part_folders(folder)}
    there = {"official": index is not None or "test" in parts, "kaggle": "validation" in parts}
    return tuple(split for split, present in there.items() if present)


def _index_beside(root: Path, folder: Path) -> pd.DataFrame | None:
    for place in (root, folder, folder.parent):
        path = place / "fer2013.csv"
        if path.is_file():
            index = read_csv(path)
            if not {"row", "usage"} <= set(index.columns):
                return None
            if not index["row"].is_unique or not index["usage"].isin(PARTS).all():
                raise DataError(f"{path}: each row must be named once, with a usage of {', '.join(PARTS)}")
            if wrong := bad_votes(index):
                raise DataError(f"{path}: {wrong}; votes are whole numbers from 0")
            return index.set_index("row")
    return None


def read_face(path: Path) -> np.ndarray | str:
    """Read one picture of a data set.

    Args:
        path: The file.

    Returns:
        uint8 [48, 48], or the reason why it cannot be used.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return error.strerror or "cannot be read"
    if not content:
        return "empty file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Pillow has to say of a picture is said by name
            with Image.open(BytesIO(content)) as picture:
                if picture.size != (FACE_SIZE, FACE_SIZE):
                    return f"{picture.width}x{picture.height}{_ANOTHER_SIZE}"
                return _grey(picture)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):  # what its decoders raise
        return "not a readable picture"


def _grey(picture: Image.Image) -> np.ndarray:
    """Upright uint8 [H, W]; of a colour JPEG the luma that it holds, of 16 bits the upper eight."""
    picture.draft("L", picture.size)
    picture.load()
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode.startswith("I"):
        return (np.asarray(picture).astype(np.int32) >> 8).clip(0, 255).astype(np.uint8)
    return np.array(picture.convert("L"))


def _class_folders(folder: Path, names: tuple[str, ...]) -> tuple[list[tuple[str, int, Path]], list[Problem]]:
    """Part, label and folder of each class, in that order, and what stands beside them."""
    found: list[tuple[str, int, Path]] = []
    problems: list[Problem] = []
    for part, place in _part_folders(folder):
        here = []
        for entry in entries(place):
            label = folder_label(entry, names)
            if label is None:
                problems.append(Problem(str(entry.relative_to(folder)), not_a_class(names)))
            else:
                here.append((part, label, entry))
        missing = [name for label, name in enumerate(names) if label not in {label for _, label, _ in here}]
        if missing:
            inside = _some([entry for entry in entries(place) if entry.is_dir()])
            raise DataError(f"{place}: no folder for {', '.join(missing)}; it has {inside}, and needs {_NEEDED}")
        found += sorted(here, key=lambda entry: entry[1])
    return found, problems


def _read_folders(
    folder: Path,
    classes: list[tuple[str, int, Path]],
    beside: list[Problem],
    progress: Callable[[int, int], None] | None,
    names: tuple[str, ...] = NAMES,
) -> FaceData:
    """The pictures in what `_class_folders` found."""
    files = [(part, label, path) for part, label, place in classes for path in entries(place)]
    problems: list[Problem] = []
    faces = np.empty((len(files), FACE_SIZE, FACE_SIZE), np.uint8)
    good: list[int] = []
    for number, (_, _, path) in enumerate(files):
        face = read_face(path) if path.suffix.lower() in _PICTURES else "not a .png or .jpg file"
        if isinstance(face, str):
            problems.append(Problem(str(path.relative_to(folder)), face))
        else:
            faces[len(good)] = face
            good.append(number)
        if progress and number % 500 == 0:
            progress(number, len(files))
    if progress:
        progress(len(files), len(files))
    if not good:
        raise DataError(f"{folder}: no usable picture in it{_why(problems, classes[-1][2].parent)}")
    filled = {(files[i][0], files[i][1]) for i in good}
    for part, place in _part_folders(folder):
        if part not in {found for found, _ in filled}:
            raise DataError(f"{place}: no usable picture in it; fill its folders, or remove it")
    problems += [
        Problem(str(place.relative_to(folder)), "no usable picture of this class")
        for part, label, place in classes
        if (part, label) not in filled
    ]
    return FaceData.of(
        faces[: len(good)],
        [files[i][1] for i in good],
        [files[i][0] for i in good],
        [str(files[i][2].relative_to(folder)) for i in good],
        beside + problems,
        f"folders {' and '.join(f'{place.name}/' for _, place in _part_folders(folder))}",
        names,
    )


def _why(problems: list[Problem], part: Path) -> str:
    """What is wrong with most of the pictures; `part`'s folder can be judged as photographs if it is their size."""
    if not problems:
        return ""
    reason, count = Counter(problem.reason for problem in problems).most_common(1)[0]
    remedy = f"; mien evaluate takes photographs of any size: --data {part}" if reason.endswith(_ANOTHER_SIZE) else ""
    return f": {count} of {len(problems)} files: {reason}{remedy}"


def _with_index(data: FaceData, index: pd.DataFrame, split: str) -> FaceData:
    """Parts and votes by the index; the Kaggle split keeps its folders' parts, so pictures that are not in it too."""
    rows = pd.to_numeric(pd.Series([Path(name).stem for name in data.ids]), errors="coerce")
    data = replace(data, layout=f"{data.layout}, with the index fer2013.csv")
    if split == "official":
        known = rows.isin(index.index).to_numpy()
        if not known.any():
            raise DataError("no picture's name is a row of the index fer2013.csv; name them <row>.png or .jpg")
        lost = tuple(Problem(name, "not in the index fer2013.csv") for name in data.ids[~known])
        data, rows = replace(data.where(known), problems=data.problems + lost), rows[known]
        data = replace(data, parts=index["usage"].reindex(rows).to_numpy(str))
    return _with_votes(data, index.reindex(rows))


def _with_votes(data: FaceData, table: pd.DataFrame) -> FaceData:
    """The votes of a table with a row for each picture, where it has their columns."""
    if f"votes_{VOTED[0]}" in table.columns:
        votes = table[[f"votes_{name}" for name in VOTED]].fillna(0)
        data = replace(data, votes=vote_shares(votes.to_numpy(np.float32)))
    if {f"votes_{name}" for name in RATED} <= set(table.columns):
        raters = table[[f"votes_{name}" for name in RATED]].fillna(0)
        data = replace(data, raters=raters.to_numpy(np.int64))
    return data


def _completed(data: FaceData, imported: Imported) -> FaceData:
    """Subjects and votes of what `mien data import` wrote, by its index."""
    if imported.index is None:
        return data
    table = imported.index.reindex(data.ids)
    if "subject" in table.columns:
        data = replace(data, subjects=table["subject"].fillna("").to_numpy(str))
    return _with_votes(replace(data, layout=f"{data.layout}, imported"), table)


def classes_of(root: Path) -> tuple[str, ...]:
    """The classes of the data set under `root`, in order, before its pictures are read.

    Args:
        root: The data set's folder or file.

    Returns:
        Their names; the seven where nothing else is said.

    Raises:
        DataError: What `mien data import` wrote there is damaged.
    """
    imported = read_imported(root)
    return NAMES if imported is None else imported.classes


def _read_pixels_csv(path: Path) -> FaceData:
    table = read_csv(path)
    if missing := [name for name in ("emotion", "pixels", "Usage") if name not in table.columns]:
        raise DataError(
            f"{path}: needs the columns emotion, pixels and Usage, or picture folders beside it; it lacks "
            f"{' and '.join(missing)}"
        )
    faces: list[np.ndarray] = []
    labels: list[int] = []
    parts: list[str] = []
    ids: list[str] = []
    problems: list[Problem] = []
    emotions = pd.to_numeric(table["emotion"], errors="coerce")  # one bad label must not make text of all
    for number, (emotion, pixels, usage) in enumerate(zip(emotions, table["pixels"], table["Usage"], strict=True)):
        try:
            face = np.array(str(pixels).split(), np.int64)  # as uint8, NumPy 1.26 would make 44 of 300
        except (ValueError, OverflowError):
            face = np.empty(0, np.int64)
        if face.size != FACE_SIZE**2 or face.min() < 0 or face.max() > 255:
            problems.append(Problem(f"row {number}", f"not {FACE_SIZE**2} pixels of 0 to 255"))
        elif emotion not in range(len(NAMES)) or usage not in _USAGES:
            reason = f"unknown emotion {table['emotion'].iloc[number]} or usage {usage}"
            problems.append(Problem(f"row {number}", reason))
        else:
            faces.append(face.astype(np.uint8).reshape(FACE_SIZE, FACE_SIZE))
            labels.append(int(emotion))
            parts.append(_USAGES[usage])
            ids.append(str(number))
    if not faces:
        raise DataError(f"{path}: no usable row in it")
    return FaceData.of(np.stack(faces), labels, parts, ids, problems, f"rows of {path.name}")


def _identical(faces: np.ndarray) -> np.ndarray:
    """Equal numbers for equal pixels: int64 [N]."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(face.tobytes(), number) for number, face in enumerate(faces)], np.int64)
