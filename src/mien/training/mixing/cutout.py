"""Cutout (DeVries and Taylor 2017): a square of each face turns grey; the target stays."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from mien.errors import RecipeError
from mien.training.mixing.mixture import Mixing, Mixture

GREY = 0.5  # about the mean of FER2013


@dataclass(frozen=True)
class Cutout(Mixing):
    """size: the square's side as a share of the face's; its centre falls anywhere, so that a part may lie outside."""

    name: ClassVar[str] = "cutout"

    size: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.size <= 1:
            raise RecipeError(f"cutout's size must lie between 0 and 1, not {self.size}")

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> Mixture:
        count, device = len(faces), faces.device
        y, x, chosen = torch.rand((3, count, 1), device=device, generator=generator)
        rows = (torch.arange(faces.shape[2], device=device) + 0.5) / faces.shape[2]
        columns = (torch.arange(faces.shape[3], device=device) + 0.5) / faces.shape[3]
        high, wide = (rows - y).abs() < self.size / 2, (columns - x).abs() < self.size / 2
        cut = (high[:, :, None] & wide[:, None, :] & (chosen < self.chance)[:, :, None])[:, None]
        itself = torch.arange(count, device=device)
        return Mixture(faces.masked_fill(cut, GREY), itself, torch.ones(count, device=device))
