"""What all plots share: how they are written to files, and how plain their axes are."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mien.storage import write_atomically

BLUE, ORANGE = "#3d7ab8", "#d9782d"


def as_written(figure: Figure) -> Figure:
    """Have all words of a figure drawn as they were given; Matplotlib would take what stands between $ for formulas.

    Args:
        figure: It is changed.

    Returns:
        The same figure.
    """
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, atomically.

    Args:
        figure: What is drawn.
        path: Where it goes.

    Raises:
        StorageError: The disk refuses.
    """
    write_atomically(path, lambda draft: as_written(figure).savefig(draft, format="png", dpi=150))


def plain(axis: Axes) -> None:
    """Leave out what holds no data: the box's upper and right side, and the ticks' marks.

    Args:
        axis: It is changed.
    """
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(length=0, labelsize=9)
