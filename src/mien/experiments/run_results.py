"""Finished runs on file: a folder of small text files for each, results/runs/<recipe>-s<seed>/.

run.json: recipe, data hash, code, hardware. curve.csv: a line an epoch. metrics.json: the scores on the part that the
recipe reports on, which the run is judged on once, when it is filed.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mien.data.dataset import FaceData
from mien.errors import DataError, StorageError
from mien.evaluation import label_noise, report
from mien.evaluation.calibration import reliability
from mien.experiments.jobs import Job
from mien.provenance import file_hash, ran_on_cpu
from mien.results.evaluation import Subject
from mien.results.record import read, write
from mien.results.runs import Epoch, RunDescription, RunMetrics
from mien.storage import write_folder
from mien.training.recipe import Recipe, from_dict
from mien.training.run import RunFolder
from mien.training.run_classifier import RunClassifier


@dataclass(frozen=True)
class RunResult:
    """One finished run.

    Attributes:
        name: Of its folder.
        description: What run.json says.
        curve: Its epochs.
        metrics: What metrics.json says.
    """

    name: str
    description: RunDescription
    curve: list[Epoch]
    metrics: RunMetrics

    @property
    def recipe(self) -> Recipe:
        """The recipe it was made with."""
        return from_dict(self.description.recipe)

    @property
    def recipe_name(self) -> str:
        """Its name without the seed."""
        return self.name.rpartition("-s")[0]

    @property
    def on_cpu(self) -> bool:
        """Whether it was trained without a GPU."""
        return ran_on_cpu(self.description.hardware)

    @property
    def judged_on(self) -> tuple[str, str]:
        """Split and part."""
        return self.metrics.split, self.metrics.part


def has_result(name: str, results: Path) -> bool:
    """Whether a run is on file.

    Args:
        name: Of the run.
        results: The folder.

    Returns:
        True where its folder is there, whatever is in it.
    """
    return _place(name, results).is_dir()


def read_result(folder: Path) -> RunResult:
    """Read a filed run's folder.

    Args:
        folder: Below results/.

    Returns:
        The run.

    Raises:
        DataError: A file is missing, damaged or contradicts itself.
    """
    run = RunFolder(folder)
    run.recipe()  # raises the error that names the file
    result = RunResult(folder.resolve().name, run.description(), run.curve(), read(RunMetrics, folder / "metrics.json"))
    check(result, [])
    return result


def read_all(results: Path) -> list[RunResult]:
    """Read every run on file.

    Args:
        results: The folder.

    Returns:
        By name.

    Raises:
        DataError: One is damaged.
    """
    return [read_result(folder) for folder in _folders(results)]


def _folders(results: Path) -> list[Path]:
    return [folder for folder in sorted(results.glob("runs/*/")) if not folder.name.startswith(".")]


def collect(folder: Path, jobs: dict[str, Job], results: Path, load: Callable[[str], FaceData]) -> RunResult:
    """Check a finished run's folder, from a training or from another machine's results, and put it on file.

    Args:
        folder: The run's.
        jobs: The known ones by name.
        results: Where it is filed.
        load: The data set by its split; used where the run has yet to be judged.

    Returns:
        The run.

    Raises:
        DataError: The run is unknown, incomplete, or contradicts itself or what is on file; nothing is then filed.
        StorageError: The disk refuses.
    """
    name = folder.resolve().name
    job = jobs.get(name)
    if job is None:
        raise DataError(f"{folder}: no known recipe and seed make a run of this name; name its recipe with --recipes")
    run = RunFolder(folder)
    if run.recipe() != job.recipe:
        raise DataError(f"{folder}: was not made by {job.path} as it is now; remove it to run it anew")
    if not is_complete(run.curve(), job.recipe):
        raise DataError(f"{folder}: holds {len(run.curve())} of {job.recipe.epochs} epochs; finish it first")
    if _is_judged(folder):
        result = read_result(folder)
    else:
        result = RunResult(name, run.description(), run.curve(), judge(run, load(job.recipe.split)))
    check(result, list(_sound(results)))
    place = _place(name, results)
    if not has_result(name, results):
        try:
            _write(result, place)
            return result
        except StorageError:
            if not has_result(name, results):  # else another queue was faster
                raise
    if _comparable(read_result(place)) != _comparable(result):
        raise DataError(f"{place} holds another result of this run; remove one of the two")
    return result


def _sound(results: Path) -> Iterator[RunResult]:
    """The runs on file that can be read: one that is damaged keeps no other from being filed."""
    for folder in _folders(results):
        with suppress(DataError):
            yield read_result(folder)


def _comparable(result: RunResult) -> RunResult:
    """What two judgements of one run share: all but when and where they were made, and by which version of the code."""
    metrics = replace(result.metrics, code="", date="", hardware=None)
    return replace(result, description=replace(result.description, code="", date=None), metrics=metrics)


def is_complete(curve: list[Epoch], recipe: Recipe) -> bool:
    """Whether the curve has all of the recipe's epochs.

    Args:
        curve: The run's.
        recipe: The run's.

    Returns:
        False too for epochs out of order.
    """
    return [epoch.epoch for epoch in curve] == list(range(recipe.epochs))


def judge(run: RunFolder, data: FaceData) -> RunMetrics:
    """Score a run's weights on the part that its recipe reports on.

    Args:
        run: Its folder.
        data: All parts of the recipe's split.

    Returns:
        What metrics.json holds.
    """
    recipe = run.recipe()
    part = data.part(recipe.report_part)
    seen = data.where(data.parts != recipe.report_part)
    probabilities = RunClassifier(run.path).probabilities(part.faces)
    name, weights = run.path.resolve().name, file_hash(run.weights)
    subject = Subject.today(name, weights, part.fingerprint(), recipe.split, recipe.report_part)
    copies = np.isin(part.groups, seen.groups)
    scores = report.report(subject, part.labels, probabilities, copies, part.classes)
    scores = replace(scores, labels=label_noise.where_rated(part, probabilities))
    return RunMetrics(**vars(scores), reliability=reliability(part.labels, probabilities))


def check(result: RunResult, others: list[RunResult]) -> None:
    """Check a run against its recipe and against others.

    Args:
        result: The run.
        others: On file.

    Raises:
        DataError: It contradicts its recipe, or was judged on other pictures than others.
    """
    metrics, recipe = result.metrics, result.recipe
    if (metrics.split, metrics.part) != (recipe.split, recipe.report_part):
        raise DataError(f"{result.name}: judged on another part")
    if not is_complete(result.curve, recipe):
        raise DataError(f"{result.name}: the curve lacks epochs")
    for other in (one.metrics for one in others):
        if (other.split, other.part) == (metrics.split, metrics.part) and other.data_hash != metrics.data_hash:
            raise DataError(f"{result.name}: judged on other pictures than {other.model}")


def _place(name: str, results: Path) -> Path:
    return results / "runs" / name


def _is_judged(folder: Path) -> bool:
    """A run's folder has the chosen epoch's scores in metrics.json until it is filed; a filed one has the report's."""
    for kind in (Epoch, RunMetrics):
        with suppress(DataError):
            return isinstance(read(kind, folder / "metrics.json"), RunMetrics)
    return not RunFolder(folder).weights.is_file()  # with its weights it is judged anew


def _write(result: RunResult, place: Path) -> None:
    """The whole folder in one step: a run is on file wholly or not at all."""

    def fill(draft: Path) -> None:
        write(draft / "run.json", result.description)
        write(draft / "metrics.json", result.metrics)
        RunFolder(draft).write_curve(result.curve)

    write_folder(place, fill)
