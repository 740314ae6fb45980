"""Draw how many pictures each class has: in a part, or before and after others were added."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from mien.expressions import NAMES, described


def class_chart(panels: Mapping[str, tuple[np.ndarray, np.ndarray]], classes: tuple[str, ...] = NAMES) -> Figure:
    """Draw a bar a class, in panels side by side.

    Args:
        panels: By title; the classes' pictures, int [classes], and the synthetic ones that were added, the same.
        classes: The classes' names, in order.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(3.6 * len(panels) + 1.2, max(3.8, 0.3 * len(classes) + 1)), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    colours = [kind.colour for kind in described(classes)]
    for axis, (title, (real, added)) in zip(axes, panels.items(), strict=True):
        whole = real + added
        axis.barh(classes, real, color=colours, height=0.72)
        bars = axis.barh(
            classes, added, left=real, color=colours, height=0.72, alpha=0.45, hatch="///", edgecolor="white"
        )
        texts = [
            f"{count:,}  ({f'{more:,} synthetic' if more else f'{count / whole.sum():.1%}'})"
            for count, more in zip(whole.tolist(), added.tolist(), strict=True)
        ]
        axis.bar_label(bars, texts, padding=4, fontsize=9)
        axis.set_title(f"{title}: {whole.sum():,} pictures", fontsize=11, loc="left")
        axis.set_xlim(0, 1.45 * max(whole.max(), 1))  # room for the longest bar's label
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()  # the first class on top; all share the axis
    return figure
