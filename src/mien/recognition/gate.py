"""The gate: says whether a face is of the kind that the models learned from, by the scores and thresholds in a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mien.errors import ModelError

THRESHOLDS = "novelty_thresholds"
FAR = "novelty_far"
"""The metadata properties: a threshold a score, and the last score's bound beyond which nothing is like a face."""


class Verdict(StrEnum):
    """The gate's word on a face: like the known ones, near them but not one of them, or nothing like them."""

    KNOWN = "known"
    NEAR = "near"
    FAR = "far"


class Gating(StrEnum):
    """What becomes of strange faces: not looked for, marked, or marked and their expression withheld."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Gate:
    """A model file's thresholds: strange is where any score is above its own, far where the last is above `far`."""

    thresholds: np.ndarray
    far: float

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Gate | None":
        """None where the file has no gate; raises ModelError where its properties are not finite numbers."""
        if THRESHOLDS not in metadata:
            return None
        try:
            thresholds = np.array([float(text) for text in metadata[THRESHOLDS].split(",")])
            far = float(metadata[FAR])
        except (KeyError, ValueError) as error:
            raise ModelError(f"the gate's thresholds in the model file are damaged: {error}") from error
        if not np.isfinite([*thresholds, far]).all():
            raise ModelError("the gate's thresholds in the model file are not finite numbers; fit the gate again")
        return cls(thresholds, far)

    def verdict(self, scores: np.ndarray) -> Verdict:
        """For one face's scores [S]; a score that is no finite number says nothing for the face: far, never known."""
        if not np.isfinite(scores).all() or scores[-1] > self.far:
            return Verdict.FAR
        return Verdict.NEAR if (scores > self.thresholds).any() else Verdict.KNOWN


def require_probabilities(probabilities: np.ndarray, model: object) -> np.ndarray:
    """The probabilities [N, K] of N faces, as given.

    An argmax would name an expression for NaN as well, so no answer of that kind goes on.

    Raises:
        ModelError: Where some are NaN or infinite: the model, not the face, is at fault.
    """
    wrong = int((~np.isfinite(probabilities)).any(axis=-1).sum())
    if wrong:
        raise ModelError(
            f"{model} gave no finite probabilities for {wrong} of {len(probabilities)} faces: its weights are damaged "
            "or its arithmetic overflows; export it anew or take another model"
        )
    return probabilities
