"""Where every job stands, and how much time the rest takes by the speed that was measured."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mien.experiments.filing import is_filed, read_filed
from mien.experiments.jobs import Job
from mien.training.distillation.soft_targets import SUFFIX
from mien.training.recipe import Recipe
from mien.training.run import Epoch, RunFolder

FAILURE = "failure.txt"


class State(StrEnum):
    """DONE: on file. OUTDATED: on file, but the recipe has changed since. WAITING: for what it learns from."""

    DONE = "done"
    OUTDATED = "outdated"
    RUNNING = "running"
    FAILED = "failed"
    BEGUN = "begun"
    TO_DO = "to do"
    WAITING = "waiting"


@dataclass(frozen=True)
class Standing:
    """One job: its state, epochs done, seconds of training left (None where no speed is known), and a word on it."""

    job: Job
    state: State
    epochs: int
    seconds_left: float | None
    note: str = ""


def standings(jobs: list[Job], runs: Path, results: Path, balanced: bool, soft_targets: Path) -> list[Standing]:
    """How each job stands, in the order given.

    balanced: whether there is a set with synthetic pictures; soft_targets: the folder of what teachers said.
    """
    curves = {job.name: RunFolder(runs / job.name).curve() for job in jobs}
    # Jobs of one network with the same stages take the same time; only what ran on this machine counts.
    speeds = {(job.recipe.network, job.recipe.stages): _seconds(curves[job.name]) for job in jobs if curves[job.name]}
    return [
        _standing(job, curves[job.name], speeds, runs, results, _missing(job.recipe, balanced, soft_targets))
        for job in jobs
    ]


def _missing(recipe: Recipe, balanced: bool, soft_targets: Path) -> str:
    """What a recipe learns from and has not got, in words; empty where all is there."""
    if recipe.synthetic and not balanced:
        return "for synthetic pictures (--balanced)"
    teachers = () if recipe.distillation is None else recipe.distillation.teachers
    silent = [name for name in teachers if not (soft_targets / (name + SUFFIX)).is_file()]
    return f"for the soft targets of {', '.join(silent)} (mien distill)" if silent else ""


def _standing(
    job: Job, curve: list[Epoch], speeds: dict[tuple, float], runs: Path, results: Path, missing: str
) -> Standing:
    if is_filed(job.name, results):
        filed = read_filed(results / "runs" / job.name)
        if filed.recipe != job.recipe:
            return Standing(
                job, State.OUTDATED, len(filed.curve), 0.0, "the recipe has changed; remove it to run it anew"
            )
        return Standing(
            job, State.DONE, len(filed.curve), 0.0, f"accuracy {filed.metrics['raw']['accuracy']['value']:.3f}"
        )
    speed = _seconds(curve) if curve else speeds.get((job.recipe.network, job.recipe.stages))
    left = None if speed is None else speed * (job.recipe.epochs - len(curve))
    folder = RunFolder(runs / job.name)
    if folder.is_locked():
        return Standing(job, State.RUNNING, len(curve), left)
    if missing:
        return Standing(job, State.WAITING, len(curve), left, missing)
    if (folder.path / FAILURE).is_file():
        reason = (folder.path / FAILURE).read_text(encoding="utf-8").strip()
        return Standing(job, State.FAILED, len(curve), left, reason)
    return Standing(job, State.BEGUN if curve else State.TO_DO, len(curve), left)


def _seconds(curve: list[Epoch]) -> float:
    """Of an epoch, on the mean."""
    return sum(epoch.seconds for epoch in curve) / len(curve)
