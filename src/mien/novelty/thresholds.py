"""Choose the gate's numbers by held-out faces, such that nearly all faces like them pass, and no class bears it alone."""

from dataclasses import dataclass

import numpy as np

from mien.recognition.gate import Gate

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
class _Faces:
    """Held-out faces: what unlikeness, with doubt where there is any, and covering say of them; labels int [N]."""

    unlike: np.ndarray
    covered: np.ndarray
    labels: np.ndarray


def choose(
    scores: np.ndarray,
    labels: np.ndarray,
    found: np.ndarray | None = None,
    found_labels: np.ndarray | None = None,
    found_by: np.ndarray | None = None,
    trained_by: np.ndarray | None = None,
) -> Gate:
    """The numbers such that, 99% sure, at least `KEPT` of all faces like the held-out ones pass.

    Args:
        scores: The model's [N, 3] of the held-out faces as they are.
        labels: Their classes, int [N].
        found: The scores [M, 3] of those that the detector found again; None where it found too few. Found faces are
            then judged as cut ones are, without the detector's word.
        found_labels: Their classes.
        found_by: The detector's scores of them.
        trained_by: The detector's scores of training faces, whose spread makes doubt comparable to unlikeness.

    Returns:
        The gate.
    """
    sets = [_Faces(scores[:, 1], scores[:, 2], labels)]
    scale = offset = 0.0
    if found is not None:
        assert found_labels is not None and found_by is not None and trained_by is not None  # they come together
        logits = _logit(trained_by)
        scale = float(1 / max(logits.std(), 1e-6))
        offset = float(logits.mean() * scale)
        sets.append(_Faces(found[:, 1] + offset - scale * _logit(found_by), found[:, 2], found_labels))
    covered = max(0.0, *(float(np.quantile(one.covered, 1 - _COVERED_REFUSED)) for one in sets))
    cut, beyond_doubt = (_threshold(one, covered) for one in (sets[0], sets[-1]))
    # Of few faces the quantile may lie below the threshold: a face that passes would be far.
    unlike = [scores[:, 1]] if found is None else [scores[:, 1], found[:, 1]]
    far = max(cut, *(float(np.quantile(values, 1 - _FAR_BEYOND)) for values in unlike))
    return Gate(cut, beyond_doubt, scale, offset, covered, far)


def _threshold(faces: _Faces, covered: float) -> float:
    """Of unlikeness, for faces of which the covering score refuses some already.

    The sample's own share of refusals would lie above the true one half of the time, so fewer are refused in the
    sample: as many as a binomial of the allowed share falls below in one sample of a hundred.
    """
    count, allowed = len(faces.unlike), 1 - KEPT
    most = int(count * allowed - _CONFIDENCE * (count * allowed * KEPT) ** 0.5)
    passing = faces.covered <= covered
    limits = [_lowest(faces.unlike[passing], most - int((~passing).sum()))]
    for label in np.unique(faces.labels):
        own = faces.labels == label
        refused = int((1 - CLASS_KEPT) * own.sum()) - int((own & ~passing).sum())
        limits.append(_lowest(faces.unlike[own & passing], refused))
    return max(limits)


def _lowest(values: np.ndarray, refused: int) -> float:
    """The lowest threshold above which only so many of the values lie."""
    return float(np.sort(values)[len(values) - 1 - min(max(refused, 0), len(values) - 1)]) if len(values) else -np.inf


def _logit(scores: np.ndarray) -> np.ndarray:
    return np.log(scores / (1 - scores))
