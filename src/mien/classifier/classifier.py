"""What can be asked of a trained network, whether it is in a model file or in a run's folder."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mien.classifier.batches import Show, in_batches, silent
from mien.errors import DataError
from mien.expressions import NAMES
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.gate import Gate, require_probabilities
from mien.recognition.model import Outputs


class Classifier(ABC):
    """A trained network, asked about grey faces.

    Attributes:
        name: The model file's or the run's.
        file: Its weights.
        framing: How faces are cropped for it.
        classes: What it tells apart, in the order of its probabilities.
        split: The data set's split that it learned from; None where that is not known.
        temperature: What its logits are divided by; None for a run, whose probabilities are the network's own.
        gate: What becomes of its gate's scores; None without a gate.
        to_equal_prior: What brings its probabilities to an equal class prior, float64 [classes]; None for a run.
    """

    name: str
    file: Path
    framing: Framing = FRAMING
    classes: tuple[str, ...] = NAMES
    split: str | None = None
    temperature: float | None = None
    gate: Gate | None = None
    to_equal_prior: np.ndarray | None = None

    @abstractmethod
    def run(self, faces: np.ndarray) -> Outputs:
        """All that it says of faces, in one call of the network.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            Probabilities, features, map and the gate's scores.
        """

    def run_probabilities(self, faces: np.ndarray) -> np.ndarray:
        """The probabilities alone, in one call of the network.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            float32 [N, classes].
        """
        return self.run(faces).probabilities

    def rest_of_map(self, faces: np.ndarray) -> Callable[[], object] | None:
        """What is left to do for the map once the probabilities are there, to be timed.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            A function that does it; None where both come at once.
        """
        return None

    def outputs(self, faces: np.ndarray, show: Show = silent) -> Outputs:
        """All that it says of many faces.

        Args:
            faces: uint8 [N, 48, 48].
            show: Is called with the faces done and their number, batch after batch.

        Returns:
            As `run` gives them, of all faces.

        Raises:
            ModelError: It gives no finite probabilities for a face.
        """
        found = Outputs.joined(in_batches(self.run, faces, show=show))
        require_probabilities(found.probabilities, self.name)
        return found

    def probabilities(self, faces: np.ndarray, show: Show = silent) -> np.ndarray:
        """The probabilities of many faces.

        Args:
            faces: uint8 [N, 48, 48].
            show: As in `outputs`.

        Returns:
            float32 [N, classes].

        Raises:
            ModelError: It gives no finite probabilities for a face.
        """
        found = in_batches(self.run_probabilities, faces, show=show)
        return require_probabilities(np.concatenate(found), self.name)


def require_same_classes(name: str, classes: tuple[str, ...], told_apart: tuple[str, ...]) -> None:
    """Raise DataError where a model does not tell apart these very classes, in this order.

    Args:
        name: The model's, for the message.
        classes: What it tells apart.
        told_apart: What the pictures are labelled with, or another model's classes.
    """
    if classes != told_apart:
        raise DataError(
            f"{name} tells apart {', '.join(classes)}, and not {', '.join(told_apart)}; give pictures "
            "of its own classes, or train it on these"
        )
