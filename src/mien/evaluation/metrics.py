"""Accuracy, macro precision, recall and F1, per-class figures, confusion, calibration error, bootstrap intervals.

Every score here starts from the confusion matrix, so that a bootstrap over pictures is a multinomial draw over its
cells and costs nothing.
"""

from dataclasses import asdict, dataclass

import numpy as np

from mien.expressions import NAMES


@dataclass(frozen=True)
class Interval:
    """A score and its 95% bootstrap interval, all in [0, 1]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassScores:
    """One class: precision, recall and F1 in [0, 1], and how many pictures carry its label."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Scores:
    """All figures of one model on one set of pictures.

    confusion[i][j] counts pictures of label i called j; calibration_error has 15 equal bins.
    """

    pictures: int
    accuracy: Interval
    macro_precision: Interval
    macro_recall: Interval
    macro_f1: Interval
    calibration_error: float
    classes: dict[str, ClassScores]
    confusion: list[list[int]]

    def to_dict(self) -> dict:
        """Plain numbers, lists and dicts, for JSON."""
        return asdict(self)


def score(labels: np.ndarray, probabilities: np.ndarray, resamples: int = 2000, seed: int = 0) -> Scores:
    """Score probabilities [N, K] against labels int [N]; intervals from `resamples` bootstrap draws over pictures.

    A class without predictions has precision 0, as scikit-learn's `zero_division=0` has it. Macro scores are means over
    the classes that are labelled: all seven, but for data sets that leave one out.
    """
    called = probabilities.argmax(1)
    confusion = confusion_matrix(labels, called, probabilities.shape[1])
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(labels), confusion.ravel() / len(labels), resamples)
    labelled = confusion.sum(1) > 0
    point = _summaries(confusion[None], labelled)
    spread = _summaries(draws.reshape(-1, *confusion.shape), labelled)

    def interval(name: str) -> Interval:
        low, high = np.percentile(spread[name], [2.5, 97.5])
        return Interval(float(point[name][0]), float(low), float(high))

    precision, recall, f1 = (values[0] for values in _per_class(confusion[None]))
    return Scores(
        pictures=len(labels),
        accuracy=interval("accuracy"),
        macro_precision=interval("macro_precision"),
        macro_recall=interval("macro_recall"),
        macro_f1=interval("macro_f1"),
        calibration_error=calibration_error(labels, probabilities),
        classes={
            name: ClassScores(float(precision[k]), float(recall[k]), float(f1[k]), int(confusion[k].sum()))
            for k, name in enumerate(NAMES)
        },
        confusion=confusion.tolist(),
    )


def confusion_matrix(labels: np.ndarray, called: np.ndarray, classes: int = len(NAMES)) -> np.ndarray:
    """int64 [classes, classes]; row: label, column: what the model called it."""
    return np.bincount(labels * classes + called, minlength=classes**2).reshape(classes, classes)


def accuracy_and_macro_f1(confusion: np.ndarray) -> tuple[float, float]:
    """Both in [0, 1], of one confusion matrix."""
    summary = _summaries(confusion[None], confusion.sum(1) > 0)
    return float(summary["accuracy"][0]), float(summary["macro_f1"][0])


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017): mean over equal bins of |accuracy - confidence|, by bin size."""
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def _per_class(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall, F1, each [B, K], of confusion matrices [B, K, K]."""
    hit = np.diagonal(confusion, axis1=1, axis2=2).astype(float)
    called, labelled = confusion.sum(1), confusion.sum(2)
    precision = hit / np.maximum(called, 1)
    recall = hit / np.maximum(labelled, 1)
    return precision, recall, 2 * hit / np.maximum(called + labelled, 1)


def _summaries(confusion: np.ndarray, labelled: np.ndarray) -> dict[str, np.ndarray]:
    """Each [B], of confusion matrices [B, K, K]; macro scores over the classes marked in `labelled`, bool [K]."""
    precision, recall, f1 = (values[:, labelled] for values in _per_class(confusion))
    hit = np.trace(confusion, axis1=1, axis2=2)
    return {
        "accuracy": hit / confusion.sum((1, 2)),
        "macro_precision": precision.mean(1),
        "macro_recall": recall.mean(1),
        "macro_f1": f1.mean(1),
    }
