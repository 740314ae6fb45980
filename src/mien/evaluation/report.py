"""The report on one model and one part of a data set: a results file, a table for the terminal, a plot."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Column, Table

from mien.data import photographs
from mien.errors import DataError
from mien.evaluation import trust_plots
from mien.evaluation.metrics import score
from mien.expressions import NAMES, described, in_order
from mien.plotting import plain, save
from mien.results import record
from mien.results.evaluation import Evaluation, Subject
from mien.results.scores import Interval, Scores

_DARK = 0.6  # share from which a cell is dark enough for white text


def report(
    subject: Subject,
    labels: np.ndarray,
    probabilities: np.ndarray,
    duplicate: np.ndarray,
    classes: tuple[str, ...] = NAMES,
) -> Evaluation:
    """Score probabilities with and without copies.

    Args:
        subject: What is judged, and on what.
        labels: int [N].
        probabilities: float [N, classes].
        duplicate: bool [N], pictures whose exact pixels occur in a part for training.
        classes: The classes' names, in order.

    Returns:
        The results file.

    Raises:
        DataError: No picture is left without copies.
    """
    if duplicate.all():
        raise DataError(f"every picture of part '{subject.part}' occurs in a part for training; it can judge nothing")
    return Evaluation(
        **vars(subject),
        raw=score(labels, probabilities, classes=classes),
        without_duplicates=score(labels[~duplicate], probabilities[~duplicate], classes=classes),
    )


def write(made: Evaluation, path: Path) -> None:
    """Write the results file, and its plots beside it.

    Args:
        made: The results.
        path: Of the JSON file; plots have its name and end in .png.

    Raises:
        StorageError: The disk refuses.
    """
    record.write(path, made)
    save(plot(made), path.with_suffix(".png"))
    if made.calibration is not None:
        save(trust_plots.calibration({made.model: made.calibration}), path.with_name(f"{path.stem}-calibration.png"))
    if made.labels is not None:
        save(trust_plots.labels({made.model: made.labels}), path.with_name(f"{path.stem}-labels.png"))


def place(of: Subject) -> str:
    """The pictures in words.

    Args:
        of: What was judged.

    Returns:
        A few words.
    """
    return f"photographs in {of.split}" if of.part == photographs.PART else f"{of.split} split, {of.part} part"


def tables(made: Evaluation) -> tuple[Table, Table]:
    """The summary with 95% intervals, and the scores of each class on all pictures, in percent.

    Args:
        made: The results.

    Returns:
        Both, for the terminal.
    """
    summary = Table("", title=f"{made.model}, {place(made)}", title_justify="left")
    summary.add_column(f"all {made.raw.pictures:,} pictures", justify="right")
    if made.without_duplicates.pictures < made.raw.pictures:
        summary.add_column(f"{made.without_duplicates.pictures:,} without copies", justify="right")
    for (name, raw), (_, clean) in zip(_summary(made.raw), _summary(made.without_duplicates), strict=True):
        summary.add_row(name, *(raw, clean)[: len(summary.columns) - 1])
    heads = (Column(head, justify="right") for head in ("precision", "recall", "F1", "pictures"))
    classes = Table("class", *heads, title="By class, all pictures", title_justify="left")
    for name, of in made.raw.classes.items():
        if not of.support:
            continue
        classes.add_row(name, *(f"{100 * value:.1f}" for value in (of.precision, of.recall, of.f1)), f"{of.support:,}")
    if made.labels is not None:
        agreed, own = made.labels.accuracy_majority, made.labels.accuracy
        summary.add_row(f"against FER+'s majority ({made.labels.judged:,})", _percent(agreed))
        summary.add_row("against the labels of these", _percent(own))
    return summary, classes


def _summary(scores: Scores) -> Iterator[tuple[str, str]]:
    for name, value in scores.intervals.items():
        yield name.replace("_", " ").replace("f1", "F1"), _percent(value)
    yield "calibration error", f"{100 * scores.calibration_error:.1f}"


def _percent(value: Interval) -> str:
    return f"{100 * value.value:.1f}  [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def plot(made: Evaluation) -> Figure:
    """The confusion matrix, each row summing to 100%, and beside each row its class's F1; on all pictures.

    Args:
        made: The results.

    Returns:
        The figure.
    """
    scores = made.raw
    names = in_order(scores.classes)
    grown = max(len(names), 7) / 7  # a figure grows with the classes
    figure = Figure(figsize=(11 * grown, 5.6 * grown), layout="constrained")
    matrix, bars = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
    figure.suptitle(
        f"{made.model}, {place(made)} ({scores.pictures:,} pictures): "
        f"accuracy {scores.accuracy.value:.1%}, macro F1 {scores.macro_f1.value:.1%}"
    )
    _draw_confusion(matrix, np.array(scores.confusion), names)
    classes = [scores.classes[name] for name in names]
    drawn = bars.barh(
        range(len(names)), [of.f1 for of in classes], color=[kind.colour for kind in described(names)], height=0.72
    )
    told = [f"{of.f1:.1%}" if of.support else "no pictures" for of in classes]
    for label in bars.bar_label(drawn, told, padding=4):
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # above the dotted line
    bars.axvline(scores.macro_f1.value, color="#444444", linewidth=1, linestyle=":")
    bars.set_xlim(0, 1.12)  # room for a label at 100%
    bars.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])
    bars.set_title("F1 (dotted: macro)", fontsize=11, loc="left")
    plain(bars)
    return figure


def _draw_confusion(axis: Axes, confusion: np.ndarray, names: tuple[str, ...]) -> None:
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(*confusion.shape):
        axis.text(
            column,
            row,
            f"{shares[row, column]:.0%}\n{confusion[row, column]:,}",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if shares[row, column] > _DARK else "#222222",
        )
    turned = 90 if sum(map(len, names)) > 90 else 0  # longer names would run into each other
    axis.set_xticks(range(len(names)), names, rotation=turned)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("what the model says")
    axis.set_ylabel("label")
    axis.set_title("Share of each label's pictures, and how many", fontsize=11, loc="left")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
