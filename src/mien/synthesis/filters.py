"""What decides whether a synthetic face is kept: an independent classifier, and how far it lies from real faces."""

from dataclasses import dataclass

import numpy as np

from mien.classifier.classifier import Classifier
from mien.data.dataset import FaceData
from mien.synthesis.scores import nearest, unit

NEIGHBOUR = 5
"""Novelty is the distance to so many-th nearest real face: one odd picture makes no neighbourhood."""
KEPT = 0.95
"""The share of real faces that the novelty filter lets pass."""
_MOST_REFERENCES = 4000


@dataclass(frozen=True)
class ClassifierScores:
    """An independent classifier's word on N faces made for one class.

    Attributes:
        called: bool [N], whether it calls them that class.
        probability: float32 [N], of that class.
        novelty: float32 [N], the cosine distance to the fifth nearest real face.
    """

    called: np.ndarray
    probability: np.ndarray
    novelty: np.ndarray

    def where(self, indices: np.ndarray) -> "ClassifierScores":
        """The scores of some of the faces.

        Args:
            indices: A mask bool [N] or indices int [M].

        Returns:
            Theirs, in that order.
        """
        return ClassifierScores(self.called[indices], self.probability[indices], self.novelty[indices])

    @classmethod
    def joined(cls, parts: "list[ClassifierScores]") -> "ClassifierScores":
        """One after another.

        Args:
            parts: At least one.

        Returns:
            The scores of all their faces, in order.
        """
        return cls(
            np.concatenate([part.called for part in parts]),
            np.concatenate([part.probability for part in parts]),
            np.concatenate([part.novelty for part in parts]),
        )


class QualityFilter:
    """Scores synthetic faces with a model file that had no part in making them.

    Half of a sample of the real faces are the neighbours that novelty is measured from; `most_novelty` is the distance
    within which 95% of the other half lie. Far from everything known means broken rather than new.

    Args:
        model: The independent classifier.
        real: Real faces.
        seed: Draws the sample.
    """

    def __init__(self, model: Classifier, real: FaceData, seed: int) -> None:
        self.model = model
        order = np.random.default_rng(seed).permutation(len(real))[:_MOST_REFERENCES]
        features = unit(model.outputs(real.faces[order]).features)
        half = len(features) // 2
        self._references = features[:half]
        self.most_novelty = float(np.quantile(self.novelty(features[half:]), KEPT))

    def score(self, faces: np.ndarray, label: int) -> ClassifierScores:
        """Score faces made for one class.

        Args:
            faces: uint8 [N, 48, 48].
            label: The class.

        Returns:
            The classifier's word on each.
        """
        said = self.model.outputs(faces)
        return ClassifierScores(
            said.probabilities.argmax(1) == label, said.probabilities[:, label], self.novelty(unit(said.features))
        )

    def novelty(self, features: np.ndarray) -> np.ndarray:
        """Cosine distance to the fifth nearest real face.

        Args:
            features: float32 [N, D] of length 1.

        Returns:
            float32 [N] in [0, 2].
        """
        rank = min(NEIGHBOUR, len(self._references))
        return 1 - nearest(features, self._references, rank)[0]
