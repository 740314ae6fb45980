"""The report on one model and one part of a data set: a results file, a table for the terminal, a plot."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table

from mien.data import photographs
from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.evaluation import figures
from mien.evaluation.calibration import Calibration
from mien.evaluation.label_noise import LabelNoise
from mien.evaluation.lettering import as_written
from mien.evaluation.metrics import Interval, Scores, score
from mien.expressions import EXPRESSIONS, NAMES
from mien.storage import write_atomically, write_json

_DARK = 0.6  # share from which a cell is dark enough for white text


@dataclass(frozen=True)
class Subject:
    """What was evaluated, and on what.

    model_hash: SHA-256 of the weights or model file; data_hash: SHA-256 over the part's pixels and labels; code: the
    package's version; date: UTC, ISO 8601. Photographs of another data set have its folder's name for their split.
    """

    model: str
    model_hash: str
    data_hash: str
    split: str
    part: str
    code: str
    date: str

    @classmethod
    def today(cls, model: str, model_hash: str, pictures: FaceData, split: str, part: str, code: str) -> "Subject":
        """A model that is evaluated now on these pictures."""
        date = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(model, model_hash, pictures.fingerprint(), split, part, code, date)

    @property
    def place(self) -> str:
        """The pictures in words."""
        return (
            f"photographs in {self.split}" if self.part == photographs.PART else f"{self.split} split, {self.part} part"
        )


@dataclass(frozen=True)
class Report:
    """The scores on all pictures of the part, and on those that training cannot have seen the exact pixels of.

    calibration, labels: on all pictures; None where they were not asked for, or there are no raters' votes.
    left_out: how many of the data set's pictures could not be read or show no face, and folders of other classes.
    """

    subject: Subject
    raw: Scores
    without_duplicates: Scores
    calibration: Calibration | None = None
    labels: LabelNoise | None = None
    left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The results file's content: plain numbers, lists and dicts."""
        told = asdict(self.subject) | {"left_out": self.left_out}
        scores = {"raw": self.raw.to_dict(), "without_duplicates": self.without_duplicates.to_dict()}
        further = {"calibration": self.calibration, "labels": self.labels}
        return told | scores | {key: asdict(of) for key, of in further.items() if of is not None}


def report(subject: Subject, labels: np.ndarray, probabilities: np.ndarray, duplicate: np.ndarray) -> Report:
    """Score probabilities [N, 7] against labels int [N], with and without the pictures marked in `duplicate`, bool [N].

    Raises DataError where no picture is left without them.
    """
    if duplicate.all():
        raise DataError(f"every picture of part '{subject.part}' occurs in a part for training; it can judge nothing")
    return Report(subject, score(labels, probabilities), score(labels[~duplicate], probabilities[~duplicate]))


def write(made: Report, path: Path) -> None:
    """The results file at `path` (JSON) and its plots beside it (PNG); raises StorageError where the disk refuses."""
    told = made.to_dict()
    write_json(path, told)
    save(plot(made), path.with_suffix(".png"))
    for name, draw in (("calibration", figures.calibration), ("labels", figures.labels)):
        if name in told:
            save(draw({made.subject.model: told[name]}), path.with_name(f"{path.stem}-{name}.png"))


def save(figure: Figure, path: Path) -> None:
    """A figure as PNG, atomically."""
    write_atomically(path, lambda draft: as_written(figure).savefig(draft, format="png", dpi=150))


def tables(made: Report) -> tuple[Table, Table]:
    """For the terminal: the summary with 95% intervals, and the scores of each class on all pictures, in percent."""
    summary = Table("", title=f"{made.subject.model}, {made.subject.place}", title_justify="left")
    summary.add_column(f"all {made.raw.pictures:,} pictures", justify="right")
    if made.without_duplicates.pictures < made.raw.pictures:
        summary.add_column(f"{made.without_duplicates.pictures:,} without copies", justify="right")
    for (name, raw), (_, clean) in zip(_summary(made.raw), _summary(made.without_duplicates), strict=True):
        summary.add_row(name, *(raw, clean)[: len(summary.columns) - 1])
    classes = Table("class", title="By class, all pictures", title_justify="left")
    for name in ("precision", "recall", "F1", "pictures"):
        classes.add_column(name, justify="right")
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
    for field in fields(scores):
        value = getattr(scores, field.name)
        if isinstance(value, Interval):
            yield field.name.replace("_", " ").replace("f1", "F1"), _percent(value)
    yield "calibration error", f"{100 * scores.calibration_error:.1f}"


def _percent(value: Interval) -> str:
    return f"{100 * value.value:.1f}  [{100 * value.low:.1f}, {100 * value.high:.1f}]"


def plot(made: Report) -> Figure:
    """The confusion matrix, each row summing to 100%, and beside each row its class's F1; on all pictures."""
    scores, subject = made.raw, made.subject
    figure = Figure(figsize=(11, 5.6), layout="constrained")
    matrix, bars = figure.subplots(1, 2, sharey=True, width_ratios=(1.5, 1))
    figure.suptitle(
        f"{subject.model}, {subject.place} ({scores.pictures:,} pictures): "
        f"accuracy {scores.accuracy.value:.1%}, macro F1 {scores.macro_f1.value:.1%}"
    )
    _draw_confusion(matrix, np.array(scores.confusion))
    classes = [scores.classes[name] for name in NAMES]
    drawn = bars.barh(
        range(len(NAMES)), [of.f1 for of in classes], color=[kind.colour for kind in EXPRESSIONS], height=0.72
    )
    told = [f"{of.f1:.1%}" if of.support else "no pictures" for of in classes]
    for label in bars.bar_label(drawn, told, padding=4):
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # above the dotted line
    bars.axvline(scores.macro_f1.value, color="#444444", linewidth=1, linestyle=":")
    bars.set_xlim(0, 1.12)  # room for a label at 100%
    bars.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100%"])
    bars.set_title("F1 (dotted: macro)", fontsize=11, loc="left")
    bars.spines[["top", "right"]].set_visible(False)
    bars.tick_params(length=0)
    return figure


def _draw_confusion(axis: Axes, confusion: np.ndarray) -> None:
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
    axis.set_xticks(range(len(NAMES)), NAMES)
    axis.set_yticks(range(len(NAMES)), NAMES)
    axis.set_xlabel("what the model says")
    axis.set_ylabel("label")
    axis.set_title("Share of each label's pictures, and how many", fontsize=11, loc="left")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
