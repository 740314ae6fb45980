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
        """None where the file has no gate; raises ModelError where its properties are not numbers."""
        if THRESHOLDS not in metadata:
            return None
        try:
            thresholds = np.array([float(text) for text in metadata[THRESHOLDS].split(",")])
            return cls(thresholds, float(metadata[FAR]))
        except (KeyError, ValueError) as error:
            raise ModelError(f"the gate's thresholds in the model file are damaged: {error}") from error

    def verdict(self, scores: np.ndarray) -> Verdict:
        """For one face's scores [S]."""
        if scores[-1] > self.far:
            return Verdict.FAR
        return Verdict.NEAR if (scores > self.thresholds).any() else Verdict.KNOWN
