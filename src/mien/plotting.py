"""What all plots share: how they are written to files, and how plain their axes are."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mien.storage import write_atomically

BLUE, ORANGE = "#3d7ab8", "#d9782d"


def as_written(figure: Figure) -> Figure:
    """The figure with all its words as they were given; Matplotlib would take what stands between $ for formulas."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
    return figure


def save(figure: Figure, path: Path) -> None:
    """A figure as PNG, atomically; raises StorageError where the disk refuses."""
    write_atomically(path, lambda draft: as_written(figure).savefig(draft, format="png", dpi=150))


def plain(axis: Axes) -> None:
    """Leave out what holds no data: the box's upper and right side, and the ticks' marks."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(length=0, labelsize=9)
