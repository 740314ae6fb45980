"""A user's own table of what the labels of a data set mean, and where they stand: a TOML file.

```toml
[classes]            # what the data set says = the class's name; "" leaves such pictures out
"1" = "calm"
"2" = "tense"
"9" = ""

[table]              # only where a CSV file has the labels, and not the folders' names
file = "labels.csv"  # beside the pictures
picture = "file"     # the columns: the picture's place below the data set
label = "state"
subject = "person"   # these two may be left out
part = "split"
```
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mien.data.dataset import Problem
from mien.data.imported import read_csv
from mien.data.importing.source import PART_OF, LabelledPicture, Source
from mien.errors import DataError

_NEEDED, _OPTIONAL = ("file", "picture", "label"), ("subject", "part")


@dataclass(frozen=True)
class LabelTable:
    """classes: names by labels, in the order of the classes; table: the columns of the labels' table, or None."""

    classes: Mapping[str, str]
    table: Mapping[str, str] | None


def read_mapping(path: Path) -> LabelTable:
    """Read the TOML file of a mapping.

    Args:
        path: The file.

    Returns:
        The labels and what they mean.

    Raises:
        DataError: It cannot be read or says something else.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except ValueError as error:
        raise DataError(f"{path} is not valid TOML: {error}") from error
    if unknown := sorted(told.keys() - {"classes", "table"}):
        raise DataError(f"{path}: unknown key {unknown[0]}; there are [classes] and [table]")
    classes = _texts(path, told, "classes")
    if not classes:
        raise DataError(f'{path}: it needs a table [classes], such as "1" = "calm"')
    table = _texts(path, told, "table") if "table" in told else None
    if table is not None:
        if missing := [key for key in _NEEDED if key not in table]:
            raise DataError(f"{path}: [table] lacks {missing[0]}; it needs {', '.join(_NEEDED)}")
        if unknown := sorted(table.keys() - {*_NEEDED, *_OPTIONAL}):
            raise DataError(f"{path}: unknown key {unknown[0]} in [table]; there are {', '.join(_NEEDED + _OPTIONAL)}")
    return LabelTable(classes, table)


def _texts(path: Path, told: Mapping[str, Any], key: str) -> dict[str, str]:
    values = told.get(key, {})
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise DataError(f'{path}: [{key}] must be a table of texts, such as "1" = "calm"')
    return values


def read_table(root: Path, columns: Mapping[str, str]) -> Source:
    """The pictures that a CSV file names, with their labels.

    Args:
        root: The source.
        columns: Names of the columns, by what they hold.

    Returns:
        The pictures.

    Raises:
        DataError: Columns are not there.
    """
    path = root / columns["file"]
    if not path.is_file():
        raise DataError(f"{path}: no such table of labels")
    table = read_csv(path, dtype=str, keep_default_na=False)
    wanted = {key: name for key, name in columns.items() if key != "file"}
    if missing := [name for name in wanted.values() if name not in table.columns]:
        raise DataError(f"{path}: no column {missing[0]}; it has {', '.join(map(str, table.columns))}")
    pictures, problems = [], []
    for number, row in enumerate(table[list(wanted.values())].itertuples(index=False), start=2):
        told = dict(zip(wanted, row, strict=True))
        place = Path(told["picture"].replace("\\", "/"))
        if not (root / place).is_file():
            problems.append(Problem(f"{path.name}:{number}", f"no picture {told['picture']}"))
            continue
        part = told.get("part")
        named = None if part is None else PART_OF.get(part.strip().lower(), part)
        pictures.append(
            LabelledPicture(
                place.as_posix(), told["label"].strip(), root / place, named, told.get("subject", "").strip()
            )
        )
    return Source(pictures, problems)
