"""What a family of networks must say of itself to be trained, explained and exported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Architecture:
    """A registered network.

    mean, std: of the grey input in [0, 1]; the average over the colour channels the starting weights were made with.
    locations: backbone and normalised faces [N, 1, h, w] to the features before the pool [N, D, rows, columns].
    sized: whether timm must be told the input size (position embeddings). patch: pixels a location stands for.
    change: what is altered of timm's backbone; it then starts from nothing, since timm's weights are for the other.
    """

    name: str
    timm_name: str
    mean: float
    std: float
    locations: Callable[[nn.Module, torch.Tensor], torch.Tensor]
    patch: int
    sized: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    change: Callable[[nn.Module], None] | None = None

    @property
    def drops_patches(self) -> bool:
        """Whether a training pass may leave patches out."""
        return "patch_drop_rate" in self.options

    def refuses(self, pixels: int) -> str | None:
        """Why the network takes no faces of this side; None where it takes them."""
        if not self.sized or pixels % self.patch == 0:
            return None
        below = pixels // self.patch * self.patch
        nearest = f"{below} and {below + self.patch} are nearest" if below else f"{self.patch} is the least"
        return f"{self.name} takes pixels in multiples of {self.patch}, not {pixels}; {nearest}"


def feature_map(backbone: nn.Module, faces: torch.Tensor) -> torch.Tensor:
    """The locations of a convolutional network: its last feature map, [N, D, rows, columns]."""
    return backbone.forward_features(faces)  # type: ignore[operator]


def tokens_to_grid(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Patch tokens [N, height * width, D] in reading order to [N, D, height, width].

    Where a training pass dropped patches the grid is gone: what is left comes as one row.
    """
    whole = tokens.shape[1] == height * width
    return tokens.transpose(1, 2).unflatten(2, (height, width) if whole else (1, tokens.shape[1]))
