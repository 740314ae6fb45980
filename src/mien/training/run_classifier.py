"""The network of a run's folder, and any network in training, asked about faces by PyTorch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mien.classifier.batches import in_batches
from mien.classifier.classifier import Classifier
from mien.recognition.model import Outputs
from mien.training.affine import enlarge
from mien.training.memory import keep_freed_memory
from mien.training.run import RunFolder


class RunClassifier(Classifier):
    """A run as a classifier.

    Args:
        run: The run's folder.
        device: Where the network runs; a GPU if there is one and the device is left out.

    Raises:
        DataError: It is no run's folder.
        ModelError: Its weights are missing or damaged.
    """

    def __init__(self, run: Path, device: str | None = None) -> None:
        keep_freed_memory()
        folder = RunFolder(run)
        self.recipe = folder.recipe()
        self.name, self.file, self.split = run.resolve().name, folder.weights, self.recipe.split
        self.classes = folder.classes()
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.network = folder.network().to(self.device)

    def enlarged(self, faces: np.ndarray) -> torch.Tensor:
        """Faces as the network takes them.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            float [N, 1, pixels, pixels] on the network's device.
        """
        return enlarge(torch.from_numpy(faces).to(self.device), self.recipe.pixels)

    @torch.inference_mode()
    def run(self, faces: np.ndarray) -> Outputs:
        """Probabilities, features and map in one pass.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            Without a gate's scores: a run has none.
        """
        logits, features, scores = self.network.explain(self.enlarged(faces))
        found = (logits.softmax(1), features, scores)
        return Outputs(*(values.cpu().numpy() for values in found))

    def run_probabilities(self, faces: np.ndarray) -> np.ndarray:
        """The probabilities alone.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            float32 [N, classes].
        """
        return predict(self.network, torch.from_numpy(faces).to(self.device), self.recipe.pixels)

    @torch.inference_mode()
    def logits(self, faces: np.ndarray) -> np.ndarray:
        """The network's logits.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            float32 [N, classes].
        """
        found = in_batches(lambda some: self.network(self.enlarged(some))[0], faces)
        return torch.cat(found).cpu().numpy()

    def rest_of_map(self, faces: np.ndarray) -> Callable[[], object]:
        """What is left to do for the map once the probabilities are there, to be timed.

        Args:
            faces: uint8 [N, 48, 48].

        Returns:
            A function that applies the head at every location.
        """
        with torch.inference_mode():
            locations = self.network.locations(self.enlarged(faces))

        @torch.inference_mode()
        def work() -> torch.Tensor:
            return self.network.head(locations.permute(0, 2, 3, 1))

        return work


@torch.inference_mode()
def predict(network: torch.nn.Module, faces: torch.Tensor, pixels: int) -> np.ndarray:
    """A network's probabilities; it is left in eval mode.

    Args:
        network: On the faces' device.
        faces: uint8 [N, 48, 48].
        pixels: Side that faces are enlarged to.

    Returns:
        float32 [N, classes].
    """
    network.eval()
    parts = in_batches(lambda some: network(enlarge(some, pixels))[0].float().softmax(1), faces)
    return torch.cat(parts).cpu().numpy()
