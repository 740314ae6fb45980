"""Cutout (DeVries and Taylor 2017): a square of each face turns grey; the target stays."""

from typing import Annotated, ClassVar

import torch
from pydantic import Field

from mien.training.mixing.mixture import Mixing, Mixture
from mien.training.validating import settings

GREY = 0.5  # about the mean of FER2013


@settings
class Cutout(Mixing):
    """A square of each face is set to grey; its centre falls anywhere, so that a part may lie outside.

    Attributes:
        size: The square's side as a share of the face's.
    """

    name: ClassVar[str] = "cutout"

    size: Annotated[float, Field(gt=0, le=1)] = 0.5

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> Mixture:
        """Turn squares grey; see `Mixing`.

        Args:
            faces: float [N, 1, h, w] in [0, 1].
            generator: On the faces' device.

        Returns:
            The batch, each face its own partner.
        """
        count, device = len(faces), faces.device
        y, x, chosen = torch.rand((3, count, 1), device=device, generator=generator)
        rows = (torch.arange(faces.shape[2], device=device) + 0.5) / faces.shape[2]
        columns = (torch.arange(faces.shape[3], device=device) + 0.5) / faces.shape[3]
        high, wide = (rows - y).abs() < self.size / 2, (columns - x).abs() < self.size / 2
        cut = (high[:, :, None] & wide[:, None, :] & (chosen < self.probability)[:, :, None])[:, None]
        itself = torch.arange(count, device=device)
        return Mixture(faces.masked_fill(cut, GREY), itself, torch.ones(count, device=device))
