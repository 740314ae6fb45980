"""The gate: says whether a face is of the kind that the models learned from, by the scores and numbers in a file."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from mien.errors import ModelError
from mien.recognition.verdicts import Verdict

GATE = "novelty_gate"
"""The metadata property that holds a gate's numbers, as JSON."""
OLD_GATE = "novelty_thresholds"
"""The property of gates fitted by versions up to 0.1, whose scores had another meaning."""
SCORES = ("relative", "unlike", "covered")
"""The columns of a model file's output `novelty`; higher is stranger."""
_SUREST = 0.999
"""Detector scores nearer to 0 or 1 than this count as this: their logit would rule alone."""


@dataclass(frozen=True)
class Gate:
    """The numbers by which a model file's scores become a verdict.

    Attributes:
        cut: Unlikeness from which a face that came cut already is strange.
        found: Unlikeness and doubt together from which a face that the detector found is strange.
        doubt_scale, doubt_offset: The doubt about a detector's score s is doubt_offset - doubt_scale * logit(s): its
            standard score among training faces that were found again.
        covered: The covering score from which a face is covered.
        far: Unlikeness beyond which nothing is like a face.
    """

    cut: float
    found: float
    doubt_scale: float
    doubt_offset: float
    covered: float
    far: float

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> "Gate | None":
        """The gate of a model file with these properties.

        Args:
            metadata: The file's properties.

        Returns:
            None where the file has no gate.

        Raises:
            ModelError: The numbers are missing, damaged or not finite, or an older version fitted them.
        """
        if GATE not in metadata:
            if OLD_GATE in metadata:
                raise ModelError("its gate was fitted by an older version; fit it again: mien novelty fit")
            return None
        try:
            told = json.loads(metadata[GATE])
            gate = cls(**{part.name: float(told[part.name]) for part in fields(cls)})
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"the gate's numbers in the model file are damaged: {error}") from error
        if not np.isfinite(list(asdict(gate).values())).all():
            raise ModelError("the gate's numbers in the model file are not finite; fit the gate again")
        return gate

    def to_text(self) -> str:
        """The numbers as they stand in a model file's properties.

        Returns:
            A JSON object of six, to six digits.
        """
        return json.dumps({name: float(f"{value:.6g}") for name, value in asdict(self).items()})

    def doubt(self, found: float) -> float:
        """How much a detector's score speaks against a face.

        Args:
            found: The score, in [0, 1].

        Returns:
            In standard deviations of the same for training faces, higher is stranger.
        """
        sure = min(max(found, 1 - _SUREST), _SUREST)
        return self.doubt_offset - self.doubt_scale * math.log(sure / (1 - sure))

    def strangeness(self, scores: np.ndarray, found: float | None = None) -> float:
        """How far beyond the threshold a face lies; see `verdict`.

        Args:
            scores: float [3], the model's, by `SCORES`.
            found: The detector's score in [0, 1]; None for a face that came cropped.

        Returns:
            Above 0 for a strange face.
        """
        unlike = float(scores[1])
        return unlike - self.cut if found is None else unlike + self.doubt(found) - self.found

    def verdict(self, scores: np.ndarray, found: float | None = None) -> Verdict:
        """The word on one face.

        Args:
            scores: The model's [3] for it, as `SCORES` names them. One that is no finite number says nothing for the
                face: it is far, never known.
            found: The detector's score in [0, 1]; None for a face that came cut, which no detector has seen.

        Returns:
            The verdict. The relative Mahalanobis distance decides nothing. What the detector took for a face may be as
            unlike as nothing else, under a black bar, and is covered all the same.
        """
        finite = np.isfinite(scores).all() and (found is None or math.isfinite(found))
        covered = scores[2] > self.covered
        if not finite or (scores[1] > self.far and not (covered and found is not None)):
            return Verdict.FAR
        if covered:
            return Verdict.COVERED
        return Verdict.NEAR if self.strangeness(scores, found) > 0 else Verdict.KNOWN


def require_probabilities(probabilities: np.ndarray, model: object) -> np.ndarray:
    """Let finite probabilities through.

    An argmax would name an expression for NaN as well, so no answer of that kind goes on.

    Args:
        probabilities: float [N, K] of N faces.
        model: Its name, for the message.

    Returns:
        The probabilities as given.

    Raises:
        ModelError: Some are NaN or infinite: the model, not the face, is at fault.
    """
    wrong = int((~np.isfinite(probabilities)).any(axis=-1).sum())
    if wrong:
        raise ModelError(
            f"{model} gave no finite probabilities for {wrong} of {len(probabilities)} faces: its weights are damaged "
            "or its arithmetic overflows; export it anew or take another model"
        )
    return probabilities
