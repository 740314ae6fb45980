"""What Python says of a picture, with the same model files as the app's.

MIEN_MODELS names another folder of model files than the shipped ones, for the build of the app and for these tests.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from mien.expressions import BY_NAME
from mien.recognition.cropping import crop_picture
from mien.recognition.detection import FaceDetector
from mien.recognition.faces import Detection
from mien.recognition.framing import Framing
from mien.recognition.model import ModelFile, models_folder

ROOT = Path(__file__).parents[2]
MODELS = Path(os.environ.get("MIEN_MODELS") or models_folder())


def file_of(model: dict) -> Path:
    """The file of a model of the app's list."""
    return MODELS / Path(urlsplit(model["url"]).path).name


class Expectation:
    """One model's answers."""

    def __init__(self, model: dict) -> None:
        self.model = ModelFile.open(file_of(model), threads=1)
        self.framing = Framing.from_text(model["properties"]["crop"])
        self.detector = FaceDetector(models_folder())

    def read(self, picture: np.ndarray) -> tuple[list[Detection], np.ndarray]:
        """The faces, largest first, and their probabilities [N, 7]."""
        found = self.detector.detect(picture)
        crops = [crop_picture(picture, self.framing.square(face)) for face in found]
        return found, self.model.run(np.stack(crops)).probabilities

    def word(self, picture: np.ndarray) -> str:
        """How the app calls the main face's expression."""
        names = self.model.metadata["classes"].split(",")
        return BY_NAME[names[int(self.read(picture)[1][0].argmax())]].adjective.capitalize()
