"""Finished runs on file: a folder of small text files for each, results/runs/<recipe>-s<seed>/.

run.json: recipe, data hash, code, hardware. curve.csv: a line an epoch. metrics.json: the scores on the part that the
recipe reports on, which the run is judged on once, when it is filed.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.evaluation import label_noise, report
from mien.evaluation.metrics import accuracy_and_macro_f1
from mien.experiments.jobs import Job
from mien.recognition.model import file_hash
from mien.storage import write_folder, write_json
from mien.training.loop import predict
from mien.training.recipe import Recipe, from_dict
from mien.training.run import Epoch, RunFolder, code_version

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
    """What lies in a filed run's folder; raises DataError where a file is missing or damaged."""
    run = RunFolder(folder)
    description, curve = run.description(), run.curve()
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{folder}: no readable metrics.json") from error
    if not isinstance(description.get("recipe"), dict) or not curve:
        raise DataError(f"{folder}: no recipe in run.json, or no curve.csv")
    return Filed(folder.resolve().name, description, curve, metrics)


def read_all(results: Path) -> list[Filed]:
    """Every run on file, by name."""
    folders = sorted(results.glob("runs/*/")) if results.is_dir() else []
    return [read_filed(folder) for folder in folders if not folder.name.startswith(".")]


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
        raise DataError(f"{folder}: was not made by {job.path} as it is now")
    if not is_complete(run.curve(), job.recipe):
        raise DataError(f"{folder}: holds {len(run.curve())} of {job.recipe.epochs} epochs; finish it first")
    if _is_judged(folder):
        filed = read_filed(folder)
    else:
        filed = Filed(name, run.description(), run.curve(), judge(run, load(job.recipe.split)))
    check(filed, read_all(results))
    if is_filed(name, results):
        if read_filed(_place(name, results)) != filed:
            raise DataError(f"{_place(name, results)} holds another result of this run; remove one of the two")
        return filed
    _write(filed, _place(name, results))
    return filed


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
    """Raise DataError where a run's numbers contradict each other or its recipe, or where it judges other pictures."""
    metrics, recipe = filed.metrics, filed.recipe

    def must(holds: bool, what: str) -> None:
        if not holds:
            raise DataError(f"{filed.name}: {what}")

    try:
        must((metrics["split"], metrics["part"]) == (recipe.split, recipe.report_part), "judged on another part")
        must(is_complete(filed.curve, recipe), "the curve lacks epochs")
        must(all(0 <= epoch.accuracy <= 1 for epoch in filed.curve), "the curve has accuracies outside 0 to 1")
        for scores in (metrics["raw"], metrics["without_duplicates"]):
            confusion = np.array(scores["confusion"])
            accuracy, macro_f1 = accuracy_and_macro_f1(confusion)
            must(confusion.sum() == scores["pictures"], "the confusion matrix has another number of pictures")
            must(math.isclose(accuracy, scores["accuracy"]["value"], abs_tol=1e-9), "accuracy is not the matrix's")
            must(math.isclose(macro_f1, scores["macro_f1"]["value"], abs_tol=1e-9), "macro F1 is not the matrix's")
            supports = [of["support"] for of in scores["classes"].values()]
            must(confusion.sum(1).tolist() == supports, "class sizes are not the matrix's")
        bins = metrics["reliability"]
        error = (
            sum(one["pictures"] * abs(one["accuracy"] - one["confidence"]) for one in bins) / metrics["raw"]["pictures"]
        )
        must(math.isclose(error, metrics["raw"]["calibration_error"], abs_tol=1e-6), "calibration is not its bins'")
        for other in others:
            same = all(other.metrics[key] == metrics[key] for key in ("split", "part"))
            must(
                not same or other.metrics["data_hash"] == metrics["data_hash"],
                f"judged on other pictures than {other.name}",
            )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DataError(f"{filed.name}: metrics.json is not a judged run's ({error!r})") from error


def _place(name: str, results: Path) -> Path:
    return results / "runs" / name


def _is_judged(folder: Path) -> bool:
    """A run's folder has the chosen epoch's scores in metrics.json until it is filed; a filed one has the report's."""
    try:
        return "raw" in json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _write(filed: Filed, place: Path) -> None:
    """The whole folder in one step: a run is on file wholly or not at all."""

    def fill(draft: Path) -> None:
        write_json(draft / "run.json", filed.description)
        write_json(draft / "metrics.json", filed.metrics)
        RunFolder(draft).write_curve(filed.curve)

    write_folder(place, fill)
