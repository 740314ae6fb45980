"""Which warped views of the training pictures teachers and students look at."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from mien.training.validating import validated
from mien.training.warping import Moves, Warp


@dataclass(frozen=True)
class Views:
    """`count` views of every picture; the warp moves and lights them, the seed draws how.

    What a warp erases is no part of a view: teachers see whole faces, and students learn to do with less.
    """

    warp: Warp
    count: int
    seed: int = 0

    def moves(self, pictures: int) -> Moves:
        """How `pictures` are moved, [count * pictures] view by view, on the CPU: the same on every machine."""
        generator = torch.Generator().manual_seed(self.seed)
        return self.warp.draw(self.count * pictures, generator)

    def are_drawn_from(self, warp: Warp) -> bool:
        """Whether a recipe's warp moves and lights faces as these views do."""
        return replace(warp, erase=self.warp.erase) == self.warp

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Views":
        """Raises RecipeError for a warp that makes no sense, KeyError where something is missing."""
        return cls(validated(Warp, values["warp"], "warp"), values["count"], values["seed"])
