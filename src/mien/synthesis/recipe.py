"""A synthesis recipe: everything that decides how a StarGAN is trained, as one TOML file."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import model_validator

from mien.data.dataset import Split
from mien.errors import RecipeError
from mien.training.recipe import Precision, read_values
from mien.training.validating import AtLeast0, Count, Seed, ShareOfLess, WholeAtLeast0, settings, validated


@settings
class SynthesisRecipe:
    """How one StarGAN is trained. A step is `critic_steps` updates of the critic and one of the generator.

    class_steps: the first so many steps teach the critic the classes of real faces, and nothing else.
    width, blocks: the generator's channels at full size, and its residual blocks; critic_width: the critic's first
    channels. critic_rate, generator_rate: Adam's, constant at first, and falling to zero over the second half of what
    follows the class_steps. penalty, classification, cycle: weights of the losses (the adversarial one has 1). ema:
    decay of the averaged generator a step, which is the one that is kept. precision: the generator's; the critic is
    always float32. report_steps: after so many steps come a line of the curve, a sample sheet and a checkpoint.
    cuda_graph: on a GPU, replay the step as one CUDA graph.
    """

    steps: Count = 40_000
    class_steps: WholeAtLeast0 = 0
    split: Split = "official"
    seed: Seed = 0
    batch_size: Count = 64
    critic_steps: Count = 5
    width: Count = 48
    blocks: Count = 6
    critic_width: Count = 64
    generator_rate: AtLeast0 = 1e-4
    critic_rate: AtLeast0 = 1e-4
    penalty: AtLeast0 = 10.0
    classification: AtLeast0 = 1.0
    cycle: AtLeast0 = 10.0
    ema: ShareOfLess = 0.999
    precision: Precision = "32-true"
    report_steps: Count = 1000
    cuda_graph: bool = True

    @model_validator(mode="after")
    def _learns_to_make_faces(self) -> "SynthesisRecipe":
        if self.class_steps >= self.steps:
            raise ValueError(f"class_steps must be below steps ({self.steps}), not {self.class_steps}")
        return self

    def rate_share(self, step: int) -> float:
        """The share of the rates that holds at `step`, counted from 0."""
        return min(1.0, 2 * (self.steps - step) / (self.steps - self.class_steps))

    def may_follow(self, begun: "SynthesisRecipe") -> bool:
        """Whether a run begun with another recipe can go on with this one: same networks, pictures and chance."""
        same = ("split", "seed", "width", "blocks", "critic_width")
        return all(getattr(self, name) == getattr(begun, name) for name in same)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        return asdict(self)


def read(path: Path) -> SynthesisRecipe:
    """Read a TOML recipe, which may extend another.

    Raises RecipeError for a missing file, bad TOML, or an unknown key (naming the nearest).
    """
    try:
        return from_dict(read_values(path))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def from_dict(values: object) -> SynthesisRecipe:
    """A recipe from plain values; raises RecipeError for unknown keys and for values outside their range."""
    return validated(SynthesisRecipe, values)
