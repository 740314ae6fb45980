"""What follows from a confusion matrix: precision, recall, F1, accuracy and the macro scores."""

from typing import NamedTuple

import numpy as np


def per_class(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of each class; 0 for a class without predictions.

    Args:
        confusion: int [B, K, K]; row: label, column: what it was called.

    Returns:
        float [B, K] each, in [0, 1].
    """
    hit = np.diagonal(confusion, axis1=1, axis2=2).astype(float)
    called, labelled = confusion.sum(1), confusion.sum(2)
    precision = hit / np.maximum(called, 1)
    recall = hit / np.maximum(labelled, 1)
    return precision, recall, 2 * hit / np.maximum(called + labelled, 1)


class Summaries(NamedTuple):
    """Scores in [0, 1] of confusion matrices, each [B]."""

    accuracy: np.ndarray
    macro_precision: np.ndarray
    macro_recall: np.ndarray
    macro_f1: np.ndarray


def summaries(confusion: np.ndarray, labelled: np.ndarray) -> Summaries:
    """Accuracy and macro scores.

    Args:
        confusion: int [B, K, K]; row: label, column: what it was called.
        labelled: bool [K], the classes over which macro scores are means.

    Returns:
        float [B] each, in [0, 1].
    """
    precision, recall, f1 = (values[:, labelled] for values in per_class(confusion))
    hit = np.trace(confusion, axis1=1, axis2=2)
    return Summaries(hit / confusion.sum((1, 2)), precision.mean(1), recall.mean(1), f1.mean(1))
