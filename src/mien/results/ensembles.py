"""Models that answer together: results/ensemble*.json."""

from typing import ClassVar

from mien.results.evaluation import Evaluation
from mien.results.record import record


@record
class Choice:
    """A member, and the scores in [0, 1] of the mean of all members up to it, on the pictures that choose."""

    name: str
    accuracy: float
    macro_f1: float

    @property
    def selection_score(self) -> float:
        """The mean of accuracy and macro F1, as epochs are chosen by."""
        return (self.accuracy + self.macro_f1) / 2


@record
class Member(Choice):
    """A member that was taken; hash: SHA-256 of its weights or model file."""

    hash: str


@record
class Ensemble(Evaluation):
    """The mean of the members' answers, judged once.

    model_hash: SHA-256 over the members' hashes. views: how many views of each face were averaged; alone: every
    model's own scores; chosen: the members in the order in which they were taken.
    """

    made_by: ClassVar[str] = "mien ensemble"

    views: int
    alone: tuple[Choice, ...]
    chosen: tuple[Member, ...]
