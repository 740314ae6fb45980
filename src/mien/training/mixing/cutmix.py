"""CutMix (Yun et al. 2019): a box of the partner covers a part of the face."""

from typing import ClassVar

import torch

from mien.training.mixing.mixture import PairMixing
from mien.training.validating import settings


@settings
class CutMix(PairMixing):
    """The box has the face's aspect and 1 - share of its area; where it is clipped at the edge, the share grows."""

    name: ClassVar[str] = "cutmix"

    def masks(self, share: torch.Tensor, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
        centre = torch.rand((2, len(share)), device=share.device, generator=generator)
        side = (1 - share).sqrt()
        rows = _inside(centre[0], side, height)
        columns = _inside(centre[1], side, width)
        return 1 - (rows[:, :, None] & columns[:, None, :])[:, None].float()


def _inside(centre: torch.Tensor, side: torch.Tensor, pixels: int) -> torch.Tensor:
    """Bool [M, pixels]: which pixels lie in an interval, given as shares [M] of the whole."""
    half = (side * pixels / 2).round()[:, None]
    middle = (centre * pixels).floor()[:, None]
    place = torch.arange(pixels, device=centre.device)
    return (place >= middle - half) & (place < middle + half)
