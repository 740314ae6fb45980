"""What several commands share: options, and the bar shown while a data set is read."""

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.console import Terminal, bar
from mien.errors import DataError
from mien.expressions import NAMES, label_of

if TYPE_CHECKING:
    from mien.data.dataset import FaceData
    from mien.evaluation.world import WorldSet
    from mien.recognition.framing import Framing

DataFolder = Annotated[
    Path, typer.Option("--data", envvar="MIEN_DATA", help="The data set: Kaggle or FER2013 folders, or fer2013.csv.")
]


def finite(value: float | None) -> float | None:
    """An option's callback: NaN lies in every range that is asked for by comparing.

    Args:
        value: The option's.

    Returns:
        The same.

    Raises:
        typer.BadParameter: It is NaN or infinite.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number")
    return value


def class_label(name: str, classes: tuple[str, ...] = NAMES) -> int:
    """The label, a place in `classes`, of a class called as a data set's folders may be.

    Args:
        name: In upper or lower case.
        classes: The classes' names, in order.

    Returns:
        An index in `classes`.

    Raises:
        DataError: It is unknown.
    """
    label = label_of(name, classes)
    if label is None:
        raise DataError(f"unknown expression '{name}'; there are {', '.join(classes)}")
    return label


def load_with_progress(root: Path, split: str) -> "FaceData":
    """Read a data set with a bar on the terminal's error stream, and say there how much of it was left out.

    Args:
        root: The data set's folder.
        split: "kaggle" or "official".

    Returns:
        All parts of the split.

    Raises:
        DataError: It cannot be read.
    """
    from mien.data import dataset

    with bar() as show:
        data = dataset.load(root, split, partial(show, "reading pictures"))
    if data.problems:
        first = data.problems[0]
        Terminal(stderr=True).tell(
            f"left out: {len(data.problems)}, e.g. {first.place}: {first.reason}; mien data check names all"
        )
    return data


def load_photographs_with_progress(root: Path, classes: tuple[str, ...], framing: "Framing") -> "FaceData":
    """Find the faces in labelled photographs, and say on the terminal's error stream which are left out.

    Args:
        root: Has a folder for each class.
        classes: The classes' names, in order.
        framing: How the model that is judged asks for faces.

    Returns:
        The faces that are found.

    Raises:
        DataError: There is nothing to judge.
    """
    from mien.data import photographs

    with bar() as show:
        found = photographs.load(root, partial(show, "finding faces"), classes, framing)
    console = Terminal(stderr=True)
    for problem in found.problems:
        console.tell(f"left out: {problem.place}: {problem.reason}")
    return found


def load_world_with_progress(root: Path, classes: tuple[str, ...], framing: "Framing") -> "list[WorldSet]":
    """Find the faces in sets of photographs, and say on the terminal's error stream in how many there is none.

    Args:
        root: Has a folder for each set.
        classes: The classes' names, in order.
        framing: How the model that is judged asks for faces.

    Returns:
        The sets.

    Raises:
        DataError: There is nothing to judge.
    """
    from mien.evaluation import world

    with bar() as show:
        sets = world.load(root, show, classes, framing)
    for one in sets:
        if one.missed:
            Terminal(stderr=True).tell(f"{one.name}: no face is found in {one.missed} of {one.pictures}")
    return sets
