"""`mien experiments`: many recipes, run by a queue; what is done; results brought home from another machine."""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mien.cli.console import Terminal, say
from mien.cli.options import DataFolder, finite, load_with_progress
from mien.cli.outputs import check_outputs
from mien.cores import cores
from mien.errors import DataError, MienError, ModelError

if TYPE_CHECKING:
    from mien.data.dataset import FaceData
    from mien.experiments.job_status import JobStatus
    from mien.experiments.jobs import Broken, Job
    from mien.experiments.queue import Commands, Outcome

app = typer.Typer(help="Run many recipes, and keep their results.", no_args_is_help=True)

Recipes = Annotated[list[Path], typer.Argument(metavar="RECIPES...", help="Recipes (.toml) and folders of them.")]
Runs = Annotated[Path, typer.Option("--out", help="Where runs are trained, with their weights.")]
Results = Annotated[Path, typer.Option("--results", help="Where finished runs are put on file, as small text files.")]
Seeds = Annotated[str, typer.Option("--seeds", help="Comma-separated; all recipes with the first one come first.")]
Balanced = Annotated[
    Path | None,
    typer.Option("--balanced", help="The data set with synthetic pictures, for recipes that learn from them."),
]
Teachers = Annotated[
    Path, typer.Option("--teachers", help="The folder of runs and model files that recipes name as teachers.")
]


