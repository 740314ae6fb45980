"""Finished runs on file: a folder of small text files for each, results/runs/<recipe>-s<seed>/.

run.json: recipe, data hash, code, hardware. curve.csv: a line an epoch. metrics.json: the scores on the part that the
recipe reports on, which the run is judged on once, when it is filed.
"""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mien.data.dataset import FaceData
from mien.errors import DataError, StorageError
from mien.evaluation import label_noise, report
from mien.evaluation.metrics import Interval, Scores, score
from mien.experiments.jobs import Job
from mien.expressions import NAMES
from mien.provenance import code_version, file_hash
from mien.storage import write_folder, write_json
from mien.training.loop import predict
from mien.training.recipe import Recipe, from_dict
from mien.training.run import Epoch, RunFolder

RELIABILITY_BINS = 15


@dataclass(frozen=True)
class Filed:
    """One finished run: its name, what run.json and metrics.json say, and its curve."""

    name: str
    description: dict[str, Any]
    curve: list[Epoch]
    metrics: dict[str, Any]

    @property
    def recipe(self) -> Recipe:
        return from_dict(self.description["recipe"])

    @property
    def recipe_name(self) -> str:
        return self.name.rpartition("-s")[0]


def is_filed(name: str, results: Path) -> bool:
    return _place(name, results).is_dir()


def read_filed(folder: Path) -> Filed:
    """What lies in a filed run's folder; raises DataError where a file is missing, damaged or contradicts itself."""
    run = RunFolder(folder)
    run.recipe()  # raises the error that names the file
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: no readable metrics.json") from error
    filed = Filed(folder.resolve().name, run.description(), run.curve(), metrics)
    check(filed, [])
    return filed


def read_all(results: Path) -> list[Filed]:
    """Every run on file, by name; raises DataError where one is damaged."""
    return [read_filed(folder) for folder in _folders(results)]


def _folders(results: Path) -> list[Path]:
    return [folder for folder in sorted(results.glob("runs/*/")) if not folder.name.startswith(".")]


def collect(folder: Path, jobs: dict[str, Job], results: Path, load: Callable[[str], FaceData]) -> Filed:
    """Check a finished run's folder, from a training or from another machine's results, and put it on file.

    jobs: the known ones by name. load: the data set by its split; used where the run has yet to be judged. Raises
    DataError for a run that is unknown, incomplete, contradicts itself or what is on file; nothing is then filed.
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
        filed = read_filed(folder)
    else:
        filed = Filed(name, run.description(), run.curve(), judge(run, load(job.recipe.split)))
    check(filed, list(_sound(results)))
    place = _place(name, results)
    if not is_filed(name, results):
        try:
            _write(filed, place)
            return filed
        except StorageError:
            if not is_filed(name, results):  # else another queue was faster
                raise
    if _result(read_filed(place)) != _result(filed):
        raise DataError(f"{place} holds another result of this run; remove one of the two")
    return filed


def _sound(results: Path) -> Iterator[Filed]:
    """The runs on file that can be read: one that is damaged keeps no other from being filed."""
    for folder in _folders(results):
        with suppress(DataError):
            yield read_filed(folder)


def _result(filed: Filed) -> tuple[dict[str, Any], list[Epoch], dict[str, Any]]:
    """What two judgements of one run share: all but when they were made, and by which version of the code."""
    description, metrics = (
        {key: value for key, value in told.items() if key not in ("date", "code")}
        for told in (filed.description, filed.metrics)
    )
    return description, filed.curve, metrics


def is_complete(curve: list[Epoch], recipe: Recipe) -> bool:
    """Whether the curve has all of the recipe's epochs."""
    return [epoch.epoch for epoch in curve] == list(range(recipe.epochs))


def judge(run: RunFolder, data: FaceData) -> dict[str, Any]:
    """Scores of a run's weights on the part that its recipe reports on; `data` holds all parts of its split."""
    recipe = run.recipe()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    part = data.part(recipe.report_part)
    seen = data.where(data.parts != recipe.report_part)
    probabilities = predict(run.network().to(device), torch.from_numpy(part.faces).to(device), recipe.pixels)
    made = report.report(
        report.Subject.today(
            run.path.resolve().name, file_hash(run.weights), part, recipe.split, recipe.report_part, code_version()
        ),
        part.labels,
        probabilities,
        np.isin(part.groups, seen.groups),
    )
    made = replace(made, labels=label_noise.where_rated(part, probabilities))
    return {**made.to_dict(), "reliability": reliability(part.labels, probabilities)}


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float]]:
    """For equal bins of confidence: how many pictures, their mean confidence and accuracy (0 where there are none)."""
    confidence, right = probabilities.max(1).astype(float), probabilities.argmax(1) == labels
    place = np.minimum((confidence * RELIABILITY_BINS).astype(int), RELIABILITY_BINS - 1)
    counts = np.bincount(place, minlength=RELIABILITY_BINS)
    sums = [np.bincount(place, weights=values, minlength=RELIABILITY_BINS) for values in (confidence, right)]
    means = [values / np.maximum(counts, 1) for values in sums]
    return [
        {"pictures": int(count), "confidence": float(mean), "accuracy": float(share)}
        for count, mean, share in zip(counts, *means, strict=True)
    ]


