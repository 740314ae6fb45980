"""The rival of translated faces: a rare class's own faces once more, moved and lit otherwise."""

import numpy as np
import torch

from mien.data.dataset import FACE_SIZE
from mien.training.affine import RandomAffine

NAME = "augmentation"
# About twice as far as training moves faces, or the copies would add nothing to it.
AFFINE = RandomAffine(
    scale=(0.7, 1.1), translation=0.12, rotation=25.0, brightness=0.25, contrast=0.45, gamma=0.4, erase=0.0
)


class Augmenter:
    """Stands in a generator's place when a data set is balanced; it gives faces back with the class that they have.

    Args:
        split: Whose training part it may be given.
        seed: Draws how faces are moved.
    """

    sha256, from_other_classes = NAME, False
    strength = None

    def __init__(self, split: str, seed: int) -> None:
        self.split = split
        self._generator = torch.Generator().manual_seed(seed)

    def translate(self, faces: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Move faces.

        Args:
            faces: Grey uint8 [N, 48, 48].
            labels: int [N], those the faces have already.

        Returns:
            uint8 [N, 48, 48].
        """
        moved = AFFINE(torch.from_numpy(faces), FACE_SIZE, self._generator)
        return (moved[:, 0] * 255).round().to(torch.uint8).numpy()
