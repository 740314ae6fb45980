"""The gate's three scores as they are fitted, before they are written into a file."""

from dataclasses import dataclass

import numpy as np

from mien.novelty.covering import Covering
from mien.novelty.feature_extractor import Activations
from mien.novelty.mahalanobis import RelativeMahalanobis
from mien.novelty.unlikeness import Unlikeness


@dataclass(frozen=True)
class FittedScores:
    """The scores as they are fitted; in the file they are rounded.

    Attributes:
        relative: The relative Mahalanobis distance of the features.
        unlike: How unlike training faces the layers' vectors are.
        covered: How surely a face is covered.
    """

    relative: RelativeMahalanobis
    unlike: Unlikeness
    covered: Covering

    def __call__(self, activations: Activations) -> np.ndarray:
        """All scores of faces.

        Args:
            activations: Of N faces.

        Returns:
            float64 [N, 3], by `recognition.gate.SCORES`.
        """
        return np.stack([self.relative(activations.features), self.unlike(activations), self.covered(activations)], 1)
