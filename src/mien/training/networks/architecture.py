"""What a family of networks must say of itself to be trained, explained and exported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Architecture:
    """A registered network.

    Attributes:
        name: Its own.
        timm_name: Of its backbone in timm.
        mean: Of the grey input in [0, 1]; as `std` the average over the colour channels the starting weights were made
            with.
        std: Of the grey input in [0, 1].
        locations: Backbone and normalised faces [N, 1, h, w] to the features before the pool [N, D, rows, columns].
        patch: Pixels a location stands for.
        sized: Whether timm must be told the input size (position embeddings).
        options: Further ones for timm.
        least: The smallest side of a face that it takes.
        change: What is altered of timm's backbone; it then starts from nothing, since timm's weights are for the other.
    """

    name: str
    timm_name: str
    mean: float
    std: float
    locations: Callable[[nn.Module, torch.Tensor], torch.Tensor]
    patch: int
    sized: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    least: int = 32
    change: Callable[[nn.Module], None] | None = None

    @property
    def drops_patches(self) -> bool:
        """Whether a training pass may leave patches out."""
        return "patch_drop_rate" in self.options

    def refuses(self, pixels: int) -> str | None:
        """Why the network takes no faces of this side.

        Args:
            pixels: Side of the input.

        Returns:
            One line that names the nearest sides; None where it takes them.
        """
        if pixels < self.least:
            return f"{self.name} takes {self.least} pixels or more, not {pixels}"
        if not self.sized or pixels % self.patch == 0:
            return None
        below = pixels // self.patch * self.patch
        nearest = f"{below} and {below + self.patch} are nearest" if below else f"{self.patch} is the least"
        return f"{self.name} takes pixels in multiples of {self.patch}, not {pixels}; {nearest}"


def feature_map(backbone: nn.Module, faces: torch.Tensor) -> torch.Tensor:
    """The locations of a convolutional network: its last feature map.

    Args:
        backbone: timm's.
        faces: Normalised, float [N, 1, h, w].

    Returns:
        float [N, D, rows, columns].
    """
    return backbone.forward_features(faces)  # type: ignore[operator]


def tokens_to_grid(tokens: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Lay patch tokens out as a map.

    Where a training pass dropped patches the grid is gone: what is left comes as one row.

    Args:
        tokens: float [N, height * width, D] in reading order.
        height: Of the grid.
        width: Of the grid.

    Returns:
        float [N, D, height, width].
    """
    whole = tokens.shape[1] == height * width
    return tokens.transpose(1, 2).unflatten(2, (height, width) if whole else (1, tokens.shape[1]))
