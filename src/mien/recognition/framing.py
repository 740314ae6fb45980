"""From a detection to the square that frames the face as the training data frames its faces.

The reference is the detector's own: the place halfway between the box's centre and the six landmarks' mean, and as
length the landmarks' radius, the root mean square of their distances from their mean. Of the references tried over
FER2013 these vary least. They also hold when a head turns away: there the eyes close up on each other, but the
landmarks still spread from eyes to mouth, and what the box's centre moves one way the landmarks' mean moves the other.
`benchmarks/framing.py` measures the numbers, `results/framing.json` keeps them with their spread.
"""

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from mien.errors import ModelError
from mien.recognition.detection import roll
from mien.recognition.faces import Detection, Square

REFERENCE = "blazeface-halfway"
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_TEXT = re.compile(rf"{REFERENCE}; down={_NUMBER}; side={_NUMBER}")


@dataclass(frozen=True)
class Framing:
    """Where a face's square lies, in the face's own upright frame.

    Nothing moves it sideways: a face and its mirror image count alike.

    Attributes:
        down: From the reference place to the square's centre, in the square's sides, positive towards the chin.
        side: The square's side, in the landmarks' radii.
    """

    down: float
    side: float

    def square(self, detection: Detection) -> Square:
        """The square of a detected face.

        Args:
            detection: A face and its landmarks.

        Returns:
            The square of the face, turned so that the line between the eyes is level in it.
        """
        x, y = (float(value) for value in halfway(detection))
        angle = roll(detection.landmarks)
        side = self.side * radius(detection.landmarks)
        shift = self.down * side
        return Square(x - shift * math.sin(angle), y + shift * math.cos(angle), side, angle)

    def closer(self, zoom: float) -> "Framing":
        """Smaller squares at the same place, in which faces are larger.

        Args:
            zoom: How many times as large; above 0.

        Returns:
            The framing.
        """
        return replace(self, side=self.side / zoom)

    def to_text(self) -> str:
        """A short text for a model file's metadata.

        Returns:
            The reference's name and the numbers, to four decimals.
        """
        return f"{REFERENCE}; down={self.down:.4f}; side={self.side:.4f}"

    @classmethod
    def from_text(cls, text: str) -> "Framing":
        """Read what `to_text` wrote.

        Args:
            text: Of a model file's metadata.

        Returns:
            The framing, to four decimals.

        Raises:
            ModelError: The text names another convention.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ModelError(f"the model asks for a crop that this version does not know ({text!r}); update mien")
        return cls(down=float(match[1]), side=float(match[2]))


def middle_square(picture: np.ndarray) -> Square:
    """The largest square in the middle of a picture [H, W, ...] that is a cut face.

    Args:
        picture: [H, W, ...].

    Returns:
        Upright, its side the shorter of H and W.
    """
    height, width = picture.shape[:2]
    return Square(width / 2, height / 2, min(height, width))


def halfway(detection: Detection) -> np.ndarray:
    """The place halfway between the box's centre and the landmarks' mean.

    Args:
        detection: A face and its landmarks.

    Returns:
        float64 [2], x and y in picture coordinates.
    """
    return (np.array(detection.box.centre) + detection.landmarks.mean(axis=0)) / 2


def radius(landmarks: np.ndarray) -> float:
    """The root mean square of the landmarks' distances from their mean.

    Args:
        landmarks: float [6, 2] in picture coordinates.

    Returns:
        In pixels.
    """
    return float(np.sqrt(((landmarks - landmarks.mean(axis=0)) ** 2).sum(axis=1).mean()))


FRAMING = Framing(down=-0.054, side=3.525)
"""How FER2013 frames faces, as `benchmarks/framing.py` measured it."""
