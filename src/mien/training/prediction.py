"""What a network says of faces: its probabilities, batch after batch."""

import numpy as np
import torch

from mien.classifier.batches import in_batches
from mien.training.affine import enlarge


@torch.inference_mode()
def predict(network: torch.nn.Module, faces: torch.Tensor, pixels: int) -> np.ndarray:
    """Probabilities float32 [N, 7] of the network in eval mode for uint8 faces [N, 48, 48] on its device."""
    network.eval()
    parts = in_batches(lambda some: network(enlarge(some, pixels))[0].float().softmax(1), faces)
    return torch.cat(parts).cpu().numpy()
