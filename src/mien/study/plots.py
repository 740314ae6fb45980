"""The plots of a study's page, as SVG that fits a phone's width."""

import io
import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.expressions import described
from mien.names import abridged
from mien.plotting import BLUE, ORANGE, as_written, plain
from mien.study.courses import Course
from mien.study.export.tiers import one_line
from mien.study.records import counts
from mien.study.statistics import Estimate, Over, Part, Told, estimates

WIDTH = 3.7
"""Inches: 355 pixels, as wide as a phone's page."""
LONGEST_NAME = 18
MOST_PEOPLE = 40
MOST_BARS = 300
"""More bouts than a plot has pixels for."""


def colours(classes: Sequence[str]) -> list[str]:
    """A colour a class, as everywhere else; no two are alike.

    Args:
        classes: The classes' names, in the rows' order.

    Returns:
        As #rrggbb.
    """
    return [kind.colour for kind in described(tuple(classes))]


def svg(figure: Figure) -> str:
    """A figure as SVG with its words as text.

    Args:
        figure: The plot.

    Returns:
        An SVG document.
    """
    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "mien"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the reader's browser draws the letters, with its own fonts
        as_written(figure).savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def short(name: str) -> str:
    """A name that fits beside a plot.

    Args:
        name: As people write it.

    Returns:
        At most `LONGEST_NAME` characters.
    """
    return abridged(one_line(name), LONGEST_NAME)


def shares(part: Part, over: Over, classes: Sequence[str]) -> Figure:
    """Time shares of one part as bars with intervals.

    Args:
        part: Whose figures.
        over: What its intervals are drawn over.
        classes: The classes' names, in the rows' order.

    Returns:
        The plot.
    """
    found = estimates(part, over, lambda one: one.shown)
    figure = Figure(figsize=(WIDTH, 0.9 + 0.27 * len(classes)), layout="constrained")
    axis = figure.subplots()
    places = np.arange(len(classes))
    values = np.array([one.value for one in found]) * 100
    axis.barh(places, values, color=colours(classes), height=0.7)
    for place, one in enumerate(found):
        _whisker(axis, place, one)
        end = one.high if np.isfinite(one.high) else one.value
        if np.isfinite(end):
            axis.annotate(
                f"{one.value:.0%}", (end * 100, place), (4, 0), textcoords="offset points", va="center", size=9
            )
    axis.set_yticks(places, [short(name) for name in classes])
    axis.set_ylim(len(classes) - 0.5, -0.5)
    axis.set_xlim(0, 118)
    axis.set_xticks([0, 25, 50, 75, 100])
    axis.set_xlabel("share of the judged time, %", size=9)
    plain(axis)
    return figure


def _whisker(axis: Axes, place: float, one: Estimate) -> None:
    if np.isfinite(one.low):
        axis.plot([one.low * 100, one.high * 100], [place, place], color="#222", linewidth=1.2)


def people(whole: Sequence[Part], classes: Sequence[str]) -> Figure:
    """Each person's time shares as a band of stacked colours.

    Args:
        whole: A part for each person (and group).
        classes: The classes' names, in the rows' order.

    Returns:
        The plot.
    """
    figure = Figure(figsize=(WIDTH, 0.7 + 0.27 * len(whole)), layout="constrained")
    axis = figure.subplots()
    chosen = colours(classes)
    for place, part in enumerate(whole):
        left = 0.0
        for label, one in enumerate(estimates(part, Over.NONE, lambda one: one.shown)):
            if np.isfinite(one.value):
                axis.barh(place, one.value * 100, left=left, color=chosen[label], height=0.75)
                left += one.value * 100
    several = Counter(part.person for part in whole)
    names = [f"{part.person}, {part.group}" if several[part.person] > 1 else part.person for part in whole]
    axis.set_yticks(range(len(whole)), [short(name) for name in names])
    axis.set_ylim(len(whole) - 0.5, -0.5)
    axis.set_xlim(0, 100)
    axis.set_xlabel("share of the judged time, %", size=9)
    plain(axis)
    return figure


