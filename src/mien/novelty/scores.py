"""Scores of strangeness that need nothing but logits and last features: the gate's baselines. Higher is stranger.

A new score is a function that takes a model's outputs for the training faces and returns one that takes its outputs for
any faces, and a line in `BASELINES`.
"""

from collections.abc import Callable

import numpy as np
from sklearn.neighbors import NearestNeighbors

from mien.novelty.mahalanobis import ClassStatistics, RelativeMahalanobis, squared_distance
from mien.recognition.model import Outputs

Score = Callable[[Outputs], np.ndarray]
Fit = Callable[[Outputs, np.ndarray], Score]

_NEIGHBOUR = 50  # Sun et al. 2022 use the 50th for a training set of CIFAR's size


def maximum_softmax(training: Outputs, labels: np.ndarray) -> Score:
    """The most probable class's probability, negative (Hendrycks and Gimpel 2017).

    Args:
        training: Not needed.
        labels: Not needed.

    Returns:
        A function of outputs to float64 [N], higher is stranger.
    """

    def score(outputs: Outputs) -> np.ndarray:
        top = outputs.logits.max(1)
        return -np.exp(top - logsumexp(outputs.logits))

    return score


def energy(training: Outputs, labels: np.ndarray) -> Score:
    """The logits' log-sum-exp, negative (Liu et al. 2020).

    Args:
        training: Not needed.
        labels: Not needed.

    Returns:
        A function of outputs to float64 [N], higher is stranger.
    """
    return lambda outputs: -logsumexp(outputs.logits)


def mahalanobis(training: Outputs, labels: np.ndarray) -> Score:
    """The squared distance to the nearest class's mean under the shared covariance (Lee et al. 2018).

    Args:
        training: What the model makes of training faces.
        labels: Their classes, int [N].

    Returns:
        A function of outputs to float64 [N], higher is stranger.

    Raises:
        DataError: A class has too few pictures.
    """
    statistics = _statistics(training, labels)

    def score(outputs: Outputs) -> np.ndarray:
        return np.min([squared_distance(outputs.features, mean, statistics.within) for mean in statistics.means], 0)

    return score


def relative_mahalanobis(training: Outputs, labels: np.ndarray) -> Score:
    """The relative Mahalanobis distance (Ren et al. 2021); see the module `mahalanobis`.

    Args:
        training: What the model makes of training faces.
        labels: Their classes, int [N].

    Returns:
        A function of outputs to float64 [N], higher is stranger.

    Raises:
        DataError: A class has too few pictures.
    """
    fitted = RelativeMahalanobis.of(_statistics(training, labels))
    return lambda outputs: fitted(outputs.features)


def _statistics(training: Outputs, labels: np.ndarray) -> ClassStatistics:
    """Of the training faces; classes are called by their numbers, as no names are at hand here."""
    return ClassStatistics.of(training.features, labels, classes=tuple(map(str, range(labels.max() + 1))))


def nearest_neighbours(training: Outputs, labels: np.ndarray) -> Score:
    """The distance to the 50th nearest training face, features scaled to length 1 (Sun et al. 2022).

    Args:
        training: What the model makes of training faces.
        labels: Not needed.

    Returns:
        A function of outputs to float [N], higher is stranger.
    """
    rank = min(_NEIGHBOUR, len(training.features))
    index = NearestNeighbors(n_neighbors=rank, algorithm="brute").fit(_unit(training.features))
    return lambda outputs: index.kneighbors(_unit(outputs.features))[0][:, -1]


def virtual_logit(training: Outputs, labels: np.ndarray) -> Score:
    """ViM (Wang et al. 2022): the features' part outside the principal subspace, as one more logit.

    Args:
        training: What the model makes of training faces.
        labels: Not needed.

    Returns:
        A function of outputs to float64 [N], higher is stranger.
    """
    count, width = training.features.shape
    # The head is linear: least squares give back its weights and bias.
    design = np.hstack([training.features, np.ones((count, 1))])
    head = np.linalg.lstsq(design, training.logits, rcond=None)[0]
    origin = -np.linalg.pinv(head[:-1].T) @ head[-1]
    kept = 1000 if width >= 2048 else 512 if width >= 768 else width // 2
    apart = training.features - origin
    axes = np.linalg.eigh(apart.T @ apart / count)[1][:, : width - kept]
    scale = training.logits.max(1).mean() / np.linalg.norm(apart @ axes, axis=1).mean()

    def score(outputs: Outputs) -> np.ndarray:
        outside = np.linalg.norm((outputs.features - origin) @ axes, axis=1)
        return scale * outside - logsumexp(outputs.logits)

    return score


BASELINES: dict[str, Fit] = {
    "maximum softmax": maximum_softmax,
    "energy": energy,
    "Mahalanobis": mahalanobis,
    "relative Mahalanobis": relative_mahalanobis,
    "nearest neighbours": nearest_neighbours,
    "ViM": virtual_logit,
}


def logsumexp(logits: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of the exponentials of each row.

    Args:
        logits: float [N, K].

    Returns:
        float64 [N].
    """
    whole = logits.astype(np.float64)
    top = whole.max(1)
    return top + np.log(np.exp(whole - top[:, None]).sum(1))


def _unit(features: np.ndarray) -> np.ndarray:
    features = features.astype(np.float64)
    return (features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)).astype(np.float32)
