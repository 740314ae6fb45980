"""A plot of expressions over time: for each face a band of stacked colours, white where it was out of sight."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from mien.expressions import NAMES, Expression, described
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.video.summary import BIN, Summary, TrackSummary
from mien.storage import write_atomically

_KEYS = 8
"""Classes that have room beside each other in the legend."""
MOST_BANDS = 12
"""Faces longest in sight that get a band; a plot of more is not read."""


class Timeline(AbstractContextManager):
    """A sink that draws the plot, as PNG, PDF or SVG by the path's suffix, when it closes.

    Args:
        path: Where.
        every: Seconds between the frames that are read, where they are far apart.
        classes: What the model tells apart, in order.
    """

    def __init__(self, path: Path, every: float | None = None, classes: tuple[str, ...] = NAMES) -> None:
        load("matplotlib")
        self._path = path
        self._summary = Summary(max(BIN, every or 0.0), classes)

    def write(self, frame: Frame) -> None:
        """Note a frame; the plot is drawn when the sink closes.

        Args:
            frame: Of a video, in order.
        """
        self._summary.write(frame)

    def __exit__(self, *raised: object) -> None:
        figure = draw(self._summary)
        kind_of_file = self._path.suffix.removeprefix(".") or "png"
        write_atomically(self._path, lambda draft: figure.savefig(draft, format=kind_of_file, dpi=120))


def draw(summary: Summary) -> Any:
    """Draw a band for each of the faces longest in sight.

    Args:
        summary: Of a whole video.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure_module = load("matplotlib.figure")
    told = [track for track in summary.tracks.values() if track.bins]
    chosen = sorted(told, key=lambda track: -track.frames)[:MOST_BANDS]
    chosen.sort(key=lambda track: track.number)
    high, kinds = max(len(chosen), 1), described(summary.classes)
    columns = min(len(kinds), _KEYS)
    lines = -(-len(kinds) // columns)
    figure = figure_module.Figure(figsize=(10, 1.1 + 0.2 * lines + 1.0 * high), layout="constrained")
    axes = figure.subplots(high, 1, sharex=True, squeeze=False)[:, 0]
    for axis, track in zip(axes, chosen, strict=False):
        _band(axis, track, kinds, summary.bin_length)
    if not chosen:
        axes[0].set_yticks([])
        axes[0].text(0.5, 0.5, "no face in sight", transform=axes[0].transAxes, ha="center", va="center")
    start = summary.start or 0.0
    axes[-1].set_xlim(start, max(summary.end, start + BIN))
    axes[-1].set_xlabel("time in the video, s")
    left_out = len(told) - len(chosen)
    if left_out > 0:
        axes[-1].set_xlabel(f"time in the video, s ({left_out} faces shorter in sight are left out)")
    handles = [load("matplotlib.patches").Patch(color=item.colour, label=item.name) for item in kinds]
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False, fontsize=9)
    return figure


def _band(axis: Any, track: TrackSummary, kinds: tuple[Expression, ...], bin_length: float) -> None:
    first, last = min(track.bins), max(track.bins)
    shares = np.zeros((last - first + 1, len(kinds)))
    for place, total in track.bins.items():
        shares[place - first] = total / total.sum()
    edges = np.arange(first, last + 2) * bin_length
    floor = np.zeros(len(shares))
    for number, item in enumerate(kinds):
        ceiling = floor + shares[:, number]
        axis.stairs(ceiling, edges, baseline=floor, fill=True, color=item.colour)
        floor = ceiling
    axis.set_ylim(0, 1)
    axis.set_yticks([])
    axis.set_ylabel(f"face {track.number}", rotation=0, ha="right", va="center")
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
