"""What follows from a confusion matrix: precision, recall, F1, accuracy and the macro scores."""

from typing import NamedTuple

import numpy as np


def per_class(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall, F1, each [B, K], of confusion matrices [B, K, K]; 0 for a class without predictions."""
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
    """Of confusion matrices [B, K, K]; macro scores over the classes marked in `labelled`, bool [K]."""
    precision, recall, f1 = (values[:, labelled] for values in per_class(confusion))
    hit = np.trace(confusion, axis1=1, axis2=2)
    return Summaries(hit / confusion.sum((1, 2)), precision.mean(1), recall.mean(1), f1.mean(1))
