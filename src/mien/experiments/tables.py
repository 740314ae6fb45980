"""The tables of the report, as plain rows of text; how they look is the report's business."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mien.errors import DataError
from mien.experiments.filing import Filed
from mien.expressions import NAMES

SCORES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
}
NOT_RUN = "not run"
# What reference.toml must hold, and each of its rows.
_REFERENCE = {"part": str, "split": str, "pictures": int, "rows": list}
_ROW = {"name": str, "recipe": str, **dict.fromkeys(SCORES, float)}


@dataclass(frozen=True)
class Table:
    """A title, a line on how to read it, the columns' heads, and rows of cells, the first of which names the row."""

    title: str
    note: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True)
class Score:
    """A score in [0, 1], the mean over seeds, with the mean of its 95% intervals' ends."""

    value: float
    low: float
    high: float


def by_recipe(filed: list[Filed]) -> dict[str, list[Filed]]:
    """The runs of each recipe, by seed."""
    runs: dict[str, list[Filed]] = defaultdict(list)
    for run in sorted(filed, key=lambda run: run.recipe.seed):
        runs[run.recipe_name].append(run)
    return dict(runs)


def score(runs: list[Filed], name: str, kind: str = "raw") -> Score:
    """A score of one recipe's runs; kind: "raw", "without_duplicates" or "labels", which not every run has."""
    parts = [run.metrics[kind][name] for run in runs]
    return Score(*(sum(part[end] for part in parts) / len(parts) for end in ("value", "low", "high")))


class Bounded(Protocol):
    """A value in [0, 1] with the ends of its 95% interval."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def percent(of: Bounded | Mapping[str, Any]) -> str:
    """The value in percent, with its interval; from an object, or as results files hold it."""
    value, low, high = (
        100 * (of[key] if isinstance(of, Mapping) else getattr(of, key)) for key in ("value", "low", "high")
    )
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def read_reference(path: Path) -> dict[str, Any]:
    """The published results; raises DataError where the file is missing or damaged."""
    try:
        reference = tomllib.loads(path.read_text(encoding="utf-8"))
        lacking = [key for key, kind in _REFERENCE.items() if not isinstance(reference.get(key), kind)]
        for number, row in enumerate(reference.get("rows", []), 1):
            lacking += [f"{key} of row {number}" for key, kind in _ROW.items() if not isinstance(row.get(key), kind)]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DataError(
            f"{path}: cannot be read; it holds the published results that the report compares with"
        ) from error
    if lacking:
        raise DataError(f"{path}: lacks {lacking[0]}, which the report compares with; restore the file")
    return reference


def beside_reference(runs: dict[str, list[Filed]], reference: dict[str, Any]) -> list[Table]:
    """One table a score: ours, the published one, and the difference with its interval."""
    note = (
        f"In percent, on the {reference['part']} part of the {reference['split']} split "
        f"({reference['pictures']:,} pictures). Brackets: 95% bootstrap interval over pictures, ours only. "
        f"More than one seed: the mean.{_starts(runs, reference)}"
    )
    tables = []
    for key, title in SCORES.items():
        rows = [cells for row in reference["rows"] for cells in _beside(row, key, runs)]
        heads = ("row", "here", "published", "difference", "seeds", "epochs")
        tables.append(Table(title[0].upper() + title[1:], note, heads, rows))
    return tables


def _starts(runs: dict[str, list[Filed]], reference: dict[str, Any]) -> str:
    """Which weights each network that stands beside a published row started from; nothing where none does."""
    filed = [run for row in reference["rows"] for run in runs.get(row["recipe"], [])]
    starts = {(run.recipe.network, Path(run.description["start"]).stem) for run in filed}
    said = [f"{network} from {start}" for network, start in sorted(starts)]
    return f" Ours start: {', '.join(said)}." if said else ""


def _beside(row: dict[str, Any], key: str, runs: dict[str, list[Filed]]) -> Iterator[tuple[str, ...]]:
    """The cells of a published row; the recipe for few epochs on a CPU has a line of its own where it was run."""
    published = 100 * row[key]
    for recipe, title in (
        (row["recipe"], row["name"]),
        (f"{row['recipe']}_cpu", f"{row['name']}, few epochs on a CPU"),
    ):
        ours = runs.get(recipe)
        if ours is not None:
            found = score(ours, key)
            difference = _with_interval(100 * found.value - published, found, published, sign=True)
            here, seeds, epochs = _with_interval(100 * found.value, found, 0), len(ours), ours[0].recipe.epochs
            yield title, here, f"{published:.1f}", difference, str(seeds), str(epochs)
        elif recipe == row["recipe"]:
            yield title, NOT_RUN, f"{published:.1f}", "", "", ""


def _with_interval(value: float, score: Score, minus: float, sign: bool = False) -> str:
    """In percent, with the score's interval moved down by `minus`."""
    form = "+.1f" if sign else ".1f"
    return f"{value:{form}} [{100 * score.low - minus:{form}}, {100 * score.high - minus:{form}}]"


