"""Choose the gate's numbers by held-out faces: nearly all faces like them pass, and no class bears it alone."""

from dataclasses import dataclass

import numpy as np

from mien.recognition.gate import Gate
from mien.recognition.verdicts import Verdict

KEPT = 0.95
"""Of faces like the held-out ones, at least this share passes."""
CLASS_KEPT = 0.94
"""Of each class of the held-out faces, at least this share passes."""
LEAST = 20
"""Held-out faces that are needed: one of them may be refused, if any."""
_COVERED_REFUSED = 0.005  # of held-out faces by the covering score alone
_FAR_BEYOND = 0.001  # held-out faces so far out that nothing of a face is left in what lies beyond
_CONFIDENCE = 2.326  # standard deviations: 99% sure, one-sided; why not 95%: docs/gate.md


@dataclass(frozen=True)
class HeldOutFaces:
    """Held-out faces as they are.

    Attributes:
        scores: The model's, float [N, 3].
        labels: Their classes, int [N].
    """

    scores: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class RedetectedFaces(HeldOutFaces):
    """Those of them that the detector found again.

    Attributes:
        detector: The detector's scores of them, [N].
        trained: The detector's scores of training faces, whose spread makes doubt comparable to unlikeness.
    """

    detector: np.ndarray
    trained: np.ndarray


def choose(cut: HeldOutFaces, found: RedetectedFaces | None = None) -> Gate:
    """The numbers such that, 99% sure, at least `KEPT` of all faces like the held-out ones pass.

    Args:
        cut: The held-out faces.
        found: Those found again; None where they are too few. Found faces are then judged as cut ones are, without the
            detector's word.

    Returns:
        The gate.
    """
    scale = offset = 0.0
    again, doubt = cut, np.zeros(len(cut.labels))
    if found is not None:
        logits = _logit(found.trained)
        scale = float(1 / max(logits.std(), 1e-6))
        offset = float(logits.mean() * scale)
        again, doubt = found, offset - scale * _logit(found.detector)
    covered = max(0.0, *(float(np.quantile(held.scores[:, 2], 1 - _COVERED_REFUSED)) for held in (cut, again)))
    threshold = _threshold(cut, cut.scores[:, 1], covered)
    with_doubt = _threshold(again, again.scores[:, 1] + doubt, covered)
    # Of few faces the quantile may lie below the threshold: a face that passes would be far.
    far = max(threshold, *(float(np.quantile(held.scores[:, 1], 1 - _FAR_BEYOND)) for held in (cut, again)))
    return Gate(threshold, with_doubt, scale, offset, covered, far)


def refused(gate: Gate, held: HeldOutFaces) -> float:
    """How many held-out faces a gate takes for strange.

    Args:
        gate: Its thresholds.
        held: The faces.

    Returns:
        The share, in [0, 1].
    """
    detector = held.detector if isinstance(held, RedetectedFaces) else [None] * len(held.labels)
    verdicts = [gate.verdict(scores, score) for scores, score in zip(held.scores, detector, strict=True)]
    return float(np.mean([verdict is not Verdict.KNOWN for verdict in verdicts]))


def _threshold(held: HeldOutFaces, unlike: np.ndarray, covered: float) -> float:
    """Of unlikeness [N], for faces of which the covering score refuses some already.

    The sample's own share of refusals would lie above the true one half of the time, so fewer are refused in the
    sample: as many as a binomial of the allowed share falls below in one sample of a hundred.
    """
    count, allowed = len(unlike), 1 - KEPT
    most = int(count * allowed - _CONFIDENCE * (count * allowed * KEPT) ** 0.5)
    passing = held.scores[:, 2] <= covered
    limits = [_lowest(unlike[passing], most - int((~passing).sum()))]
    for label in np.unique(held.labels):
        own = held.labels == label
        limits.append(_lowest(unlike[own & passing], int((1 - CLASS_KEPT) * own.sum()) - int((own & ~passing).sum())))
    return max(limits)


def _lowest(values: np.ndarray, refused: int) -> float:
    """The lowest threshold above which only so many of the values lie."""
    return float(np.sort(values)[len(values) - 1 - min(max(refused, 0), len(values) - 1)]) if len(values) else -np.inf


def _logit(scores: np.ndarray) -> np.ndarray:
    return np.log(scores / (1 - scores))
