"""Whether a face is partly covered: a linear head on what the gate's layers see, trained on covers drawn over faces."""

import zlib
from dataclasses import dataclass

import numpy as np

from mien.novelty import ood_sets
from mien.novelty.feature_extractor import Activations

COVERED = ("masked faces", "faces behind hands", "half-covered faces", "half faces")
"""The kinds that are covered faces; the others teach what is none."""
WEIGHTS = {"masked faces": 2.0}
"""So many times as many of a kind: masks are what is met."""
_SHRINKAGE = 0.01


@dataclass(frozen=True)
class Covering:
    """The lesser of two linear functions of the vectors: covered rather than whole, and rather than spoiled otherwise.

    Above 0 the head takes a face for covered.

    Attributes:
        weights: float64 [T, 2], T numbers in all layers' vectors.
        offset: float64 [2].
    """

    weights: np.ndarray
    """Float64 [T, 2]."""
    offset: np.ndarray
    """Float64 [2]."""

    @classmethod
    def of(cls, faces: Activations, covered: Activations, others: Activations) -> "Covering":
        """Fit a logistic regression to three groups, each counting alike.

        Args:
            faces: Of whole faces.
            covered: Of covered faces.
            others: Of pictures spoiled otherwise.

        Returns:
            The fitted head.
        """
        from sklearn.linear_model import LogisticRegression

        groups = [_together(activations) for activations in (faces, covered, others)]
        centre, scale = groups[0].mean(0), groups[0].std(0) + 1e-9
        rows = np.concatenate([(group - centre) / scale for group in groups])
        labels = np.repeat(np.arange(3), [len(group) for group in groups])
        head = LogisticRegression(C=_SHRINKAGE, class_weight="balanced", max_iter=300).fit(rows, labels)
        apart = head.coef_[1] - head.coef_[[0, 2]]
        weights = (apart / scale).T
        return cls(weights, head.intercept_[1] - head.intercept_[[0, 2]] - centre @ weights)

    def __call__(self, activations: Activations) -> np.ndarray:
        """How surely faces are covered.

        Args:
            activations: Of N faces.

        Returns:
            float64 [N]; higher is more surely covered.
        """
        return (_together(activations) @ self.weights + self.offset).min(1)


def spoil(faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Make covered faces, and pictures that are spoiled otherwise or show nothing.

    Args:
        faces: Whole faces, uint8 [N, 48, 48].
        count: About how many of each kind. The same arguments give the same pictures.

    Returns:
        Covered faces and the others, uint8 [M, 48, 48] each.
    """
    drawn: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for name, draw in ood_sets.SPOILED.items():
        generator = _random_generator(name)
        some = min(round(WEIGHTS.get(name, 1) * count), len(faces))
        chosen = faces[generator.choice(len(faces), some, replace=False)]
        drawn[name not in COVERED].append(draw(chosen, generator))
    drawn[1].extend(make(count, _random_generator(name)) for name, make in ood_sets.MADE.items())
    covered, others = drawn
    return np.concatenate(covered), np.concatenate(others)


def _together(activations: Activations) -> np.ndarray:
    return np.concatenate(activations.vectors, 1).astype(np.float64)


def _random_generator(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))
