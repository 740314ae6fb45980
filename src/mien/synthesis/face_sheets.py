"""Pictures of what synthesis does: sheets of faces (plain pixels), loss curves and class counts (matplotlib)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.expressions import EXPRESSIONS, NAMES
from mien.storage import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mien.synthesis.curve import CurvePoint

ENLARGED = 2
_GAP, _LINE = 4, 18


def sheet(titles: Sequence[Sequence[str]], faces: np.ndarray) -> np.ndarray:
    """Rows of faces uint8 [R, C, 48, 48] as one grey picture, enlarged twice, with titles above.

    titles: one row of C titles that stands above all, or R rows that stand above each.
    """
    rows = []
    for number, row in enumerate(faces):
        if number < len(titles):
            rows.append(np.concatenate([_title(text, row.shape[2]) for text in titles[number]], 1))
        rows.append(np.concatenate([_enlarged(face) for face in row], 1))
    return np.concatenate(rows)


def _enlarged(face: np.ndarray) -> np.ndarray:
    enlarged = face.repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    return np.pad(enlarged, ((0, _GAP), (0, _GAP)), constant_values=255)


def _title(text: str, width: int) -> np.ndarray:
    line = Image.new("L", (ENLARGED * width + _GAP, _LINE), 255)
    ImageDraw.Draw(line).text((2, _LINE - 6), text, 0, ImageFont.load_default(11), anchor="ls")
    return np.asarray(line)


def save(picture: np.ndarray, path: Path) -> None:
    """A grey picture uint8 [H, W] as PNG, atomically; raises StorageError where the disk refuses."""
    write_atomically(path, lambda draft: Image.fromarray(picture).save(draft, "PNG"))


def curves(points: "Sequence[CurvePoint]") -> "Figure":
    """The losses over the steps, a small plot each."""
    from matplotlib.figure import Figure

    names = ("gap", "penalty", "real_class", "realism", "made_class", "cycle")
    figure = Figure(figsize=(10, 5), layout="constrained")
    steps = [point.step for point in points]
    for axis, name in zip(figure.subplots(2, 3).flat, names, strict=True):
        axis.plot(steps, [getattr(point, name) for point in points], color="#3d7ab8", marker=".", markersize=3)
        axis.set_title(
            f"{'critic' if name in names[:3] else 'generator'}: {name.replace('_', ' ')}", loc="left", fontsize=10
        )
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def class_counts(real: np.ndarray, synthetic: np.ndarray) -> "Figure":
    """Pictures of each class before and after: counts int [7] of the originals and of what was added."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.8), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True, sharex=True)
    for axis, added, title in ((axes[0], 0 * synthetic, "before"), (axes[1], synthetic, "after")):
        colours = [kind.colour for kind in EXPRESSIONS]
        axis.barh(NAMES, real, color=colours, height=0.72)
        bars = axis.barh(
            NAMES, added, left=real, color=colours, height=0.72, alpha=0.45, hatch="///", edgecolor="white"
        )
        texts = [
            f"{whole:,}" + (f"  ({more:,} synthetic)" if more else "")
            for whole, more in zip(real + added, added, strict=True)
        ]
        axis.bar_label(bars, texts, padding=4, fontsize=9)
        axis.set_title(f"{title}: {int((real + added).sum()):,} training pictures", fontsize=11, loc="left")
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].set_xlim(0, 1.45 * max((real + synthetic).max(), 1))  # room for the longest bar's label
    axes[0].invert_yaxis()  # the first class on top; both share the axis
    return figure