@app.command()
def run(
    recipes: Recipes,
    data: DataFolder,
    balanced: Balanced = None,
    teachers: Teachers = Path("runs"),
    out: Runs = Path("runs"),
    results: Results = Path("results"),
    seeds: Seeds = "0",
    hours: Annotated[
        float | None, typer.Option(help="Begin nothing and end all after this time.", min=0, callback=finite)
    ] = None,
    parallel: Annotated[int, typer.Option(help="How many runs at a time, on one GPU or on the cores.", min=1)] = 1,
    weights: Annotated[
        str,
        typer.Option(
            help="Starting weights: a folder of timm's <model>.safetensors, 'timm' for its download, or 'none'."
        ),
    ] = "timm",
) -> None:
    """Run every recipe that has no result yet; stop cleanly when the time is over, go on when called again.

    Each run is a process of its own: one that fails is named at the end, and the others are done. Exit code 1 tells of
    failures, broken recipes and damaged files.

    Example: mien experiments run recipes/reference --data fer2013 --balanced balanced --hours 2 --parallel 3
    """
    import time

    from mien.experiments import jobs as known
    from mien.experiments.job_status import State, job_statuses
    from mien.experiments.queue import Queue
    from mien.experiments.run_results import has_result

    if weights not in ("timm", "none") and not Path(weights).is_dir():
        raise ModelError(f"{weights}: no such folder of starting weights; or give 'timm' or 'none'")
    check_outputs((), folders=[out, results])
    deadline = None if hours is None else time.monotonic() + hours * 3600
    jobs, broken = known.find(recipes, _numbers(seeds))
    console = Terminal(stderr=True, highlight=False, soft_wrap=True)
    _name_broken(broken, console)
    ready, damaged = [], False
    for status in job_statuses(jobs, out, results, balanced is not None, teachers):
        if status.state in (State.WAITING, State.OUTDATED, State.DAMAGED):
            console.tell(f"{status.job.name}: {status.state}: {status.note}")
            damaged |= status.state is State.DAMAGED
        else:
            ready.append(status.job)
    commands = _commands(data, balanced, teachers, weights, out, results, max(cores() // parallel, 1))
    queue = Queue(commands, out, results, parallel, deadline, console.tell)

    def running() -> Table:
        # What is on file would be checked anew every second.
        left = [job for job in ready if not has_result(job.name, results)]
        return bars(job_statuses(left, out, results, balanced is not None, teachers))

    live = Live(get_renderable=running, console=console, refresh_per_second=1, transient=True)
    with live if console.is_terminal else nullcontext():
        outcomes = queue.run(ready)
    failed = _tell_outcomes(outcomes, out, console)
    if failed or broken or damaged:
        raise typer.Exit(1)


def _commands(
    data: Path, balanced: Path | None, teachers: Path, weights: str, out: Path, results: Path, threads: int
) -> "Commands":
    """The command lines that train a job, and that put its results on file."""
    from mien.experiments.queue import Commands

    def train(job: "Job", left: float | None) -> list[str]:
        pictures = balanced if job.recipe.synthetic and balanced is not None else data
        return _mien(
            *("train", job.path, "--resume", "--data", pictures, "--out", out / job.name, "--seed", job.recipe.seed),
            *("--threads", threads, "--teachers", teachers, "--weights", _start(job, weights)),
            *(("--hours", left) if left is not None else ()),
        )

    def file(job: "Job") -> list[str]:
        return _mien(
            *("experiments", "collect", out / job.name, "--data", data, "--results", results), *("--recipes", job.path)
        )

    return Commands(train, file)


def _tell_outcomes(outcomes: "list[Outcome]", out: Path, console: Terminal) -> bool:
    """Say which jobs were stopped or failed; whether any failed."""
    stopped = [outcome for outcome in outcomes if outcome.kind == "stopped"]
    failed = [outcome for outcome in outcomes if outcome.kind == "failed"]
    if stopped:
        console.tell(f"{len(stopped)} not finished: {stopped[0].reason}; the same command goes on")
    for outcome in failed:
        console.tell(f"failed: {outcome.job.name}: {outcome.reason} (log: {out / outcome.job.name}/log.txt)")
    return bool(failed)


@app.command()
def status(
    recipes: Recipes,
    balanced: Balanced = None,
    teachers: Teachers = Path("runs"),
    out: Runs = Path("runs"),
    results: Results = Path("results"),
    seeds: Seeds = "0",
) -> None:
    """Say which runs are done, running, to do or waiting, and how long the rest takes by the speed measured so far.

    Exit code 1 tells of broken recipes and damaged files.

    Example: mien experiments status recipes/reference recipes/mobilenet_v2
    """
    from mien.experiments import jobs as known
    from mien.experiments.job_status import State, job_statuses

    jobs, broken = known.find(recipes, _numbers(seeds))
    console = Terminal()
    table = Table("run", "state", "epochs", "time left", "")
    table.columns[0].no_wrap = True
    table.columns[2].justify = table.columns[3].justify = "right"
    rows = job_statuses(jobs, out, results, balanced is not None, teachers)
    colours = {
        State.DONE: "green",
        State.RUNNING: "cyan",
        State.FAILED: "red",
        State.WAITING: "yellow",
        State.OUTDATED: "red",
        State.DAMAGED: "red",
    }
    for row in rows:
        colour = colours.get(row.state, "default")
        left = "" if row.state in (State.DONE, State.OUTDATED, State.DAMAGED) else _time(row.seconds_left)
        state = Text(row.state, colour)
        table.add_row(row.job.name, state, f"{row.epochs} of {row.job.recipe.epochs}", left, row.note)
    console.print(table)
    counts = {state: sum(row.state == state for row in rows) for state in State}
    console.print(", ".join(f"{count} {state}" for state, count in counts.items() if count))
    known_left = [row.seconds_left for row in rows if row.seconds_left]
    unknown = sum(row.seconds_left is None for row in rows)
    if known_left or unknown:
        more = f", and {unknown} runs of unmeasured speed" if unknown else ""
        console.print(f"Left, one run after another: {_time(sum(known_left))}{more}.")
    _name_broken(broken, console)
    if broken or counts[State.DAMAGED]:
        raise typer.Exit(1)


@app.command()
def collect(
    folders: Annotated[list[Path], typer.Argument(help="Runs' folders, or folders of another machine's results/runs.")],
    recipes: Annotated[
        list[Path] | None, typer.Option(help="Recipes and folders of them that the runs may be of; all if left out.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(envvar="MIEN_DATA", help="The data set, for runs that are not judged yet.")
    ] = None,
    results: Results = Path("results"),
) -> None:
    """Check finished runs and put them on file; judge those first that have not been.

    A run must be complete, made by the recipe as it is now, and agree with itself and with what is on file.

    Example: mien experiments collect brought/results/runs/*
    """
    from functools import cache

    from mien.experiments import jobs as known
    from mien.experiments.run_results import collect as file

    @cache
    def load(split: str) -> "FaceData":
        if data is None:
            raise DataError("a run has not been judged yet; give the data set with --data")
        return load_with_progress(data, split)

    console = Terminal(stderr=True, highlight=False, soft_wrap=True)
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder")
    check_outputs((), folders=[results])
    all_recipes = Path("recipes")
    places = recipes or [folder for folder in sorted(all_recipes.glob("*/")) if any(folder.glob("[!_]*.toml"))]
    seeds = {int(seed) for folder in folders if (seed := folder.resolve().name.rpartition("-s")[2]).isdecimal()}
    jobs, broken = known.find(places or [all_recipes], tuple(sorted(seeds)))
    _name_broken(broken, console)
    refused: list[MienError] = []
    for folder in folders:
        try:
            result = file(folder, {job.name: job for job in jobs}, results, load)
        except MienError as error:
            refused.append(error)
            continue
        accuracy = result.metrics.raw.accuracy.value
        console.tell(f"{result.name}: on file, accuracy {accuracy:.3f} on {result.recipe.report_part}")
    for one in refused[:-1]:
        say(one)
    if refused:
        raise refused[-1]


def _mien(*arguments: object) -> list[str]:
    """A command line of this program, in this interpreter."""
    return [sys.executable, "-c", "from mien.cli.main import main; main()", *map(str, arguments)]


def _start(job: "Job", weights: str) -> str:
    """The value of `mien train --weights` for a job."""
    from mien.training.networks import ARCHITECTURES

    architecture = ARCHITECTURES.get(job.recipe.network)
    if architecture is not None and architecture.change is not None:
        return "none"
    if weights in ("timm", "none"):
        return weights
    return str(Path(weights) / f"{architecture.timm_name if architecture else job.recipe.network}.safetensors")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise typer.BadParameter("give whole numbers, e.g. 0,1", param_hint="--seeds") from error


def _name_broken(broken: "list[Broken]", console: Terminal) -> None:
    for one in broken:
        console.tell(f"broken recipe: {one.path}: {one.reason}")


def bars(rows: "list[JobStatus]") -> Table:
    """Of the trainings that run now: how many of its epochs each has done, and the time that it still takes.

    Args:
        rows: How all jobs stand.

    Returns:
        A row a running training.
    """
    from mien.experiments.job_status import State

    table = Table.grid(padding=(0, 2))
    for row in rows:
        if row.state is State.RUNNING:
            epochs = row.job.recipe.epochs
            bar = ProgressBar(total=epochs, completed=row.epochs, width=30)
            left = "" if row.seconds_left is None else f"{_time(row.seconds_left)} left"
            table.add_row(row.job.name, bar, f"{row.epochs} of {epochs} epochs", left)
    return table


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    minutes = round(seconds / 60)
    return (
        f"{minutes // 60} h {minutes % 60:02d} min"
        if minutes >= 60
        else f"{minutes} min"
        if minutes
        else f"{seconds:.0f} s"
    )
