"""How much better one recipe does than another, with an interval over pictures and seeds together.

Of each run only the confusion matrix is on file. A picture is one count in one of its cells, so that matrix is enough
for the sampling error of every score that follows from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from mien.experiments.run_results import RunResult
from mien.expressions import in_order
from mien.results.confusion import per_class
from mien.results.reference import ReferenceRow

ACCURACY, MACRO_F1 = "accuracy", "macro F1"
NOT_SHOWN = "no difference is shown"


@dataclass(frozen=True)
class Difference:
    """One score less another, with its interval.

    Attributes:
        value: Of the means over seeds, in [-1, 1].
        low: The interval's lower end.
        high: Its upper end.
        repeats: Degrees of freedom of the spread over seeds; 0 where no recipe was repeated, and the interval is then
            over pictures alone.
    """

    value: float
    low: float
    high: float
    repeats: int

    @property
    def verdict(self) -> str:
        """What the interval allows to say, in words."""
        if self.low <= 0 <= self.high:
            return NOT_SHOWN
        way = "higher" if self.low > 0 else "lower"
        return way if self.repeats else f"{way} here, but one seed each shows nothing of other seeds"

    @property
    def points(self) -> str:
        """In percentage points, such as "+1.2 [-0.3, +2.7]"."""
        value, low, high = (f"{round(100 * share, 1) + 0.0:+.1f}" for share in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]"


class Family:
    """Recipes that are alike in all but what is compared.

    Args:
        runs: By recipe, at least one of each; all judged on the same pictures.
    """

    def __init__(self, runs: Mapping[str, Sequence[RunResult]]) -> None:
        found = {
            name: [scores_with_errors(np.array(run.metrics.raw.confusion)) for run in of] for name, of in runs.items()
        }
        self._scores = {name: np.array([scores for scores, _ in of]) for name, of in found.items()}
        # All seeds are judged on the same pictures, so more of them do not make the pictures' error smaller.
        self._errors = {name: np.mean([errors for _, errors in of], axis=0) for name, of in found.items()}
        self.repeats = sum(len(scores) - 1 for scores in self._scores.values())
        squares = [((scores - scores.mean(0)) ** 2).sum(0) for scores in self._scores.values()]
        self._within = np.sum(squares, axis=0) / max(self.repeats, 1)
        first = next(iter(runs.values()))[0].metrics.raw
        self._pictures = first.pictures
        self.names = (ACCURACY, MACRO_F1, *(f"F1 of {kind}" for kind in in_order(first.classes)))

    def mean(self, recipe: str, score: str) -> float:
        """The mean of a score over seeds.

        Args:
            recipe: One of the family.
            score: One of `names`.

        Returns:
            In [0, 1].
        """
        return float(self._scores[recipe].mean(0)[self.names.index(score)])

    def differences(self, ours: str, other: str, comparisons: int = 1) -> dict[str, Difference]:
        """How far the scores of `ours` lie above those of `other`.

        The variance of a difference is the sum of two parts. Seeds: the variance within recipes, pooled over all of the
        family that were repeated, as in a one-way analysis of variance, times 1/n + 1/m. It takes seeds to spread alike
        in all recipes, because two runs of one alone say next to nothing (Student's t with 1 degree of freedom is
        12.7). Pictures: the errors of both, as if they had been judged on different pictures; they were judged on the
        same ones, so the interval is rather too wide than too narrow. Degrees of freedom are Satterthwaite's (1946).
        The interval holds for `comparisons` of its kind at once (Bonferroni): also for the best recipe beside each of
        the others, although it was chosen by its score (Hsu 1981).

        Args:
            ours: A recipe of the family.
            other: Another.
            comparisons: How many differences are looked at together.

        Returns:
            By score, with 95% intervals.
        """
        value = self._scores[ours].mean(0) - self._scores[other].mean(0)
        seeds = 1 / len(self._scores[ours]) + 1 / len(self._scores[other])
        pictures = self._errors[ours] ** 2 + self._errors[other] ** 2
        return self._with_intervals(value, seeds, pictures, comparisons)

    def beside_published(self, ours: str, row: ReferenceRow, comparisons: int) -> dict[str, Difference]:
        """How far accuracy and macro F1 of `ours` lie above a published row, which has errors of its own.

        It counts as one training whose seeds spread as ours do.

        Args:
            ours: A recipe of the family.
            row: Published, on as many pictures.
            comparisons: As in `differences`.

        Returns:
            By score, with 95% intervals.
        """
        value = self._scores[ours].mean(0)[:2] - (row.accuracy, row.macro_f1)
        pictures = self._errors[ours][:2] ** 2 + self.published_errors(ours, row) ** 2
        return self._with_intervals(value, 1 / len(self._scores[ours]) + 1, pictures, comparisons)

    def published_errors(self, ours: str, row: ReferenceRow) -> np.ndarray:
        """Standard errors over pictures of a published row's accuracy and macro F1.

        The accuracy's is binomial. Macro F1's depends on the confusion matrix, which was not published: ours is taken.

        Args:
            ours: The recipe that stands beside it.
            row: The published row, on as many pictures.

        Returns:
            float [2].
        """
        return np.array([(row.accuracy * (1 - row.accuracy) / self._pictures) ** 0.5, self._errors[ours][1]])

    def _with_intervals(
        self, value: np.ndarray, seeds: float, pictures: np.ndarray, comparisons: int
    ) -> dict[str, Difference]:
        by_seeds = self._within[: len(value)] * seeds
        variance = by_seeds + pictures
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = np.where(by_seeds > 0, self.repeats * (variance / by_seeds) ** 2, np.inf)
        half = student.ppf(1 - 0.025 / comparisons, freedom) * np.sqrt(variance)
        ends = zip(self.names, value.tolist(), (value - half).tolist(), (value + half).tolist(), strict=False)
        return {name: Difference(middle, low, high, self.repeats) for name, middle, low, high in ends}


def listed(found: Mapping[str, Difference]) -> str:
    """Differences in a row.

    Args:
        found: By what they are called.

    Returns:
        Such as "Mixup +2.4 [+0.3, +4.4], CutMix +3.2 [+1.1, +5.3]".
    """
    return ", ".join(f"{name} {one.points}" for name, one in found.items())


def verdict(found: Mapping[str, Difference]) -> str:
    """What the intervals of several differences allow to say.

    Args:
        found: By what they are called; at least one.

    Returns:
        Such as "higher (a +2.0 [+1.0, +3.0]); no difference is shown (b +0.1 [-0.9, +1.1])".
    """
    groups: dict[str, dict[str, Difference]] = {}
    for name, one in found.items():
        groups.setdefault(one.verdict, {})[name] = one
    return "; ".join(f"{said} ({listed(of)})" for said, of in groups.items())


def scores_with_errors(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy, macro F1 and each class's F1, and their standard errors over pictures.

    The errors are the delta method's (the infinitesimal jackknife, Efron 1981): with g the derivative of a score by the
    count of a cell, its variance is the sum of count * g ** 2 over the cells, because counts are multinomial and these
    scores do not change when all counts grow alike.

    Args:
        confusion: int [K, K]; row: label, column: what it was called.

    Returns:
        float [2 + K] each: the scores in [0, 1], and their standard errors. Macro F1 is the mean over the classes that
        are labelled.
    """
    total, labelled = confusion.sum(), confusion.sum(1) > 0
    accuracy, f1 = np.trace(confusion) / total, per_class(confusion[None])[2][0]
    sums = np.maximum(confusion.sum(0) + confusion.sum(1), 1)
    own = np.eye(len(confusion))
    # F1 of class k is 2 hits[k] / sums[k]; a count in row or column k adds to sums[k], on the diagonal twice.
    by_class = own[:, :, None] * own[:, None, :] * 2 - f1[:, None, None] * (own[:, :, None] + own[:, None, :])
    by_class /= sums[:, None, None]
    slopes = np.stack([(own - accuracy) / total, by_class[labelled].mean(0), *by_class])
    return np.array([accuracy, f1[labelled].mean(), *f1]), np.sqrt((confusion * slopes**2).sum((1, 2)))