def check(filed: Filed, others: list[Filed]) -> None:
    """Raise DataError where a run lacks what the report reads, or contradicts itself, its recipe or what others judge.

    All scores follow from the confusion matrix; of the intervals only the order of their ends can be told.
    """
    metrics, recipe = filed.metrics, filed.recipe

    def must(holds: bool, what: str) -> None:
        if not holds:
            raise DataError(f"{filed.name}: {what}")

    try:
        for key in ("data", "start", "hardware"):
            must(isinstance(filed.description.get(key), str), f"run.json lacks '{key}'")
        for key in (entry.name for entry in fields(report.Subject)):
            must(isinstance(metrics[key], str), f"metrics.json lacks '{key}'")
        must((metrics["split"], metrics["part"]) == (recipe.split, recipe.report_part), "judged on another part")
        must(is_complete(filed.curve, recipe), "the curve lacks epochs")
        shares = [share for epoch in filed.curve for share in (epoch.accuracy, epoch.macro_f1)]
        must(all(0 <= share <= 1 for share in shares), "the curve has scores outside 0 to 1")
        for scores in (metrics["raw"], metrics["without_duplicates"]):
            confusion = np.array(scores["confusion"])
            must(confusion.sum() == scores["pictures"] > 0, "the confusion matrix has another number of pictures")
            made = _scores_of(confusion)
            must(scores.keys() == vars(made).keys(), "metrics.json has other scores than a judged run")
            for key in (entry.name for entry in fields(Scores) if entry.type is Interval):
                must(_is_close(scores[key]["value"], vars(made)[key].value), f"{key} is not the matrix's")
                must(_is_interval(scores[key]), f"{key} lies outside its interval")
            must(scores["classes"].keys() == made.classes.keys(), "metrics.json has other classes")
            for name, of in made.classes.items():
                given = scores["classes"][name]
                alike = given.keys() == vars(of).keys() and all(_is_close(given[key], vars(of)[key]) for key in given)
                must(alike, f"class {name} is not the matrix's")
            must(0 <= scores["calibration_error"] <= 1, "calibration_error lies outside 0 to 1")
        bins, pictures = metrics["reliability"], metrics["raw"]["pictures"]
        error = sum(one["pictures"] * abs(one["accuracy"] - one["confidence"]) for one in bins) / pictures
        must(math.isclose(error, metrics["raw"]["calibration_error"], abs_tol=1e-6), "calibration is not its bins'")
        if "labels" in metrics:
            must(_is_interval(metrics["labels"]["accuracy_majority"]), "accuracy_majority lies outside its interval")
        for other in others:
            same = all(other.metrics[key] == metrics[key] for key in ("split", "part"))
            must(
                not same or other.metrics["data_hash"] == metrics["data_hash"],
                f"judged on other pictures than {other.name}",
            )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{filed.name}: metrics.json is not a judged run's ({error!r})") from error


def _scores_of(confusion: np.ndarray) -> Scores:
    """What a confusion matrix says, int [7, 7]; without probabilities the intervals and the calibration say nothing."""
    labels, called = (places.ravel().repeat(confusion.ravel()) for places in np.indices(confusion.shape))
    return score(labels, np.eye(len(NAMES))[called], resamples=1)


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=1e-9)


def _is_interval(given: dict[str, float]) -> bool:
    """Whether an interval's value lies between its ends, but for rounding, and all in [0, 1]."""
    ends = (0.0, given["low"], given["value"], given["high"], 1.0)
    return len(given) == 3 and all(low <= high or _is_close(low, high) for low, high in pairwise(ends))


def _place(name: str, results: Path) -> Path:
    return results / "runs" / name


def _is_judged(folder: Path) -> bool:
    """A run's folder has the chosen epoch's scores in metrics.json until it is filed; a filed one has the report's."""
    try:
        return "raw" in json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, TypeError, ValueError):  # none, damaged, or a plain value
        return False


def _write(filed: Filed, place: Path) -> None:
    """The whole folder in one step: a run is on file wholly or not at all."""

    def fill(draft: Path) -> None:
        write_json(draft / "run.json", filed.description)
        write_json(draft / "metrics.json", filed.metrics)
        RunFolder(draft).write_curve(filed.curve)

    write_folder(place, fill)
