"""CutMix (Yun et al. 2019): a box of the partner covers a part of the face."""

from typing import ClassVar

import torch

from mien.training.mixing.mixture import PairMixing
from mien.training.validating import settings


@settings
class CutMix(PairMixing):
    """The box has the face's aspect and 1 - lambda of its area; where it is clipped at the edge, lambda grows."""

    name: ClassVar[str] = "cutmix"

    def masks(self, lam: torch.Tensor, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
        """Boxes of other faces; see `PairMixing.masks`.

        Args:
            lam: float [M] in [0, 1].
            height: Of a face, in pixels.
            width: Of a face, in pixels.
            generator: On the device of `lam`.

        Returns:
            float [M, 1, height, width] of 0 and 1.
        """
        centre = torch.rand((2, len(lam)), device=lam.device, generator=generator)
        side = (1 - lam).sqrt()
        rows = _inside(centre[0], side, height)
        columns = _inside(centre[1], side, width)
        return 1 - (rows[:, :, None] & columns[:, None, :])[:, None].float()


def _inside(centre: torch.Tensor, side: torch.Tensor, pixels: int) -> torch.Tensor:
    """Bool [M, pixels]: which pixels lie in an interval, given as shares [M] of the whole."""
    half = (side * pixels / 2).round()[:, None]
    middle = (centre * pixels).floor()[:, None]
    index = torch.arange(pixels, device=centre.device)
    return (index >= middle - half) & (index < middle + half)
