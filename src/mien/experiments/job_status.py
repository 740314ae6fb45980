"""Where every job stands, and how much time the rest takes by the speed that was measured."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mien.errors import DataError, RecipeError
from mien.experiments.jobs import Job
from mien.experiments.run_results import has_result, read_result
from mien.results.runs import Epoch
from mien.training.recipe import Recipe
from mien.training.run import RunFolder
from mien.training.teachers import find_teachers

FAILURE = "failure.txt"


class State(StrEnum):
    """DONE: on file. OUTDATED: on file, but the recipe has changed since. WAITING: for what it learns from.

    DAMAGED: one of its files cannot be used, on file or in its run's folder.
    """

    DONE = "done"
    OUTDATED = "outdated"
    DAMAGED = "damaged"
    RUNNING = "running"
    FAILED = "failed"
    BEGUN = "begun"
    TO_DO = "to do"
    WAITING = "waiting"


@dataclass(frozen=True)
class JobStatus:
    """How one job stands.

    No time is left for what will not be trained: what is done, outdated or damaged.

    Attributes:
        job: The job.
        state: Its state.
        epochs: How many are done.
        seconds_left: Of training; None where no speed is known.
        note: A word on it, or nothing.
    """

    job: Job
    state: State
    epochs: int
    seconds_left: float | None
    note: str = ""


def job_statuses(jobs: list[Job], runs: Path, results: Path, balanced: bool, teachers: Path) -> list[JobStatus]:
    """How each job stands.

    Args:
        jobs: The jobs.
        runs: The folder of runs' folders.
        results: The folder of results.
        balanced: Whether there is a set with synthetic pictures.
        teachers: The folder of those that recipes learn from.

    Returns:
        In the order given.
    """
    # Jobs of one network with the same stages take the same time; only what ran on this machine counts.
    speeds: dict[tuple, float] = {}
    for job in jobs:
        with suppress(DataError):  # its own status tells of a damaged curve
            if curve := RunFolder(runs / job.name).curve():
                speeds[job.recipe.network, job.recipe.stages] = _seconds(curve)
    return [
        _on_file(job, runs, results)
        if has_result(job.name, results)
        else _job_status(job, speeds, runs, _missing(job.recipe, balanced, teachers))
        for job in jobs
    ]


def _missing(recipe: Recipe, balanced: bool, teachers: Path) -> str:
    """What a recipe learns from and has not got, in words; empty where all is there."""
    if recipe.synthetic and not balanced:
        return "for synthetic pictures (--balanced)"
    try:
        find_teachers(teachers, recipe)
    except RecipeError as error:
        return str(error)
    return ""


def _on_file(job: Job, runs: Path, results: Path) -> JobStatus:
    place = results / "runs" / job.name
    try:
        result = read_result(place)
    except DataError as error:
        return JobStatus(job, State.DAMAGED, 0, 0.0, f"{error}; restore {place}, or remove it to file it anew")
    if result.recipe != job.recipe:
        note = f"the recipe has changed; remove {place} and {runs / job.name} to run it anew"
        return JobStatus(job, State.OUTDATED, len(result.curve), 0.0, note)
    return JobStatus(job, State.DONE, len(result.curve), 0.0, f"accuracy {result.metrics.raw.accuracy.value:.3f}")


def _job_status(job: Job, speeds: dict[tuple, float], runs: Path, missing: str) -> JobStatus:
    folder = RunFolder(runs / job.name)
    try:
        curve = folder.curve()
    except DataError as error:
        return JobStatus(job, State.DAMAGED, 0, 0.0, f"{error}; delete it to go on from the checkpoint")
    speed = _seconds(curve) if curve else speeds.get((job.recipe.network, job.recipe.stages))
    left = None if speed is None else speed * (job.recipe.epochs - len(curve))
    if folder.is_locked():
        return JobStatus(job, State.RUNNING, len(curve), left)
    if missing:
        return JobStatus(job, State.WAITING, len(curve), left, missing)
    if (folder.path / FAILURE).is_file():
        reason = (folder.path / FAILURE).read_text(encoding="utf-8", errors="replace").strip()
        return JobStatus(job, State.FAILED, len(curve), left, reason)
    return JobStatus(job, State.BEGUN if curve else State.TO_DO, len(curve), left)


def _seconds(curve: list[Epoch]) -> float:
    """Of an epoch, on the mean."""
    return sum(epoch.seconds for epoch in curve) / len(curve)
