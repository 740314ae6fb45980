"""Relative Mahalanobis distance (Ren et al. 2021), plain and in its exact low-rank form.

With shared within-class covariance S_w and background covariance S_0 = S_w + S_b over all features, both with the same
ridge, RMD_k = MD_k - MD_0 and the score is min_k RMD_k: small for a face, large for what is none. Since S_b has rank K - 1
at most, so has S_w^-1 - S_0^-1, and the score needs K - 1 projections and not two matrices of D x D.
"""

from dataclasses import dataclass

import numpy as np

from mien.errors import DataError

# Share of the mean variance that is added to every variance, so that no direction has none.
RIDGE = 1e-3


@dataclass(frozen=True)
class Gaussians:
    """What training features look like: float64 means [K, D], background mean [D], covariances [D, D] with the ridge."""

    means: np.ndarray
    background: np.ndarray
    within: np.ndarray
    around: np.ndarray


@dataclass(frozen=True)
class LowRank:
    """The exact score from r <= K - 1 projections.

    With V^T S_w V = I and V^T S_0 V = I + diag(e): q = V^T (z - mu_0), c_k = V^T (mu_k - mu_0), and
    score = min_k |q - c_k|^2 - sum_i q_i^2 / (1 + e_i). projection: V, [D, r]; centres: [K, r]; excess: e, [r].
    """

    background: np.ndarray
    projection: np.ndarray
    centres: np.ndarray
    excess: np.ndarray

    def score(self, features: np.ndarray) -> np.ndarray:
        """Scores float64 [N] of features [N, D]."""
        q = (features - self.background) @ self.projection
        nearest = ((q[:, None] - self.centres) ** 2).sum(2).min(1)
        return nearest - (q**2 / (1 + self.excess)).sum(1)


def fit(features: np.ndarray, labels: np.ndarray, classes: int) -> Gaussians:
    """Statistics of training features [N, D] with labels int [N].

    Raises DataError where a class has fewer than two pictures, or where features are not finite.
    """
    features = features.astype(np.float64)
    counts = np.bincount(labels, minlength=classes)
    if counts.min() < 2:
        raise DataError(f"class {int(counts.argmin())} has {counts.min()} pictures; a covariance needs two of each class")
    if not np.isfinite(features).all():
        raise DataError("the features hold numbers that are not finite; the model is damaged")
    means = np.stack([features[labels == label].mean(0) for label in range(classes)])
    background = features.mean(0)
    residuals = features - means[labels]
    within = residuals.T @ residuals / len(features)
    centred = features - background
    around = centred.T @ centred / len(features)
    ridge = RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    return Gaussians(means, background, within + ridge, around + ridge)


def plain_score(gaussians: Gaussians, features: np.ndarray) -> np.ndarray:
    """min_k RMD_k, float64 [N], by both covariances: the definition, for tests and for research."""
    return mahalanobis(gaussians, features) - _distance(features - gaussians.background, gaussians.around)


def mahalanobis(gaussians: Gaussians, features: np.ndarray) -> np.ndarray:
    """min_k MD_k, float64 [N] (Lee et al. 2018): squared distance to the nearest class."""
    return np.stack([_distance(features - mean, gaussians.within) for mean in gaussians.means]).min(0)


def low_rank(gaussians: Gaussians) -> LowRank:
    """The exact low-rank form of the same score."""
    # Whiten by S_w = L L^T; between-class scatter is then I-free, and its eigenvectors diagonalise both covariances.
    root = np.linalg.cholesky(gaussians.within)
    between = gaussians.around - gaussians.within
    half = np.linalg.solve(root, between)
    values, vectors = np.linalg.eigh(np.linalg.solve(root, half.T))
    most = len(gaussians.means) - 1
    values, vectors = values[::-1][:most], vectors[:, ::-1][:, :most]
    projection = np.linalg.solve(root.T, vectors)
    centres = (gaussians.means - gaussians.background) @ projection
    return LowRank(gaussians.background, projection, centres, values)


def _distance(offsets: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    white = np.linalg.solve(np.linalg.cholesky(covariance), offsets.T.astype(np.float64))
    return (white**2).sum(0)
