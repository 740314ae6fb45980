"""Scores of a model on some pictures: accuracy, macro and per-class scores, calibration, and the labels themselves."""

import math
from itertools import pairwise
from typing import Self

import numpy as np
from pydantic import model_validator

from mien.expressions import in_order
from mien.results.confusion import per_class, summaries
from mien.results.record import Share, record


@record
class Interval:
    """A value and the ends of its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: np.ndarray) -> Self:
        """A value and the middle 95% of what the bootstrap came to.

        Args:
            value: Of all pictures.
            draws: float [R], of each draw.

        Returns:
            The interval.
        """
        low, high = np.percentile(draws, [2.5, 97.5])
        return cls(float(value), float(low), float(high))

    @property
    def is_ordered(self) -> bool:
        """Whether the value lies between its ends, but for rounding, and all in [0, 1]."""
        ends = (0.0, self.low, self.value, self.high, 1.0)
        return all(low <= high or _is_close(low, high) for low, high in pairwise(ends))


@record
class ClassScores:
    """One class: precision, recall and F1 in [0, 1], and how many pictures carry its label."""

    precision: float
    recall: float
    f1: float
    support: int


@record
class Scores:
    """All figures of one model on one set of pictures.

    The others follow from the confusion matrix, which is checked.

    Attributes:
        pictures: How many.
        accuracy: In [0, 1].
        macro_precision: Mean over the classes that are labelled.
        macro_recall: The same.
        macro_f1: The same.
        calibration_error: Expected calibration error with 15 equal bins, in [0, 1].
        classes: Of each class.
        confusion: confusion[i][j] counts pictures of label i called j.
    """

    pictures: int
    accuracy: Interval
    macro_precision: Interval
    macro_recall: Interval
    macro_f1: Interval
    calibration_error: Share
    classes: dict[str, ClassScores]
    confusion: list[list[int]]

    @property
    def intervals(self) -> dict[str, Interval]:
        """The scores that have an interval, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Interval)}

    @model_validator(mode="after")
    def _follow_from_the_confusion_matrix(self) -> Self:
        counts = np.array(self.confusion)
        names = in_order(self.classes)
        if counts.shape != (len(names), len(names)) or not counts.sum() == self.pictures > 0:
            raise ValueError("the confusion matrix has another number of pictures")
        for name, found in summaries(counts[None], counts.sum(1) > 0)._asdict().items():
            if not _is_close(self.intervals[name].value, found[0]):
                raise ValueError(f"{name} is not the matrix's")
        for name, *follows in zip(names, *(of[0] for of in per_class(counts[None])), counts.sum(1), strict=True):
            of = self.classes[name]
            if not all(map(_is_close, (of.precision, of.recall, of.f1, of.support), follows)):
                raise ValueError(f"class {name} is not the matrix's")
        return self


@record
class Bin:
    """Pictures whose confidence lies in one of 15 equal bins: their mean confidence and accuracy, 0 without any."""

    pictures: int
    confidence: float
    accuracy: float


@record
class Selective:
    """Accuracy where only the most certain pictures are answered.

    Attributes:
        coverage: Shares of the pictures.
        accuracy: At each of these.
        risk_area: The mean share of errors over all coverages (area under the risk-coverage curve, Geifman and El-Yaniv
            2017), lower is better.
        least_risk_area: The same with all errors last.
    """

    coverage: tuple[float, ...]
    accuracy: tuple[float, ...]
    risk_area: float
    least_risk_area: float

    def at(self, coverage: float) -> float:
        """The accuracy where a share of the pictures is answered.

        Args:
            coverage: One of `coverage`.

        Returns:
            In [0, 1].
        """
        return self.accuracy[self.coverage.index(coverage)]


@record
class Calibration:
    """How a model's confidence and accuracy compare.

    Attributes:
        temperature: What the model divides its logits by; None where it has none.
        error: Expected calibration error (Guo et al. 2017) in [0, 1].
        reliability: Its bins.
        error_before: As it would be without the temperature; None where there is none.
        reliability_before: The same.
        selective: Accuracy over coverage.
    """

    temperature: float | None
    error: Interval
    reliability: list[Bin]
    error_before: Interval | None
    reliability_before: list[Bin] | None
    selective: Selective


@record
class ClassNoise:
    """The pictures that carry one FER label. Shares are in [0, 1], 0 where there are no pictures.

    Attributes:
        pictures: How many.
        agreement: The chance that two raters of such a picture said the same.
        judged: How many have a majority for one of our classes.
        majority: Of the judged ones, the share whose label the raters' majority confirms.
        accuracy_majority: Of the judged ones that the raters' majority puts in this class, the share that the model
            calls so.
    """

    pictures: int
    agreement: float
    judged: int
    majority: float
    accuracy_majority: float


@record
class LabelNoise:
    """A model beside two sets of labels, on the same pictures: those with a majority for one of our classes.

    Attributes:
        pictures: All.
        judged: Those with such a majority.
        left_out: Why the others are not judged, and how many.
        accuracy: Against FER's labels.
        accuracy_majority: Against FER+'s majority.
        label_is_majority: What FER's labels themselves score against that majority.
        classes: By name.
    """

    pictures: int
    judged: int
    left_out: dict[str, int]
    accuracy: Interval
    accuracy_majority: Interval
    label_is_majority: Interval
    classes: dict[str, ClassNoise]


def _is_close(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=1e-9)
