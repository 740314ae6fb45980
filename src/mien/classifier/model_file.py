"""The network in a model file, run by ONNX Runtime."""

import numpy as np

from mien.classifier.classifier import Classifier
from mien.recognition.framing import Framing
from mien.recognition.model import ModelFile, Outputs
from mien.recognition.prior import EQUAL, prior_ratio


class ModelFileClassifier(Classifier):
    """A model file as a classifier.

    Args:
        model: A shipped model's name or a model file's path.

    Raises:
        ModelError: There is none, or it is damaged.
    """

    def __init__(self, model: str) -> None:
        self.model = ModelFile.open(model)
        self.name, self.file, self.gate = self.model.name, self.model.path, self.model.gate
        self.framing = Framing.from_text(self.model.metadata["crop"])
        self.classes = self.model.classes
        self.to_equal_prior = prior_ratio(EQUAL, self.model.metadata)
        heat = self.model.metadata.get("temperature")
        self.temperature = None if heat is None else float(heat)

    def run(self, faces: np.ndarray) -> Outputs:
        """All that the file says of faces, in one call.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            Probabilities, features, and map and gate's scores where the file has them.

        Raises:
            ModelError: The faces are of another shape or kind of numbers, or an answer is no finite number.
        """
        return self.model.run(faces)
