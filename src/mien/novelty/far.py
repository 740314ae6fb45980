"""The far score: for everything that relative Mahalanobis on the last features cannot see.

Two log-densities added up: of early features under a Gaussian (plain Mahalanobis), and of the logits as the classifier
itself sees it (energy, Liu et al. 2020), each in units of its spread among the training faces.
"""

from dataclasses import dataclass

import numpy as np

from mien.novelty.mahalanobis import Ellipsoid
from mien.novelty.tapping import Seen

WIDEST_LEFT_OUT = 28
"""Of 288 axes of the early features: see `Ellipsoid.of`."""
ENERGY_SHARE = 0.4
"""Chosen on the official split's validation faces, as the axes above: from 0.3 to 0.5 little changes."""


@dataclass(frozen=True)
class FarScore:
    """Plain Mahalanobis distance and energy together, affine in both: distance_scale * log(distance) +
    energy_scale * logsumexp(logits) + offset; mean 0 on the training faces."""

    ellipsoid: Ellipsoid
    distance_scale: float
    energy_scale: float
    offset: float

    @classmethod
    def of(cls, seen: Seen) -> "FarScore":
        """Fit to what a model makes of the training faces."""
        ellipsoid = Ellipsoid.of(seen.early, WIDEST_LEFT_OUT)
        distance, sureness = np.log(ellipsoid(seen.early)), logsumexp(seen.logits)
        by_distance, by_energy = 1 / distance.std(), -ENERGY_SHARE / sureness.std()
        offset = -by_distance * distance.mean() - by_energy * sureness.mean()
        return cls(ellipsoid, float(by_distance), float(by_energy), float(offset))

    def __call__(self, seen: Seen) -> np.ndarray:
        """Float64 [N]; higher is stranger."""
        distance = np.log(self.ellipsoid(seen.early))
        return self.distance_scale * distance + self.energy_scale * logsumexp(seen.logits) + self.offset


def logsumexp(logits: np.ndarray) -> np.ndarray:
    """Of each row of [N, K], in float64."""
    whole = logits.astype(np.float64)
    top = whole.max(1)
    return top + np.log(np.exp(whole - top[:, None]).sum(1))
