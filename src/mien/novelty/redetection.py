"""Find cut faces again with the detector: what recognition would have delivered of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.framing import Framing
from mien.recognition.pictures import as_picture

LARGER = 4
"""Faces are enlarged so many times first: as large as faces of photographs are."""


@dataclass(frozen=True)
class Redetected:
    """What the detector found in pictures of one face each.

    Attributes:
        faces: The largest face of each, cut anew: uint8 [M, 48, 48].
        scores: The detector's, float64 [M] in [0, 1].
        indices: Which pictures these are, int64 [M].
    """

    faces: np.ndarray
    scores: np.ndarray
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.faces)


def redetect(
    faces: np.ndarray, framing: Framing, progress: Callable[[int, int], None] = lambda done, total: None
) -> Redetected:
    """Look for the face in each of many pictures; those that are not found are left out.

    Args:
        faces: uint8 [N, 48, 48], one face each.
        framing: How the model asks for faces.
        progress: Is called with the faces done and their number.

    Returns:
        What was found, in order.
    """
    detector = FaceDetector()
    crops, scores, indices = [], [], []
    for index, face in enumerate(faces):
        height, width = face.shape
        large = Image.fromarray(face).resize((LARGER * width, LARGER * height), Image.Resampling.BILINEAR)
        picture = as_picture(np.asarray(large))
        found = detector.detect(picture)
        if found:
            crops.append(crop_picture(picture, framing.square(found[0])))
            scores.append(found[0].score)
            indices.append(index)
        progress(index + 1, len(faces))
    cut = np.array(crops, np.uint8).reshape(-1, *faces.shape[1:])
    return Redetected(cut, np.array(scores), np.array(indices, np.int64))
