"""The published results that ours stand beside: results/reference.toml."""

from mien.results.record import Share, record


@record
class ReferenceRow:
    """A published row. Scores are in [0, 1].

    Attributes:
        name: Network and setting.
        recipe: The one of ours that stands beside it.
        accuracy: As published, as all below.
        macro_precision: Mean over the classes.
        macro_recall: Mean over the classes.
        macro_f1: Mean over the classes.
    """

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
