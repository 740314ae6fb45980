"""The tables of the report, as plain rows of text; how they look is the report's business."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mien.experiments.run_results import RunResult
from mien.expressions import in_order
from mien.results.reference import Reference, ReferenceRow
from mien.results.scores import Interval

SCORES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
}
NOT_RUN = "not run"
FEW_EPOCHS = "_cpu"
"""How the names of recipes end that are a row's, in few epochs on a CPU."""


@dataclass(frozen=True)
class Table:
    """A table of the report.

    Attributes:
        title: Above it.
        note: A line on how to read it.
        heads: Of the columns.
        rows: Cells, the first of which names the row.
    """

    title: str
    note: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def by_recipe(ours: list[RunResult]) -> dict[str, list[RunResult]]:
    """The runs of each recipe, by seed.

    Args:
        ours: In any order.

    Returns:
        By the recipe's name.
    """
    runs: dict[str, list[RunResult]] = defaultdict(list)
    for run in sorted(ours, key=lambda run: run.recipe.seed):
        runs[run.recipe_name].append(run)
    return dict(runs)


def mean(intervals: Iterable[Interval]) -> Interval:
    """The mean of a score over seeds, with the mean of its intervals' ends.

    Args:
        intervals: At least one.

    Returns:
        The mean.
    """
    all_of = list(intervals)
    ends = zip(*((of.value, of.low, of.high) for of in all_of), strict=True)
    return Interval(*(sum(values) / len(all_of) for values in ends))


def score(runs: list[RunResult], name: str) -> Interval:
    """A score of one recipe's runs on all pictures.

    Args:
        runs: At least one.
        name: Of `SCORES`.

    Returns:
        The mean over the runs.
    """
    return mean(run.metrics.raw.intervals[name] for run in runs)


def clean_accuracy(runs: list[RunResult]) -> Interval:
    """The accuracy of one recipe's runs on the pictures that training cannot have seen the exact pixels of.

    Args:
        runs: At least one.

    Returns:
        The mean over the runs.
    """
    return mean(run.metrics.without_duplicates.accuracy for run in runs)


class Bounded(Protocol):
    """A value in [0, 1] with the ends of its 95% interval."""

    @property
    def value(self) -> float:
        """In [0, 1]."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


def percent(of: Bounded) -> str:
    """The value in percent, with its interval.

    Args:
        of: In [0, 1].

    Returns:
        Such as "71.2 [70.1, 72.3]".
    """
    return f"{100 * of.value:.1f} [{100 * of.low:.1f}, {100 * of.high:.1f}]"


def opened(sentence: str) -> str:
    """A sentence with its first letter in upper case, and the others as they are.

    Args:
        sentence: At least one letter.

    Returns:
        The sentence.
    """
    return sentence[0].upper() + sentence[1:]


def seeds_of(runs: Iterable[list[RunResult]]) -> str:
    """How many seeds recipes have.

    Args:
        runs: Of each recipe; at least one recipe.

    Returns:
        Such as "1 seed each" or "1 to 2 seeds each".
    """
    counts = sorted({len(of) for of in runs})
    span = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"{span} seed{'s' * (counts[-1] > 1)} each"


def beside_reference(runs: dict[str, list[RunResult]], reference: Reference, ending: str = "") -> list[Table]:
    """One table a score: ours, the published one, and the difference with its interval.

    Args:
        runs: Ours, by recipe.
        reference: The published ones.
        ending: What the names of our recipes have behind the row's: nothing for the full training, which every row is
            shown for, run or not; `FEW_EPOCHS` for the rows that were run so.

    Returns:
        In the order of `SCORES`; none where no row would be shown.
    """
    shown = [row for row in reference.rows if not ending or row.recipe + ending in runs]
    note = (
        f"In percent, on the {reference.part} part of the {reference.split} split "
        f"({reference.pictures:,} pictures). Brackets: 95% bootstrap interval over pictures, ours only. "
        f"More than one seed: the mean.{_starts(runs, shown, ending)}"
    )
    tables = []
    for key, title in SCORES.items() if shown else ():
        rows = [_beside(row, key, runs.get(row.recipe + ending)) for row in shown]
        heads = ("row", "here", "published", "difference", "seeds", "epochs")
        tables.append(Table(opened(title), note, heads, rows))
    return tables


def _starts(runs: dict[str, list[RunResult]], rows: list[ReferenceRow], ending: str) -> str:
    """Which weights each network that stands beside a published row started from; nothing where none does."""
    ours = [run for row in rows for run in runs.get(row.recipe + ending, [])]
    starts = {(run.recipe.network, Path(run.description.start).stem) for run in ours}
    said = [f"{network} from {start}" for network, start in sorted(starts)]
    return f" Ours start: {', '.join(said)}." if said else ""


def _beside(row: ReferenceRow, key: str, ours: list[RunResult] | None) -> tuple[str, ...]:
    published = 100 * getattr(row, key)
    if ours is None:
        return row.name, NOT_RUN, f"{published:.1f}", "", "", ""
    found = score(ours, key)
    difference = _with_interval(100 * found.value - published, found, published, sign=True)
    here = _with_interval(100 * found.value, found, 0)
    return row.name, here, f"{published:.1f}", difference, str(len(ours)), str(ours[0].recipe.epochs)


def _with_interval(value: float, score: Interval, minus: float, sign: bool = False) -> str:
    """In percent, with the score's interval moved down by `minus`."""
    form = "+.1f" if sign else ".1f"
    return f"{value:{form}} [{100 * score.low - minus:{form}}, {100 * score.high - minus:{form}}]"


