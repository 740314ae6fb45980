"""Words of a figure that are data: names of models, runs and recipes."""

from matplotlib.figure import Figure
from matplotlib.text import Text


def as_written(figure: Figure) -> Figure:
    """The figure with all its words as they were given; Matplotlib would take what stands between $ for formulas."""
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_parse_math(False)
    return figure
