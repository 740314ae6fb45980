"""FER+: FER2013's faces with the votes of ten raters, labelled by their majority, contempt among eight classes.

The rule is that of FER+'s own reader (Barsoum et al. 2016): single votes are dropped as outliers, and the most voted
answer needs more than half of what is left. Faces whose majority is "unknown" or "no face", or that have none, are left
out. The votes come along, so that a recipe can learn from them (`raters`).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from mien.data.dataset import Problem
from mien.data.imported import read_csv
from mien.data.importing.presets.fer2013 import PIXELS, USAGE, columns, face_of, pixel_files
from mien.data.importing.source import LEAVE_OUT, PART_OF, LabelledPicture, Preset, Source, files_below, is_picture
from mien.data.votes import RATED, bad_votes
from mien.errors import DataError
from mien.expressions import CONTEMPT, EXPRESSIONS

VOTES = "fer2013new.csv"
_INDEX = "fer2013.csv"
_UNCLEAR = "no majority"
_NAMES = {kind.noun: kind.name for kind in (*EXPRESSIONS, CONTEMPT)}
CLASSES = _NAMES | {"unknown": LEAVE_OUT, "nf": LEAVE_OUT, _UNCLEAR: LEAVE_OUT}


def majority_label(votes: tuple[int, ...]) -> str:
    """The answer that FER+'s rule takes from ten counts in the order of `RATED`; "no majority" where there is none.

    Args:
        votes: Ten counts.

    Returns:
        A name of `RATED`, or "no majority".
    """
    kept = np.where(np.array(votes) > 1, votes, 0)
    return RATED[int(kept.argmax())] if 2 * kept.max() > kept.sum() else _UNCLEAR


def _recognises(root: Path) -> bool:
    return root.is_dir() and (root / VOTES).is_file()


def _read(root: Path) -> Source:
    rows = list(_own_rows(root) if (root / VOTES).is_file() else _index_rows(root))
    pictures, problems = [], []
    for place, picture, part, votes in rows:
        if picture is None:
            problems.append(Problem(place, "no picture of this row"))
        else:
            pictures.append(LabelledPicture(place, majority_label(votes), picture, part, "", votes))
    return Source(pictures, problems)


Row = tuple[str, Path | np.ndarray | None, str | None, tuple[int, ...]]


def _own_rows(root: Path) -> Iterator[Row]:
    """FER+'s own table, whose rows are in the order of FER2013's: its faces are pixels in a CSV, or fer0000000.png."""
    table = read_csv(root / VOTES)
    answers = _vote_columns(root / VOTES, table)
    files = [path for path, _ in pixel_files(root) if {PIXELS, USAGE} <= set(columns(path))]
    faces: list[Path | np.ndarray | None]
    if files:
        faces = [face_of(pixels) for pixels in read_csv(files[0])[PIXELS]]
        if len(faces) != len(table):
            raise DataError(
                f"{files[0]} has {len(faces):,} rows and {VOTES} {len(table):,}; they must be the same ones"
            )
    else:
        there = {path.name: path for path in files_below(root) if is_picture(path)}
        if not there:
            raise DataError(f"{root}: {VOTES} needs FER2013's faces beside it: fer2013.csv, or pictures fer0000000.png")
        faces = [there.get(str(name)) for name in table["Image name"]]
    for row, (face, usage, votes) in enumerate(zip(faces, table[USAGE], answers, strict=True)):
        yield f"{VOTES}:{row}", face, PART_OF.get(str(usage).strip().lower()), votes


def _index_rows(root: Path) -> Iterator[Row]:
    """Pictures called after their row, and an index with columns usage and votes_*."""
    path = root / _INDEX
    if not path.is_file():
        raise DataError(f"{root}: neither {VOTES} nor the index {_INDEX} with votes_neutral, ... is in it")
    table = read_csv(path)
    wanted = [f"votes_{name}" for name in RATED]
    if not {"row", "usage", *wanted} <= set(table.columns):
        raise DataError(f"{path}: no votes in it; put FER+'s {VOTES} beside it")
    if wrong := bad_votes(table):
        raise DataError(f"{path}: {wrong}; votes are whole numbers from 0")
    there = {file.stem: file for file in files_below(root) if is_picture(file)}
    for row, usage, *votes in table[["row", "usage", *wanted]].itertuples(index=False):
        yield f"{_INDEX}:{row}", there.get(str(row)), PART_OF.get(str(usage)), tuple(int(count) for count in votes)


def _vote_columns(path: Path, table: pd.DataFrame) -> list[tuple[int, ...]]:
    wanted = {name.lower(): name for name in table.columns}
    if missing := [name for name in (*RATED, "usage", "image name") if name not in wanted]:
        raise DataError(f"{path}: it lacks the column {missing[0]}")
    renamed = table.rename(columns={wanted[name]: f"votes_{name}" for name in RATED})
    renamed["row"] = range(len(renamed))
    if wrong := bad_votes(renamed):
        raise DataError(f"{path}: {wrong}; votes are whole numbers from 0")
    votes = renamed[[f"votes_{name}" for name in RATED]].to_numpy(np.int64)
    return [tuple(row) for row in votes.tolist()]


FER_PLUS = Preset(
    "fer+",
    f"FER2013's faces with {VOTES}, or pictures with an index fer2013.csv that has votes_*",
    _recognises,
    _read,
    CLASSES,
)
