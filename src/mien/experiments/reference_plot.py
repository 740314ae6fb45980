"""The rows of the reference as dots, ours beside the published ones, narrow enough for a phone."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.experiments.differences import ACCURACY, MACRO_F1
from mien.experiments.run_results import RunResult
from mien.experiments.tables import NOT_RUN, opened, score
from mien.plotting import BLUE, ORANGE, plain
from mien.results.reference import Reference, ReferenceRow
from mien.results.scores import Interval

KEYS = {ACCURACY: "accuracy", MACRO_F1: "macro_f1"}
_APART = 0.17
"""How far ours lies above, and the published one below, the middle of its row."""


def published(row: ReferenceRow, key: str, pictures: int, ours: Iterable[Interval]) -> Interval:
    """A published score with its 95% sampling error.

    Args:
        row: The published row.
        key: "accuracy" or "macro_f1".
        pictures: How many it was judged on.
        ours: Our intervals of the same score on the same pictures. The error of macro F1 does not follow from what was
            published; the mean of ours is taken for it, none where there are none.

    Returns:
        In [0, 1].
    """
    value = getattr(row, key)
    widths = [one.high - one.low for one in ours]
    half = sum(widths) / len(widths) / 2 if widths else 0.0
    if key == "accuracy":
        half = 1.96 * (value * (1 - value) / pictures) ** 0.5
    return Interval(value, value - half, value + half)


def dots(runs: dict[str, list[RunResult]], reference: Reference, name: str) -> Figure:
    """One score of all rows: ours as filled circles, the published ones as open diamonds, with 95% intervals.

    Args:
        runs: Ours, by recipe.
        reference: The published rows.
        name: Of the score, one of `KEYS`.

    Returns:
        The figure, four inches wide.
    """
    key = KEYS[name]
    ours = {row.name: score(runs[row.recipe], key) for row in reference.rows if row.recipe in runs}
    figure = Figure(figsize=(4, 0.36 * len(reference.rows) + 1.5), layout="constrained")
    axis = figure.subplots()
    middle = sum(getattr(row, key) for row in reference.rows) / len(reference.rows)
    place, places, labels = 0.0, [], []
    for network, rows in groupby(reference.rows, lambda row: row.name.rpartition(" ")[0]):
        axis.text(0, place, network, transform=axis.get_yaxis_transform(), weight="bold", size=10, va="center")
        for row in rows:
            place += 1
            places.append(place)
            labels.append(row.name.rpartition(" ")[2])
            _dot(axis, place + _APART, published(row, key, reference.pictures, ours.values()), "published")
            if row.name in ours:
                _dot(axis, place - _APART, ours[row.name], "here")
            else:
                _not_run(axis, place, 100 * (getattr(row, key) - middle))
        place += 1.2
    axis.set_yticks(places, labels)
    axis.set_ylim(place - 0.4, -0.7)
    axis.set_xlabel(f"{name}, percent")
    axis.grid(axis="x", color="#dddddd")
    axis.set_axisbelow(True)
    plain(axis)
    axis.tick_params(labelsize=10)
    _legend(axis)
    return figure


def said(runs: dict[str, list[RunResult]], reference: Reference, name: str) -> str:
    """What `dots` shows, in words.

    Args:
        runs: Ours, by recipe.
        reference: The published rows.
        name: Of the score, one of `KEYS`.

    Returns:
        One line.
    """
    rows = []
    for row in reference.rows:
        here = f"{100 * score(runs[row.recipe], KEYS[name]).value:.1f}" if row.recipe in runs else NOT_RUN
        rows.append(f"{row.name} {here}, published {100 * getattr(row, KEYS[name]):.1f}")
    return f"{opened(name)} in percent: {'; '.join(rows)}"


_LOOKS: dict[str, dict[str, Any]] = {
    "here": {"marker": "o", "color": BLUE, "markersize": 6},
    "published": {"marker": "D", "color": ORANGE, "markersize": 6, "markerfacecolor": "white", "linestyle": "--"},
}


def _dot(axis: Axes, place: float, of: Interval, whose: str) -> None:
    looks = _LOOKS[whose]
    axis.plot(
        [100 * of.low, 100 * of.high], [place, place], color=looks["color"], linestyle=looks.get("linestyle", "-")
    )
    axis.plot(100 * of.value, place, **looks)


def _not_run(axis: Axes, place: float, published: float) -> None:
    """In the half where the published one, which lies so far right of the middle, is not."""
    side, align = (0.01, "left") if published > 0 else (0.99, "right")
    across = axis.get_yaxis_transform()
    axis.text(side, place, f"\u00d7 {NOT_RUN} here", transform=across, size=9, va="center", ha=align)


def _legend(axis: Axes) -> None:
    for whose, looks in _LOOKS.items():
        axis.plot([], [], label=whose, **looks)
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(_LOOKS), frameon=False, fontsize=10)
