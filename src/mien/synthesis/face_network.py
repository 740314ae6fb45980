"""Features of a network that knows people apart and no expressions: a second pair of eyes on synthetic faces.

What judges expressions may not see that a face looks like nobody's.
"""

from pathlib import Path

import numpy as np
import torch

from mien.classifier.batches import in_batches
from mien.synthesis.judge import FaceFeatures
from mien.training.affine import enlarge
from mien.training.networks.face_resnet import FACE_RESNET
from mien.training.weights import start_from

_PIXELS = 112


def open_face_network(path: Path) -> FaceFeatures:
    """The features of dlib's face recognition network, less its last block.

    Args:
        path: Its starting weights, or those of a network trained on from them.

    Returns:
        A function of faces.

    Raises:
        ModelError: These are not its weights.
    """
    network, _ = start_from(path, FACE_RESNET.name, _PIXELS)
    network.eval()

    @torch.inference_mode()
    def features(faces: np.ndarray) -> np.ndarray:
        parts = in_batches(lambda some: network(enlarge(some, _PIXELS))[1], torch.from_numpy(faces))
        return torch.cat(parts).numpy()

    return features
