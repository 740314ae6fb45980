"""What several commands share: options, and the bar shown while a data set is read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from mien.data.dataset import FaceData

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="MIEN_DATA", help="The data set: Kaggle or FER2013 folders, or fer2013.csv."),
]


def load_with_progress(root: Path, split: str) -> "FaceData":
    """Read a data set with a bar on the terminal's error stream."""
    from mien.data import dataset

    columns = (TextColumn("reading pictures"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("read", total=None)
        return dataset.load(root, split, lambda done, total: bar.update(task, completed=done, total=total))
