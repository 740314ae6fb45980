"""Which augmented views of the training pictures teachers and students look at."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from mien.training.affine import AffineParams, RandomAffine
from mien.training.validating import validated, with_new_keys


@dataclass(frozen=True)
class Views:
    """`count` views of every picture; `affine` moves and lights them, the seed draws how.

    What an augmentation erases is no part of a view: teachers see whole faces, and students learn to do with less.
    """

    affine: RandomAffine
    count: int
    seed: int = 0

    def params(self, pictures: int) -> AffineParams:
        """How `pictures` are moved, [count * pictures] view by view, on the CPU: the same on every machine."""
        generator = torch.Generator().manual_seed(self.seed)
        return self.affine.draw(self.count * pictures, generator)

    def are_drawn_from(self, affine: RandomAffine) -> bool:
        """Whether a recipe's augmentation moves and lights faces as these views do."""
        return replace(affine, erase=self.affine.erase) == self.affine

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Views":
        """Raises RecipeError for ranges that make no sense, KeyError where something is missing."""
        values = with_new_keys(values)
        return cls(validated(RandomAffine, values["affine"], "affine"), values["count"], values["seed"])
