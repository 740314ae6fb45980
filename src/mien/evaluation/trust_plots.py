"""Figures of trust: robustness, crops, calibration, label noise, and a sheet of what the corruptions look like."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mien.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from mien.expressions import in_order
from mien.plotting import BLUE, plain
from mien.results.robustness import MIDDLE, RobustnessScores
from mien.results.scores import Bin, Calibration, LabelNoise

_LINES = ("#3d7ab8", "#d9782d", "#7d5ba6", "#7a9a3a", "#d1493f", "#7f8790")
_DARK_BELOW, _DARK_ABOVE = 0.42, 0.93
"""Shares beyond which a cell of the heat-map is dark enough for white text."""
_WAYS = {
    "right": "crop too far right, sides",
    "down": "crop too far down, sides",
    "scale": "crop's side over the right one",
    "turn": "crop turned, degrees",
}


def robustness(judged: Mapping[str, RobustnessScores]) -> Figure:
    """A heat-map for each model: the share of accuracy that is kept, corruptions down, strengths across.

    Args:
        judged: The results by model; at least one.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(1.7 + 2.9 * len(judged), 6.4), layout="constrained")
    panels = figure.subplots(1, len(judged), sharey=True, squeeze=False)[0]
    for axis, (name, result) in zip(panels, judged.items(), strict=True):
        kinds = list(result.corruptions)
        kept = np.array([[point.kept.value for point in result.corruptions[kind]] for kind in kinds])
        axis.imshow(kept, cmap="RdYlGn", vmin=0.3, vmax=1, aspect="auto")
        for row, column in np.ndindex(*kept.shape):
            weight = "bold" if column == MIDDLE - 1 else "normal"
            colour = "#222222" if _DARK_BELOW < kept[row, column] < _DARK_ABOVE else "white"
            text = f"{kept[row, column]:.0%}"
            axis.text(column, row, text, ha="center", va="center", fontsize=8, weight=weight, color=colour)
        axis.set_xticks(range(STRENGTHS), [str(strength + 1) for strength in range(STRENGTHS)])
        axis.set_yticks(range(len(kinds)), kinds, fontsize=9)
        axis.set_xlabel("strength")
        found = result.kept
        axis.set_title(
            f"{name}\nstrength {MIDDLE}: {found.value:.1%} [{found.low:.1%}, {found.high:.1%}]", fontsize=9, loc="left"
        )
        axis.spines[:].set_visible(False)
        axis.tick_params(length=0)
    pictures = next(iter(judged.values())).pictures
    figure.suptitle(f"Accuracy kept when pictures are spoiled ({pictures:,} pictures)", fontsize=11, x=0.02, ha="left")
    return figure


def crops(judged: Mapping[str, RobustnessScores]) -> Figure:
    """Accuracy over shifts, scales and turns of the crop, a line a model with its 95% interval.

    Args:
        judged: The results by model; at least one.

    Returns:
        The figure.
    """
    ways = list(next(iter(judged.values())).crops)
    figure = Figure(figsize=(8.4, 5.6), layout="constrained")
    axes = figure.subplots(2, 2, sharey=True).flat
    for axis, way in zip(axes, ways, strict=True):
        for (name, result), colour in zip(judged.items(), _colours(len(judged)), strict=True):
            points = result.crops[way]
            amount = [point.amount for point in points]
            axis.plot(amount, [point.accuracy.value for point in points], ".-", color=colour, label=name)
            low, high = [point.accuracy.low for point in points], [point.accuracy.high for point in points]
            axis.fill_between(amount, low, high, color=colour, alpha=0.15, linewidth=0)
        axis.set_xlabel(_WAYS[way])
        axis.set_ylabel("accuracy")
        axis.set_ylim(0, 0.9)
        axis.grid(axis="y", color="#e4e4e4")
        plain(axis)
    axes[0].legend(frameon=False, fontsize=9)
    figure.suptitle("Accuracy when the crop is off", fontsize=11, x=0.02, ha="left")
    return figure