def all_runs(runs: dict[str, list[RunResult]]) -> Table:
    """Every recipe on file, best first within each split and part.

    Args:
        runs: By recipe.

    Returns:
        The table.
    """
    rows = []
    order = sorted(runs, key=lambda name: (*runs[name][0].judged_on, -score(runs[name], "accuracy").value))
    for name in order:
        ours = runs[name]
        scores = [score(ours, key) for key in ("accuracy", "macro_f1")]
        clean = clean_accuracy(ours)
        error = sum(run.metrics.raw.calibration_error for run in ours) / len(ours)
        recipe = ours[0].recipe
        cells = [_with_interval(100 * found.value, found, 0) for found in (*scores, clean)]
        seeds = ", ".join(str(run.recipe.seed) for run in ours)
        hardware = ours[0].description.hardware.split(", torch")[0]
        start = Path(ours[0].description.start).stem
        training = (start, f"{recipe.pixels}", f"{recipe.epochs}", seeds, hardware)
        rows.append((name, " ".join(ours[0].judged_on), *cells, f"{100 * error:.1f}", *training))
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


def _learned_from(run: RunResult) -> tuple[str, str]:
    return run.description.data, run.description.start


def by_class(runs: dict[str, list[RunResult]]) -> list[Table]:
    """F1 of each class for every recipe.

    Args:
        runs: By recipe.

    Returns:
        A table for each list of classes that recipes were judged on.
    """
    rows: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    for name, ours in runs.items():
        kinds = in_order(ours[0].metrics.raw.classes)
        values = [sum(run.metrics.raw.classes[kind].f1 for run in ours) / len(ours) for kind in kinds]
        rows[kinds].append((name, *(f"{100 * value:.1f}" for value in values)))
    note = "In percent, on all pictures of the part."
    return [Table("F1 by class", note, ("recipe", *kinds), of) for kinds, of in rows.items()]


def of_one_run(run: RunResult) -> Table:
    """Precision, recall, F1 and pictures of each class of one run.

    Args:
        run: On file.

    Returns:
        The table.
    """
    rows = []
    for name, of in run.metrics.raw.classes.items():
        rows.append((name, *(f"{100 * share:.1f}" for share in (of.precision, of.recall, of.f1)), f"{of.support:,}"))
    return Table(run.name, "In percent.", ("class", "precision", "recall", "F1", "pictures"), rows)
