"""How much of a model's accuracy is kept when pictures are spoiled, and when the crop is off."""

from collections.abc import Callable

import numpy as np

from mien.data.dataset import FaceData
from mien.evaluation.bootstrap import resampled
from mien.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from mien.evaluation.crops import moved
from mien.results.robustness import MIDDLE, Point, RobustnessScores
from mien.results.scores import Interval

PICTURES = 1000
"""How many of the part's pictures are judged: each of them is spoiled in over a hundred ways."""

Predict = Callable[[np.ndarray], np.ndarray]
"""Probabilities [N, classes] for faces uint8 [N, 48, 48]."""

_SHIFTS = (-0.3, -0.2, -0.15, -0.1, -0.05, 0.05, 0.1, 0.15, 0.2, 0.3)
CROPS: dict[str, tuple[float, ...]] = {
    "right": _SHIFTS,
    "down": _SHIFTS,
    "scale": (0.6, 0.7, 0.8, 0.9, 1.1, 1.2, 1.35, 1.5),
    "turn": (-45, -30, -20, -10, 10, 20, 30, 45),
}
"""Ways in which the crop is off, as arguments of `crops.moved`, and how far."""
RIGHT_CROP = {"right": 0.0, "down": 0.0, "scale": 1.0, "turn": 0.0}


def sample(part: FaceData, pictures: int = PICTURES, seed: int = 0) -> FaceData:
    """Some pictures of a part, drawn by chance and kept in order.

    Args:
        part: The pictures.
        pictures: How many; all of them where there are not more.
        seed: Of the draw.

    Returns:
        The chosen ones.
    """
    chosen = np.random.default_rng(seed).permutation(len(part))[:pictures]
    return part.where(np.isin(np.arange(len(part)), chosen))


def steps() -> int:
    """How often `judge` has all faces predicted.

    Returns:
        How often it calls `show`, too.
    """
    return 1 + len(CORRUPTIONS) * STRENGTHS + sum(len(amounts) for amounts in CROPS.values())


def judge(
    predict: Predict,
    faces: np.ndarray,
    labels: np.ndarray,
    seed: int = 0,
    show: Callable[[str], None] = lambda what: None,
    resamples: int = 1000,
) -> RobustnessScores:
    """Judge a model on spoiled pictures and moved crops.

    Args:
        predict: Faces uint8 [M, 48, 48] to probabilities [M, classes].
        faces: uint8 [N, 48, 48].
        labels: int [N].
        seed: Of the corruptions and the bootstrap.
        show: Is called with what comes next, `steps()` times.
        resamples: Draws of the bootstrap.

    Returns:
        Accuracy and what is kept of it, with intervals.
    """
    weights = resampled(len(labels), resamples, seed) / len(labels)

    def right(spoiled: np.ndarray, what: str) -> np.ndarray:
        show(what)
        return (predict(spoiled).argmax(1) == labels).astype(float)

    clean = right(faces, "as they are")

    def point(amount: float, hit: np.ndarray) -> Point:
        return Point(amount, Interval.of(hit.mean(), weights @ hit), _ratio(hit, clean, weights))

    hits = {
        kind.name: [right(kind(faces, strength, seed), kind.name) for strength in range(1, STRENGTHS + 1)]
        for kind in CORRUPTIONS
    }
    corruptions = {
        kind.name: [point(amount, hit) for amount, hit in zip(kind.amounts, hits[kind.name], strict=True)]
        for kind in CORRUPTIONS
    }
    crops = {
        way: sorted(
            [point(RIGHT_CROP[way], clean)]
            + [point(amount, right(moved(faces, **{way: amount}), f"crop: {way}")) for amount in amounts],
            key=lambda one: one.amount,
        )
        for way, amounts in CROPS.items()
    }
    middle = np.mean([of[MIDDLE - 1] for of in hits.values()], axis=0)
    return RobustnessScores(
        pictures=len(labels),
        seed=seed,
        clean=Interval.of(clean.mean(), weights @ clean),
        kept=_ratio(middle, clean, weights),
        corruptions=corruptions,
        crops=crops,
    )


def _ratio(hit: np.ndarray, clean: np.ndarray, weights: np.ndarray) -> Interval:
    """Accuracy kept; drawn in pairs, so that a picture counts in both or in neither."""
    least = 1 / len(clean)  # where a model knows nothing, there is nothing to keep
    return Interval.of(hit.mean() / max(clean.mean(), least), (weights @ hit) / np.maximum(weights @ clean, least))