def timeline(told: Sequence[Told], classes: Sequence[str]) -> Figure:
    """The bouts of everybody in one clip over time.

    Args:
        told: The stays of one clip.
        classes: The classes' names, in the rows' order.

    Returns:
        The plot.
    """
    figure = Figure(figsize=(WIDTH, 0.75 + 0.3 * len(told)), layout="constrained")
    axis = figure.subplots()
    chosen = colours(classes)
    many = max(len(one.bouts) for one in told) > MOST_BARS  # then as pixels
    for place, one in enumerate(told):
        for label in {bout.label for bout in one.bouts}:
            spans = [(bout.start, bout.duration) for bout in one.bouts if bout.label == label]
            axis.broken_barh(spans, (place - 0.35, 0.7), color=chosen[label], linewidth=0, rasterized=many)
    axis.set_yticks(range(len(told)), [short(one.stay.person) for one in told])
    axis.set_ylim(len(told) - 0.5, -0.5)
    clip = told[0].stay.clip
    axis.set_xlim(clip.start, clip.end)
    axis.set_xlabel("time in the clip, s", size=9)
    plain(axis)
    return figure


def transition_matrix(told: Sequence[Told], classes: Sequence[str]) -> Figure:
    """How often each class is followed by each other.

    Args:
        told: Stays, summed up.
        classes: The classes' names, in the rows' order.

    Returns:
        The plot.
    """
    found = counts(told, len(classes))
    rows = found / np.maximum(found.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(WIDTH, 1.4 + 0.28 * len(classes)), layout="constrained")
    axis = figure.subplots()
    axis.imshow(rows, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for before, after in np.argwhere(found):
        dark = rows[before, after] > 0.5
        axis.text(after, before, found[before, after], ha="center", va="center", size=8, color="w" if dark else "#222")
    names = [short(name) for name in classes]
    turn = 45 if len(classes) <= 10 else 90
    axis.set_xticks(range(len(classes)), names, rotation=turn, ha="right", va="center", rotation_mode="anchor")
    axis.set_yticks(range(len(classes)), names)
    axis.set_xlabel("followed by", size=9)
    axis.set_ylabel("after", size=9)
    plain(axis)
    return figure


def time_course(course: Course, classes: Sequence[str]) -> Figure:
    """Each class's probability around an event, with the interval over people.

    Args:
        course: Around one kind of event.
        classes: The classes' names, in the rows' order.

    Returns:
        The plot.
    """
    figure = Figure(figsize=(WIDTH, 3.1), layout="constrained")
    axis = figure.subplots()
    for label, colour in enumerate(colours(classes)):
        axis.plot(course.times, course.value[:, label], color=colour, linewidth=1.6)
        axis.fill_between(
            course.times, course.low[:, label], course.high[:, label], color=colour, alpha=0.15, linewidth=0
        )
    axis.axvline(0, color="#222", linewidth=0.8, linestyle=":")
    axis.set_xlim(course.times[0], course.times[-1])
    axis.set_ylim(0, 1)
    axis.set_xlabel("seconds after the event", size=9)
    axis.set_ylabel("mean probability", size=9)
    plain(axis)
    return figure


def circumplex(points: Sequence[tuple[str, float, float]]) -> Figure:
    """People's derived valence and arousal, a row a person.

    Args:
        points: Names with valence and arousal.

    Returns:
        The plot.
    """
    figure = Figure(figsize=(WIDTH, 1.3 + 0.27 * len(points)), layout="constrained")
    axis = figure.subplots()
    axis.axvline(0, color="#bbb", linewidth=0.8)
    places = range(len(points))
    axis.plot([valence for _, valence, _ in points], places, "o", color=BLUE, label="valence, derived")
    axis.plot([arousal for _, _, arousal in points], places, "^", color=ORANGE, label="arousal, derived")
    axis.set_yticks(places, [short(name) for name, _, _ in points])
    axis.invert_yaxis()
    axis.set_xlim(-1, 1)
    axis.set_xlabel("derived, not measured", size=9)
    plain(axis)
    figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return figure
