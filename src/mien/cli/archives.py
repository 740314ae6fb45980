"""The part of `mien predict` that is about archives: folders of very many pictures."""

import signal
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from mien.cli.pictures import exit_with, say, say_written
from mien.cores import cores
from mien.recognition.gate import Gating

MOST_NAMED = 5
"""Pictures that could not be read and are named; the table holds the others."""


class _Rate(ProgressColumn):
    """Pictures a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} pictures/s" if task.speed else "", style="dim")


def predict(
    paths: list[Path], model: str, gate: Gating, folder: Path, workers: int | None, address: str | None
) -> None:
    """Read what is not done yet into the folder's Parquet parts; exits with 2 where a picture could not be read."""
    from mien.recognition.archive import Archive, read_with_workers
    from mien.recognition.cluster import read_with_ray
    from mien.recognition.finding import find_pictures
    from mien.recognition.model import ModelFile

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` and service managers keep what was done too
    archive = Archive(folder, ModelFile.open(model, threads=1).path, gate)
    pictures = find_pictures(paths, say)
    shards = archive.shards(pictures)
    left = sum(map(len, shards))
    if address is not None:
        made = read_with_ray(shards, model, gate, address)
    else:
        made = read_with_workers(shards, model, gate, workers or cores())
    faces, problems = 0, []
    columns = (TextColumn("reading faces"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar, closing(made):
        task = bar.add_task("read", total=len(pictures), completed=len(pictures) - left)
        for shard, records in made:
            archive.store(shard, records)
            faces += sum(record.get("face") is not None for record in records)
            problems += [record["problem"] for record in records if record.get("problem")]
            bar.advance(task, len(shard))
    before = len(pictures) - left
    Console().print(
        f"{left} pictures read, {faces} faces found" + (f"; {before} were done already" if before else ""),
        highlight=False,
    )
    say_written(folder)
    more = len(problems) - MOST_NAMED
    exit_with(problems[:MOST_NAMED] + ([f"and {more} more; the column `problem` names them"] if more > 0 else []))
