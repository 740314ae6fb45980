"""A model on spoiled pictures, and when the crop is off: results/<model>-<split>-<part>-robust.json."""

from typing import ClassVar

from mien.results.evaluation import Subject
from mien.results.record import record
from mien.results.scores import Interval

MIDDLE = 3
"""The strength that one figure for a model is taken at."""


@record
class Point:
    """At one amount of spoiling.

    Attributes:
        amount: In the corruption's unit.
        accuracy: In [0, 1].
        kept: The share of the accuracy on unspoiled pictures that is kept.
    """

    amount: float
    accuracy: Interval
    kept: Interval


@record
class RobustnessScores:
    """All on the same pictures, with 95% bootstrap intervals over them.

    Attributes:
        pictures: How many.
        seed: Of the corruptions and the bootstrap.
        clean: Accuracy on unspoiled pictures.
        kept: At strength `MIDDLE`, the mean over the corruptions of the share of accuracy that is kept.
        corruptions: By name, strengths 1 to 5.
        crops: By way, in order of the amount.
    """

    pictures: int
    seed: int
    clean: Interval
    kept: Interval
    corruptions: dict[str, list[Point]]
    crops: dict[str, list[Point]]

    def kept_of(self, corruption: str) -> Interval:
        """The share of accuracy that is kept under one corruption at strength `MIDDLE`.

        Args:
            corruption: Its name.

        Returns:
            With its interval.
        """
        return self.corruptions[corruption][MIDDLE - 1].kept


@record
class Robustness(Subject, RobustnessScores):
    """The results file."""

    made_by: ClassVar[str] = "mien evaluate --robust"
