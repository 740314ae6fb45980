"""Mixup (Zhang et al. 2018): two faces shine through each other."""

from typing import ClassVar

import torch

from mien.training.mixing.mixture import PairMixing
from mien.training.validating import settings


@settings
class Mixup(PairMixing):
    """The mask is lambda itself at every pixel."""

    name: ClassVar[str] = "mixup"

    def masks(self, lam: torch.Tensor, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
        """Lambda itself; see `PairMixing.masks`.

        Args:
            lam: float [M] in [0, 1].
            height: Not needed.
            width: Not needed.
            generator: Not needed.

        Returns:
            float [M, 1, 1, 1].
        """
        return lam.view(-1, 1, 1, 1)
