"""The published results that ours stand beside: results/reference.toml."""

from mien.results.record import Share, record


@record
class ReferenceRow:
    """A published row; recipe: the one of ours that stands beside it. Shares in [0, 1]."""

    name: str
    recipe: str
    accuracy: Share
    macro_precision: Share
    macro_recall: Share
    macro_f1: Share


@record
class Reference:
    """The rows, and the part of which split they are on, with its number of pictures."""

    pictures: int
    split: str
    part: str
    rows: list[ReferenceRow]
