"""What `mien data import` writes beside the pictures: the classes, and an index of where each picture is from.

`dataset.toml`: `classes`, in order. `index.csv`: a row a picture: `picture` (its place in the folder), `class`, `part`,
`subject`, `source`, and FER+'s `votes_*` where there are any.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mien.data.votes import bad_votes
from mien.errors import DataError
from mien.expressions import why_not

DESCRIPTION, INDEX = "dataset.toml", "index.csv"
AGAIN = "import it again: mien data import"


@dataclass(frozen=True)
class Imported:
    """classes: in order; index: by `picture`, as `mien data import` writes it, or None where the file is not there."""

    classes: tuple[str, ...]
    index: pd.DataFrame | None


def read_imported(root: Path) -> Imported | None:
    """What a folder says of itself.

    Args:
        root: The folder.

    Returns:
        None for one that was not imported.

    Raises:
        DataError: Its description or index is damaged.
    """
    path = root / DESCRIPTION
    if not path.is_file():
        return None
    try:
        classes = tomllib.loads(path.read_text(encoding="utf-8"))["classes"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: no list of classes can be read from it; {AGAIN}") from error
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise DataError(f"{path}: classes must be a list of names; {AGAIN}")
    if reason := why_not(classes):
        raise DataError(f"{path}: {reason}")
    return Imported(tuple(classes), _read_index(root / INDEX))


def _read_index(path: Path) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    index = read_csv(path, dtype={"picture": str, "class": str, "subject": str, "source": str}, keep_default_na=False)
    if "picture" not in index.columns or not index["picture"].is_unique:
        raise DataError(f"{path}: each picture must be named once, in a column picture; {AGAIN}")
    if wrong := bad_votes(index):
        raise DataError(f"{path}: {wrong}; votes are whole numbers from 0")
    return index.set_index("picture")


def read_csv(path: Path, **options: object) -> pd.DataFrame:
    """A CSV file as a table.

    Args:
        path: The file.
        options: Of pandas' `read_csv`.

    Returns:
        The table.

    Raises:
        DataError: It cannot be read.
    """
    try:  # one published copy of FER2013 has a space after each comma
        return pd.read_csv(path, skipinitialspace=True, **options)
    except (OSError, ValueError) as error:  # pandas' parser errors and wrong encodings are ValueErrors
        raise DataError(f"{path}: not a readable CSV file ({' '.join(str(error).split())[:120]})") from error