def all_runs(runs: dict[str, list[Filed]]) -> Table:
    """Every recipe on file, best first within each split and part."""
    rows = []
    order = sorted(runs, key=lambda name: (*_judged_on(runs[name]), -score(runs[name], "accuracy").value))
    for name in order:
        ours = runs[name]
        scores = [score(ours, key) for key in ("accuracy", "macro_f1")]
        clean = score(ours, "accuracy", "without_duplicates")
        error = sum(run.metrics["raw"]["calibration_error"] for run in ours) / len(ours)
        recipe = ours[0].recipe
        cells = [_with_interval(100 * found.value, found, 0) for found in (*scores, clean)]
        seeds = ", ".join(str(run.recipe.seed) for run in ours)
        hardware = ours[0].description["hardware"].split(", torch")[0]
        start = Path(ours[0].description["start"]).stem
        training = (start, f"{recipe.pixels}", f"{recipe.epochs}", seeds, hardware)
        rows.append((name, " ".join(_judged_on(ours)), *cells, f"{100 * error:.1f}", *training))
    note = (
        "In percent. Without copies: without the pictures whose exact pixels also occur in what the data set has for "
        "training. Calibration: expected calibration error."
    )
    unlike = [name for name in order if len({_learned_from(run) for run in runs[name]}) > 1]
    if unlike:
        note += f" Seeds that learned from different pictures, or began with different weights: {', '.join(unlike)}."
    heads = ("recipe", "judged on", "accuracy", "macro F1", "accuracy without copies")
    return Table(
        "All runs", note, (*heads, "calibration", "started from", "pixels", "epochs", "seeds", "hardware"), rows
    )


def _learned_from(run: Filed) -> tuple[str, str]:
    return run.description["data"], run.description["start"]


def _judged_on(runs: list[Filed]) -> tuple[str, str]:
    return runs[0].metrics["split"], runs[0].metrics["part"]


def by_class(runs: dict[str, list[Filed]]) -> Table:
    """F1 of each class for every recipe."""
    rows = []
    for name, ours in runs.items():
        values = [sum(run.metrics["raw"]["classes"][kind]["f1"] for run in ours) / len(ours) for kind in NAMES]
        rows.append((name, *(f"{100 * value:.1f}" for value in values)))
    return Table("F1 by class", "In percent, on all pictures of the part.", ("recipe", *NAMES), rows)


def of_one_run(run: Filed) -> Table:
    """Precision, recall, F1 and pictures of each class of one run."""
    rows = []
    for name, of in run.metrics["raw"]["classes"].items():
        rows.append((name, *(f"{100 * of[key]:.1f}" for key in ("precision", "recall", "f1")), f"{of['support']:,}"))
    return Table(run.name, "In percent.", ("class", "precision", "recall", "F1", "pictures"), rows)
