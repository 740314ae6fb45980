"""The part of `mien predict` that is about archives: folders of very many pictures."""

import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from mien.cli.console import Terminal, progress, say
from mien.cli.outputs import Failures, check_outputs
from mien.cores import cores

if TYPE_CHECKING:
    from mien.cli.predict_options import ArchiveOptions
    from mien.recognition.archive import Plan

MOST_NAMED = 5
"""Pictures that could not be read and are named; the table holds the others."""


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} pictures/s" if task.speed else "", style="dim")


def predict(pictures: list[Path], options: "ArchiveOptions") -> None:
    """Read what is not done yet into the folder's Parquet parts.

    Args:
        pictures: Their paths.
        options: The command line's.

    Raises:
        typer.Exit: With 2, where a picture could not be read.
        MienError: The folder or the model cannot be used.
    """
    from mien.recognition.archive import Archive, read_with_workers
    from mien.recognition.cluster import read_with_ray
    from mien.recognition.model import ModelFile

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    model, gate, folder = options.reading.model, options.reading.gate, options.folder
    assert folder is not None  # else there is no archive
    check_outputs((), folders=(folder,))
    opened = ModelFile.open(model, threads=1)
    archive = Archive(folder, opened.path, gate, opened.classes)
    plan = archive.plan(pictures)
    _say_odd(plan, folder)
    shards, left = plan.shards, sum(map(len, plan.shards))
    if options.ray is not None:
        made = read_with_ray(shards, model, gate, options.ray)
    else:
        made = read_with_workers(shards, model, gate, options.workers or cores())
    faces, problems = 0, []
    columns = (TextColumn("reading faces"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with progress(*columns) as bar, closing(made):
        task = bar.add_task("read", total=plan.done + left, completed=plan.done)
        for shard, records in made:
            archive.store(shard, records)
            faces += sum(record.get("face") is not None for record in records)
            problems += [record["problem"] for record in records if record.get("problem")]
            bar.advance(task, len(shard))
    done = f"; {plan.done} were done already" if plan.done else ""
    Terminal().print(f"{left} pictures read, {faces} faces found{done}", highlight=False)
    more = len(problems) - MOST_NAMED
    failures = Failures()
    failures.say_written(folder)
    failures.exit(problems[:MOST_NAMED] + ([f"and {more} more; the column `problem` names them"] if more > 0 else []))


def _say_odd(plan: "Plan", folder: Path) -> None:
    """What a user may not expect of the rows, a line each."""
    if plan.twice:
        say(f"{plan.twice} pictures are given by two names, such as links; each is read once")
    if plan.gone:
        say(f"{plan.gone} pictures with rows in {folder} are no longer where they were; their rows stay")
    if plan.undated:
        say(
            f"{folder} was begun by a version that did not note what it had read; {plan.undated} pictures are taken as "
            "done, for they are older than their rows"
        )
