"""The score that decides: how unlike the training faces a picture is, to several layers of the model together.

Each layer gives the distance from one Gaussian of all faces (plain Mahalanobis). Late vectors are scaled to length 1
first (Mahalanobis++): their norms differ more among faces than between faces and other things. The logarithms of the
distances count in units of their spread among the training faces, and all count alike: nothing is weighed, and nothing
is learned from what is no face.
"""

from dataclasses import dataclass

import numpy as np

from mien.novelty.feature_extractor import Activations, FeatureLayer
from mien.novelty.mahalanobis import Ellipsoid


@dataclass(frozen=True)
class LayerScore:
    """One layer's part: scale * log(distance) + offset, of mean 0 and spread 1 on the training faces.

    Attributes:
        ellipsoid: The distance.
        scale: One over the spread of its logarithm.
        offset: What brings the mean to 0.
    """

    ellipsoid: Ellipsoid
    scale: float
    offset: float

    @classmethod
    def of(cls, vectors: np.ndarray, axes: int) -> "LayerScore":
        """Fit to the training faces.

        Args:
            vectors: float [N, T].
            axes: How many axes of their covariance count, the widest.

        Returns:
            The layer's score.
        """
        ellipsoid = Ellipsoid.of(vectors, axes)
        distance = np.log(ellipsoid(vectors))
        return cls(ellipsoid, float(1 / distance.std()), float(-distance.mean() / distance.std()))

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """One layer's part of faces.

        Args:
            vectors: float [N, T].

        Returns:
            float64 [N]; higher is stranger.
        """
        return self.scale * np.log(self.ellipsoid(vectors)) + self.offset


@dataclass(frozen=True)
class Unlikeness:
    """The sum over the layers.

    Attributes:
        layers: At least one.
    """

    layers: tuple[LayerScore, ...]

    @classmethod
    def of(cls, activations: Activations, layers: tuple[FeatureLayer, ...]) -> "Unlikeness":
        """Fit to what a model makes of the training faces.

        Args:
            activations: Of the training faces.
            layers: The model's.

        Returns:
            The score.
        """
        pairs = zip(activations.vectors, layers, strict=True)
        return cls(tuple(LayerScore.of(vectors, layer.axes(vectors.shape[1])) for vectors, layer in pairs))

    def __call__(self, activations: Activations) -> np.ndarray:
        """How unlike the training faces some faces are.

        Args:
            activations: Of N faces.

        Returns:
            float64 [N]; higher is stranger.
        """
        pairs = zip(self.layers, activations.vectors, strict=True)
        return np.sum([layer(vectors) for layer, vectors in pairs], axis=0)
