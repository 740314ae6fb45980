"""Mahalanobis distance and relative Mahalanobis distance (Ren et al. 2021), in float64.

Relative: min over classes k of MD_k - MD_0, where MD_k is the squared distance to the class's mean under the covariance
that the classes share (S_w), and MD_0 the one to the mean of all under the covariance of all (S_0).
"""

from dataclasses import dataclass

import numpy as np

from mien.errors import DataError
from mien.expressions import NAMES

RIDGE = 1e-3
"""Added to a covariance's diagonal, as a share of its mean: features that never vary get a distance all the same."""
LEAST_PICTURES = 10
"""Of a class: with fewer its mean is chance."""


@dataclass(frozen=True)
class ClassStatistics:
    """Means and covariances of features of K classes.

    Attributes:
        means: float64 [K, D].
        centre: float64 [D], the mean over all pictures.
        within: float64 [D, D], the covariance that the classes share, with the ridge.
        between: float64 [D, D], what it lacks to the covariance of all; of rank K - 1 at most.
    """

    means: np.ndarray
    centre: np.ndarray
    within: np.ndarray
    between: np.ndarray

    @classmethod
    def of(
        cls, features: np.ndarray, labels: np.ndarray, ridge: float = RIDGE, classes: tuple[str, ...] = NAMES
    ) -> "ClassStatistics":
        """Measure features.

        Args:
            features: float [N, D].
            labels: int [N], indices in `classes`.
            ridge: Is added to the diagonal of `within`, as a fraction of its mean.
            classes: The classes' names, in order.

        Returns:
            The statistics.

        Raises:
            DataError: A class has too few pictures for a mean and a covariance.
        """
        sizes = np.bincount(labels, minlength=len(classes))
        if sizes.min() < LEAST_PICTURES:
            name = classes[int(sizes.argmin())]
            raise DataError(
                f"{sizes.min()} training pictures of '{name}' are too few for a covariance; "
                f"each class needs {LEAST_PICTURES} at least"
            )
        features = features.astype(np.float64)
        means = np.stack([features[labels == label].mean(0) for label in range(len(classes))])
        centre = features.mean(0)
        within = covariance(features - means[labels])
        within += ridge * np.trace(within) / len(within) * np.eye(len(within))
        apart = (means - centre) * np.sqrt(sizes / len(labels))[:, None]
        return cls(means, centre, within, apart.T @ apart)

    def relative(self, features: np.ndarray) -> np.ndarray:
        """Relative Mahalanobis distance (Ren et al. 2021), term by term: the definition, to check by.

        Args:
            features: float [N, D].

        Returns:
            float64 [N].
        """
        to_class = [squared_distance(features, mean, self.within) for mean in self.means]
        return np.min(to_class, 0) - squared_distance(features, self.centre, self.within + self.between)


@dataclass(frozen=True)
class RelativeMahalanobis:
    """Relative Mahalanobis distance (Ren et al. 2021) without its large matrices; equal to the definition.

    With the same ridge on both, S_0 = S_w + S_b, so S_w^-1 - S_0^-1 has the rank of S_b, K - 1 at most. With V such
    that V' S_w V = I and V' S_b V = diag(e), q = V'(z - mu_0) and c_k = V'(mu_k - mu_0): score = min_k |q - c_k|^2 -
    sum_i q_i^2 / (1 + e_i).

    Attributes:
        directions: V, float64 [D, K - 1].
        origin: V' mu_0, float64 [K - 1].
        centres: c_k, float64 [K, K - 1].
        spread: e, float64 [K - 1].
    """

    directions: np.ndarray
    origin: np.ndarray
    centres: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, statistics: ClassStatistics) -> "RelativeMahalanobis":
        """Bring statistics into this form.

        Args:
            statistics: Of the features.

        Returns:
            The same distance.
        """
        inverse = np.linalg.inv(np.linalg.cholesky(statistics.within))
        spread, turned = np.linalg.eigh(inverse @ statistics.between @ inverse.T)
        rank = len(statistics.means) - 1
        directions = inverse.T @ turned[:, -rank:]
        centres = (statistics.means - statistics.centre) @ directions
        return cls(directions, statistics.centre @ directions, centres, spread[-rank:])

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The distance of features.

        Args:
            features: float [N, D].

        Returns:
            float64 [N]; higher is stranger.
        """
        place = features @ self.directions - self.origin
        to_class = np.square(place[:, None] - self.centres).sum(2).min(1)
        return to_class - (np.square(place) / (1 + self.spread)).sum(1)


@dataclass(frozen=True)
class Ellipsoid:
    """Plain Mahalanobis distance to one Gaussian: |(z - centre) whitening|^2 / A, about 1 for what it was fitted to.

    Attributes:
        centre: float64 [D].
        whitening: float64 [D, A], what makes the fitted features' covariance the identity along A axes.
    """

    centre: np.ndarray
    whitening: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, axes: int | None = None, ridge: float = RIDGE) -> "Ellipsoid":
        """Fit to features, which are brought to one scale first, so that the ridge means the same for each.

        Args:
            features: Of what is known, float [N, D].
            axes: So many axes count, the widest; all of them if None.
            ridge: Added to the variances.

        Returns:
            The distance along these axes.
        """
        features = features.astype(np.float64)
        centre, scale = features.mean(0), features.std(0) + 1e-9
        variances, directions = np.linalg.eigh(covariance((features - centre) / scale))
        whitening = directions / scale[:, None] / np.sqrt(variances + ridge)
        return cls(centre, whitening[:, -(axes or len(variances)) :])

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """The distance of features.

        Args:
            features: float [N, D].

        Returns:
            float64 [N]; higher is stranger.
        """
        return np.square((features - self.centre) @ self.whitening).mean(1)


def covariance(centred: np.ndarray) -> np.ndarray:
    """The covariance of centred features.

    Args:
        centred: float [N, D] of mean 0.

    Returns:
        float [D, D], divided by N.
    """
    return centred.T @ centred / len(centred)


def squared_distance(features: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Squared Mahalanobis distance.

    Args:
        features: float [N, D].
        mean: float [D].
        covariance: float [D, D], positive definite.

    Returns:
        float64 [N].
    """
    apart = features.astype(np.float64) - mean
    return (apart * np.linalg.solve(covariance, apart.T).T).sum(1)
