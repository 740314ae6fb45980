"""Models that answer together: results/ensemble*.json."""

from typing import ClassVar

from mien.results.evaluation import Evaluation
from mien.results.record import record


@record
class Choice:
    """A member, and the scores of the mean of all members up to it, on the pictures that choose.

    Attributes:
        name: The member's.
        accuracy: In [0, 1].
        macro_f1: In [0, 1].
    """

    name: str
    accuracy: float
    macro_f1: float

    @property
    def selection_score(self) -> float:
        """The mean of accuracy and macro F1, as epochs are chosen by."""
        return (self.accuracy + self.macro_f1) / 2


@record
class Member(Choice):
    """A member that was taken.

    Attributes:
        hash: SHA-256 of its weights or model file.
    """

    hash: str


@record
class Ensemble(Evaluation):
    """The mean of the members' answers, judged once.

    Attributes:
        model_hash: SHA-256 over the members' hashes.
        views: How many views of each face were averaged.
        alone: Every model's own scores.
        chosen: The members in the order in which they were taken.
    """

    made_by: ClassVar[str] = "mien ensemble"

    views: int
    alone: tuple[Choice, ...]
    chosen: tuple[Member, ...]
