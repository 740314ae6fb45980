"""Accuracy, macro precision, recall and F1, per-class figures, confusion, calibration error, bootstrap intervals.

Every score here starts from the confusion matrix, so that a bootstrap over pictures is a multinomial draw over its
cells and costs nothing.
"""

import numpy as np

from mien.evaluation.calibration import calibration_error
from mien.expressions import NAMES
from mien.results.confusion import per_class, summaries
from mien.results.scores import ClassScores, Interval, Scores


def score(
    labels: np.ndarray,
    probabilities: np.ndarray,
    resamples: int = 2000,
    seed: int = 0,
    classes: tuple[str, ...] = NAMES,
) -> Scores:
    """Score probabilities against labels.

    A class without predictions has precision 0, as scikit-learn's `zero_division=0` has it. Macro scores are means over
    the classes that are labelled: all of them, but for data sets that leave one out.

    Args:
        labels: int [N].
        probabilities: float [N, K].
        resamples: Bootstrap draws over pictures, for the intervals.
        seed: Of these draws.
        classes: The classes' names, in order.

    Returns:
        All scores, in [0, 1].
    """
    called = probabilities.argmax(1)
    confusion = confusion_matrix(labels, called, probabilities.shape[1])
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(labels), confusion.ravel() / len(labels), resamples)
    labelled = confusion.sum(1) > 0
    point = summaries(confusion[None], labelled)
    spread = summaries(draws.reshape(-1, *confusion.shape), labelled)

    def interval(value: np.ndarray, draws: np.ndarray) -> Interval:
        return Interval.of(value[0], draws)

    precision, recall, f1 = (values[0] for values in per_class(confusion[None]))
    return Scores(
        pictures=len(labels),
        accuracy=interval(point.accuracy, spread.accuracy),
        macro_precision=interval(point.macro_precision, spread.macro_precision),
        macro_recall=interval(point.macro_recall, spread.macro_recall),
        macro_f1=interval(point.macro_f1, spread.macro_f1),
        calibration_error=calibration_error(labels, probabilities),
        classes={
            name: ClassScores(float(precision[k]), float(recall[k]), float(f1[k]), int(confusion[k].sum()))
            for k, name in enumerate(classes)
        },
        confusion=confusion.tolist(),
    )


def confusion_matrix(labels: np.ndarray, called: np.ndarray, classes: int = len(NAMES)) -> np.ndarray:
    """Count what is called what.

    Args:
        labels: int [N].
        called: int [N].
        classes: How many there are.

    Returns:
        int64 [classes, classes]; row: label, column: what the model called it.
    """
    return np.bincount(labels * classes + called, minlength=classes**2).reshape(classes, classes)


def accuracy_and_macro_f1(confusion: np.ndarray) -> tuple[float, float]:
    """Accuracy and macro F1 of one confusion matrix.

    Args:
        confusion: int [K, K].

    Returns:
        Both in [0, 1].
    """
    summary = summaries(confusion[None], confusion.sum(1) > 0)
    return float(summary.accuracy[0]), float(summary.macro_f1[0])
