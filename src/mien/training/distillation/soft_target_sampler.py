"""Samples soft targets: each picture in one of its views, and what the teachers said of it."""

from dataclasses import dataclass

import torch

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.training.affine import AffineParams
from mien.training.distillation.soft_targets import SoftTargets
from mien.training.recipe import Recipe


@dataclass(frozen=True)
class SoftTargetSampler:
    """Views of N training pictures, and the teachers' answers to each.

    Attributes:
        views: How many there are of each picture.
        params: How each view is made, of views * N, view by view.
        probabilities: What the teachers said, softened by the temperature; float [views * N, 7], on the device.
    """

    views: int
    params: AffineParams
    probabilities: torch.Tensor

    @classmethod
    def of(
        cls, said: SoftTargets | None, recipe: Recipe, training: FaceData, device: torch.device
    ) -> "SoftTargetSampler":
        """Raises RecipeError where what was said is not about the recipe's augmentation and these training pictures."""
        if recipe.distillation is None or said is None:
            raise RecipeError("this recipe learns from teachers; make their soft targets with mien distill")
        if said.data != training.fingerprint():
            raise RecipeError("the soft targets are about other training pictures than this recipe's; make them anew")
        if not said.views.are_drawn_from(recipe.affine):
            raise RecipeError("the soft targets are about another augmentation than this recipe's; make them anew")
        softened = torch.from_numpy(said.probabilities).flatten(0, 1).to(device) ** (
            1 / recipe.distillation.temperature
        )
        taught = softened / softened.sum(1, keepdim=True)
        return cls(said.views.count, said.views.params(len(training)).to(device), taught)

    def sample(self, indices: torch.Tensor, generator: torch.Generator) -> tuple[AffineParams, torch.Tensor]:
        """For pictures at int64 indices [M]: a view of each at random, and what the teachers said of it."""
        pictures = len(self.probabilities) // self.views
        view = torch.randint(self.views, indices.shape, device=indices.device, generator=generator)
        rows = view * pictures + indices
        return self.params.of(rows), self.probabilities[rows]
