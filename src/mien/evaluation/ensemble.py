"""Which models answer best together: chosen one by one on pictures that are not reported on."""

from collections.abc import Mapping

import numpy as np

from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.results.ensembles import Choice


def choose(answers: Mapping[str, np.ndarray], labels: np.ndarray) -> list[Choice]:
    """Choose members greedily (Caruana et al. 2004, without repetition).

    The best model first, then whichever makes the mean of the answers best, until none makes it better.

    Args:
        answers: Probabilities float [N, classes] by model.
        labels: int [N].

    Returns:
        The members in the order in which they were taken.
    """
    chosen: list[Choice] = []
    total: np.ndarray | float = 0.0
    while left := [name for name in answers if name not in {choice.name for choice in chosen}]:
        best = max(
            (_judged(name, total + answers[name], labels) for name in left), key=lambda choice: choice.selection_score
        )
        if chosen and best.selection_score <= chosen[-1].selection_score:
            break
        chosen.append(best)
        total = total + answers[best.name]
    return chosen


def alone(answers: Mapping[str, np.ndarray], labels: np.ndarray) -> list[Choice]:
    """Each model's own scores.

    Args:
        answers: Probabilities float [N, classes] by model.
        labels: int [N].

    Returns:
        In the order of `answers`.
    """
    return [_judged(name, probabilities, labels) for name, probabilities in answers.items()]


def _judged(name: str, probabilities: np.ndarray, labels: np.ndarray) -> Choice:
    return Choice(
        name, *accuracy_and_macro_f1(confusion_matrix(labels, probabilities.argmax(1), probabilities.shape[1]))
    )
