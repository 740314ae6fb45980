"""What the training loop needs of soft targets: a picture in one of its views, and what the teachers said of it."""

from dataclasses import dataclass

import torch

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.training.distillation.soft_targets import SoftTargets
from mien.training.recipe import Recipe
from mien.training.warping import Moves


@dataclass(frozen=True)
class Lessons:
    """On the device: moves of [views * N] and taught, float [views * N, 7], view by view; softened by temperature."""

    views: int
    moves: Moves
    taught: torch.Tensor

    @classmethod
    def of(cls, said: SoftTargets | None, recipe: Recipe, training: FaceData, device: torch.device) -> "Lessons":
        """Raises RecipeError where what was said is not about the recipe's warp and these training pictures."""
        if recipe.distillation is None or said is None:
            raise RecipeError("this recipe learns from teachers; make their soft targets with mien distill")
        if said.data != training.fingerprint():
            raise RecipeError("the soft targets are about other training pictures than this recipe's; make them anew")
        if not said.views.are_drawn_from(recipe.warp):
            raise RecipeError("the soft targets are about another warp than this recipe's; make them anew")
        softened = torch.from_numpy(said.probabilities).flatten(0, 1).to(device) ** (
            1 / recipe.distillation.temperature
        )
        taught = softened / softened.sum(1, keepdim=True)
        return cls(said.views.count, said.views.moves(len(training)).to(device), taught)

    def some(self, places: torch.Tensor, generator: torch.Generator) -> tuple[Moves, torch.Tensor]:
        """For pictures at int64 places [M]: a view of each by chance, and what the teachers said of it."""
        pictures = len(self.taught) // self.views
        view = torch.randint(self.views, places.shape, device=places.device, generator=generator)
        rows = view * pictures + places
        return self.moves.of(rows), self.taught[rows]
