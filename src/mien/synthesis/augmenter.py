"""The rival of translated faces: a rare class's own faces once more, moved and lit otherwise."""

import numpy as np
import torch

from mien.data.dataset import FACE_SIZE
from mien.training.warping import Warp

NAME = "augmentation"
# About twice as far as training moves faces, or the copies would add nothing to it.
WARP = Warp(scale=(0.7, 1.1), shift=0.12, turn=25.0, light=0.25, contrast=0.45, gamma=0.4, erase=0.0)


class Augmenter:
    """Stands in a generator's place when a data set is balanced; it gives faces back with the class that they have."""

    sha256, from_other_classes = NAME, False

    def __init__(self, split: str, seed: int) -> None:
        self.split = split
        self._generator = torch.Generator().manual_seed(seed)

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Grey faces uint8 [N, 48, 48], warped; labels, int [N], are those the faces have already."""
        warped = WARP(torch.from_numpy(faces), FACE_SIZE, self._generator)
        return (warped[:, 0] * 255).round().to(torch.uint8).numpy()
