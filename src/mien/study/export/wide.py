"""A table for R, SPSS and the like: a row a person and clip, a column a figure, with a codebook beside it.

Columns' names are ASCII letters, digits and underscores, begin with a letter, and have at most 64 of them, as SPSS
takes them; what is missing is an empty field, which R and SPSS read as missing.
"""

import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from mien.recognition.circumplex import coordinates
from mien.storage import csv_text, write_text
from mien.study.statistics import Told
from mien.study.study import Study
from mien.study.tables import Column, codebook, told_value

LONGEST = 64


def write(path: Path, study: Study) -> None:
    """Write the table, and the codebook as codebook.csv.

    Args:
        path: Where.
        study: The study.

    Raises:
        StorageError: Where the disk refuses.
    """
    columns, rows = table(study)
    names = [column.name for column in columns]
    records = [{key: told_value(value) for key, value in row.items()} for row in rows]
    write_text(path, csv_text(names, records))
    write_text(path.with_name("codebook.csv"), codebook({path.stem: columns}))


def table(study: Study) -> tuple[list[Column], list[dict[str, Any]]]:
    """The columns and the rows.

    Args:
        study: The study.

    Returns:
        The columns, and a record for each person and clip.
    """
    names = variable_names(study.classes)
    columns = [
        Column("person", "text", "the person"),
        Column("clip", "text", "the clip"),
        Column("group_name", "text", "the group, empty where none"),
        Column("in_sight", "number", "seconds in which the person is seen"),
        Column("judged", "number", "seconds of them that are judged"),
    ]
    for class_, name in zip(study.classes, names, strict=True):
        columns += [
            Column(f"share_{name}", "number", f"{class_}: share of the judged time that shows it, 0 to 1"),
            Column(f"mean_{name}", "number", f"{class_}: mean probability over the judged time, 0 to 1"),
            Column(f"onsets_{name}", "number", f"{class_}: bouts that begin while the face is in sight"),
            Column(f"duration_{name}", "number", f"{class_}: mean duration of a bout, seconds; empty without a bout"),
        ]
    if study.settings.circumplex:
        columns += [
            Column("valence_derived", "number", "derived, not measured: from the mean probabilities, -1 to 1"),
            Column("arousal_derived", "number", "derived, not measured: from the mean probabilities, -1 to 1"),
        ]
    return columns, [_row(study, one, names) for one in study.told]


def _row(study: Study, one: Told, names: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "person": one.stay.person,
        "clip": one.stay.clip.name,
        "group_name": one.group,
        "in_sight": one.in_sight,
        "judged": one.judged,
    }
    judged = one.judged or np.nan
    for label, name in enumerate(names):
        durations = [bout.duration for bout in one.bouts if bout.label == label]
        row |= {
            f"share_{name}": one.shown[label] / judged,
            f"mean_{name}": one.weight[label] / judged,
            f"onsets_{name}": int(one.onsets[label]),
            f"duration_{name}": np.mean(durations) if durations else np.nan,
        }
    if study.settings.circumplex:
        valence, arousal = one.weight @ coordinates(study.classes) / judged
        row |= {"valence_derived": valence, "arousal_derived": arousal}
    return row


def variable_names(classes: tuple[str, ...]) -> list[str]:
    """The classes as parts of variables' names, each its own: ASCII letters, digits and underscores.

    Args:
        classes: The classes' names, in the rows' order.

    Returns:
        A name for each.
    """
    made: list[str] = []
    room = LONGEST - len("duration_") - len("_99")
    for name in classes:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"\W+", "_", plain).strip("_")[:room] or "class"
        number = 2
        free = plain
        while free in made:
            free, number = f"{plain}_{number}", number + 1
        made.append(free)
    return made