def calibration(judged: Mapping[str, Calibration]) -> Figure:
    """Reliability before and after the temperature, a panel a model, and accuracy over coverage, one below the other.

    Args:
        judged: The `calibration` part of the results by model; at least one.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(4.6, 3.9 * (len(judged) + 1)), layout="constrained")  # a phone's width: readable there
    *panels, last = figure.subplots(len(judged) + 1, 1)
    for axis, (name, result) in zip(panels, judged.items(), strict=True):
        lines = {}
        if result.reliability_before is not None and result.error_before is not None:
            lines[f"before: {100 * result.error_before.value:.1f}"] = (result.reliability_before, "#b9bec4")
        after = "after" if result.temperature else "error"
        lines[f"{after}: {100 * result.error.value:.1f}"] = (result.reliability, BLUE)
        reliability(axis, lines)
        heat = f", temperature {result.temperature:.2f}" if result.temperature else ""
        axis.set_title(f"{name}{heat}", fontsize=10, loc="left")
    for (name, result), colour in zip(judged.items(), _colours(len(judged)), strict=True):
        last.plot(result.selective.coverage, result.selective.accuracy, color=colour, label=name)
    last.set(xlim=(0, 1), ylim=(0.5, 1), xlabel="share of faces answered", ylabel="accuracy on them")
    last.set_title("the least certain left out", fontsize=10, loc="left")
    last.legend(frameon=False, fontsize=8)
    plain(last)
    return figure


def labels(judged: Mapping[str, LabelNoise]) -> Figure:
    """Agreement among raters by label, how often their majority confirms it, and the models against that majority.

    Args:
        judged: The `labels` part of the results by model; at least one.

    Returns:
        The figure.
    """
    first = next(iter(judged.values()))
    names = in_order(first.classes)
    series = {
        "two raters agree": [first.classes[name].agreement for name in names],
        "majority confirms the label": [first.classes[name].majority for name in names],
    }
    for name, result in judged.items():
        series[f"{name} finds the majority's class"] = [result.classes[kind].accuracy_majority for kind in names]
    figure = Figure(figsize=(4.6, 6.2 * max(len(names), 7) / 7), layout="constrained")
    axis = figure.subplots()
    wide = 0.8 / len(series)
    colours = ("#9aa0a6", "#444444", *_colours(len(judged)))
    for number, ((title, values), colour) in enumerate(zip(series.items(), colours, strict=True)):
        places = np.arange(len(names)) + (number - (len(series) - 1) / 2) * wide
        axis.barh(places, values, wide * 0.92, color=colour, label=title)
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlim(0, 1)
    axis.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1))
    plain(axis)
    return figure


def corruption_sheet(face: np.ndarray) -> Figure:
    """One face under every corruption: strengths 1 to 5 with what they mean.

    Args:
        face: uint8 [s, s].

    Returns:
        The figure.
    """
    groups = 2  # side by side, so that the sheet is not a tower
    lines = -(-len(CORRUPTIONS) // groups)
    figure = Figure(figsize=(groups * 6.6, lines * 1.25), layout="constrained")
    axes = figure.subplots(lines, groups * (STRENGTHS + 1), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, kind in enumerate(CORRUPTIONS):
        row, first = number % lines, number // lines * (STRENGTHS + 1)
        head = axes[row, first]
        head.text(1, 0.6, kind.name, ha="right", va="center", fontsize=10, transform=head.transAxes)
        head.text(1, 0.38, kind.unit, ha="right", va="center", fontsize=7.5, color="#666", transform=head.transAxes)
        for strength in range(1, STRENGTHS + 1):
            axis = axes[row, first + strength]
            axis.imshow(kind(face[None], strength)[0], cmap="gray", vmin=0, vmax=255)
            axis.set_title(f"{kind.amounts[strength - 1]:g}", fontsize=8, pad=2)
    return figure


def reliability(axis: Axes, lines: Mapping[str, tuple[list[Bin], str]]) -> None:
    """Draw accuracy over confidence, a line each; a dot's area tells how many pictures.

    Args:
        axis: Where it is drawn.
        lines: Bins and colour, by what the legend says: the calibration error in percent.
    """
    axis.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle=":")
    for label, (bins, colour) in lines.items():
        filled = [one for one in bins if one.pictures]
        confidence, accuracy = [one.confidence for one in filled], [one.accuracy for one in filled]
        fraction = np.array([one.pictures for one in filled]) / sum(one.pictures for one in filled)
        axis.plot(confidence, accuracy, color=colour, linewidth=1.2, label=label)
        axis.scatter(confidence, accuracy, s=8 + 500 * fraction, color=colour, alpha=0.75, linewidths=0)
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axis.legend(frameon=False, fontsize=8, title="calibration error, %", title_fontsize=8, loc="upper left")
    plain(axis)


def _colours(count: int) -> list[str]:
    return [_LINES[number % len(_LINES)] for number in range(count)]
