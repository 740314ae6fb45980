"""Strange expressions, not only strange pictures: does the gate refuse what the model gets wrong?

FER+'s raters say of some pictures that they show contempt, that it is unknown what they show, or that they show no
face. And each expression in turn is taken for one that was never seen: the scores are fitted without it.
"""

from collections.abc import Callable

import numpy as np
from sklearn.metrics import roc_auc_score

from mien.data.dataset import FaceData
from mien.data.votes import RATED
from mien.novelty.mahalanobis import squared_distance
from mien.novelty.scores import logsumexp
from mien.recognition.model import Outputs
from mien.results.gate import Risk

_MANY = 0.3
"""This share of the raters' votes makes a picture one of contempt, of nothing known, or of no face."""
_FEW = 10
"""A group of fewer pictures says nothing."""


def risk(unlike: np.ndarray, right: np.ndarray, accepted: np.ndarray, confidence: np.ndarray) -> Risk:
    """What refusing brings.

    Args:
        unlike: How unlike training faces each is, float [N].
        right: Whether it is called as labelled, bool [N].
        accepted: Whether the gate accepts it, bool [N].
        confidence: How sure the model is, float [N].

    Returns:
        Accuracy of accepted and refused faces, and the areas under the risk-coverage curves.
    """
    return Risk(
        faces=len(right),
        refused=float(1 - accepted.mean()),
        accuracy_accepted=float(right[accepted].mean()) if accepted.any() else 0.0,
        accuracy_refused=float(right[~accepted].mean()) if not accepted.all() else None,
        area=_area(unlike, right),
        area_confidence=_area(-confidence, right),
        error=float(1 - right.mean()),
    )


def _area(strangeness: np.ndarray, right: np.ndarray) -> float:
    wrong = ~right[np.argsort(strangeness, kind="stable")]
    return float((np.cumsum(wrong) / np.arange(1, len(wrong) + 1)).mean())


def unclear(
    real: FaceData, asked: Outputs, novelty: np.ndarray, training: Outputs, labels: np.ndarray
) -> dict[str, dict[str, float]]:
    """AUROC of three scores by what the raters saw, and by each expression that the scores were fitted without.

    Args:
        real: The faces that are reported on, with FER+'s votes where there are some.
        asked: What the model says of them.
        novelty: The gate's scores [N, 3] of them.
        training: What it says of training faces.
        labels: Their classes, int [M].

    Returns:
        By group: AUROC of unlikeness, of relative Mahalanobis distance and of the model's own doubt. Without an
        expression only the last two can be had: the gate has not learned the expressions. The network itself was
        trained with all of them.
    """
    doubt = -_confidence(asked.logits)
    rows: dict[str, dict[str, float]] = {}
    if real.raters is not None:
        shares = real.raters / np.maximum(real.raters.sum(1, keepdims=True), 1)
        clear = (shares[:, [RATED.index(name) for name in _ODD]] == 0).all(1)
        for name in _ODD:
            odd = shares[:, RATED.index(name)] >= _MANY
            if odd.sum() >= _FEW and clear.sum() >= _FEW:
                scores = {"unlike": novelty[:, 1], "relative": novelty[:, 0], "unsure": doubt}
                rows[f"raters: {name}"] = {
                    score: _auroc(values[clear], values[odd]) for score, values in scores.items()
                }
    for label, name in enumerate(real.classes):
        own = real.labels == label
        if own.sum() >= _FEW:
            without = np.delete(asked.logits, label, 1)
            relative = _relative_without(training.features, labels, label)(asked.features)
            rows[f"without {name}"] = {
                "relative": _auroc(relative[~own], relative[own]),
                "unsure": _auroc(-_confidence(without)[~own], -_confidence(without)[own]),
            }
    return rows


_ODD = ("contempt", "unknown", "nf")


def _relative_without(features: np.ndarray, labels: np.ndarray, left_out: int) -> Callable[[np.ndarray], np.ndarray]:
    """Relative Mahalanobis distance as `mahalanobis` defines it, for all classes but one."""
    kept = labels != left_out
    features, labels = features[kept].astype(np.float64), labels[kept]
    classes = np.unique(labels)
    means = {label: features[labels == label].mean(0) for label in classes}
    centred = features - np.stack([means[label] for label in labels])
    ridge = 1e-3 * np.trace(centred.T @ centred) / len(centred) / features.shape[1] * np.eye(features.shape[1])
    within = centred.T @ centred / len(centred) + ridge
    whole = (features - features.mean(0)).T @ (features - features.mean(0)) / len(features) + ridge
    middle = features.mean(0)

    def score(asked: np.ndarray) -> np.ndarray:
        nearest = np.min([squared_distance(asked, mean, within) for mean in means.values()], 0)
        return nearest - squared_distance(asked, middle, whole)

    return score


def _confidence(logits: np.ndarray) -> np.ndarray:
    return np.exp(logits.max(1) - logsumexp(logits))


def _auroc(real: np.ndarray, odd: np.ndarray) -> float:
    return float(roc_auc_score(np.r_[np.zeros(len(real)), np.ones(len(odd))], np.r_[real, odd]))
