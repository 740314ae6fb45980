"""Draw the losses of a StarGAN's training."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from mien.plotting import BLUE, plain
from mien.synthesis.curve import CurvePoint


def loss_curves(points: Sequence[CurvePoint]) -> Figure:
    """The losses over the steps, a small plot each.

    Args:
        points: The curve, at least one line.

    Returns:
        The figure.
    """
    names = ("gap", "penalty", "real_class", "realism", "made_class", "cycle")
    figure = Figure(figsize=(10, 5), layout="constrained")
    steps = [point.step for point in points]
    for axis, name in zip(figure.subplots(2, 3).flat, names, strict=True):
        axis.plot(steps, [getattr(point, name) for point in points], color=BLUE, marker=".", markersize=3)
        axis.set_title(
            f"{'critic' if name in names[:3] else 'generator'}: {name.replace('_', ' ')}", loc="left", fontsize=10
        )
        plain(axis)
    return figure
