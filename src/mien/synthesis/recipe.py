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

    Attributes:
        steps: How many.
        class_steps: The first so many steps teach the critic the classes of real faces, and nothing else.
        split: Of the data set.
        seed: Decides every draw.
        batch_size: Faces an update.
        critic_steps: Updates of the critic for one of the generator.
        width: The generator's channels at full size.
        blocks: Its residual blocks.
        smoothing: Of what the generator adds to a face: a Gaussian's standard deviation in pixels, 0 for none.
        critic_width: The critic's first channels.
        generator_rate: Adam's, constant at first, and falling to zero over the second half of what follows the
            class_steps.
        critic_rate: The same of the critic.
        penalty: Weight of the gradient penalty (the adversarial loss has 1).
        classification: Weight of the class losses.
        cycle: Weight of the cycle loss.
        ema: Decay of the averaged generator a step, which is the one that is kept.
        precision: The generator's; the critic is always float32.
        report_steps: After so many steps come a line of the curve, a sample sheet and a checkpoint.
        cuda_graph: On a GPU, replay the step as one CUDA graph.
    """

    steps: Count = 40_000
    class_steps: WholeAtLeast0 = 0
    split: Split = "official"
    seed: Seed = 0
    batch_size: Count = 64
    critic_steps: Count = 5
    width: Count = 48
    blocks: Count = 6
    smoothing: AtLeast0 = 0.0
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
        """The share of the rates that holds at a step.

        Args:
            step: From 0.

        Returns:
            In (0, 1].
        """
        return min(1.0, 2 * (self.steps - step) / (self.steps - self.class_steps))

    def may_follow(self, begun: "SynthesisRecipe") -> bool:
        """Whether a run begun with another recipe can go on with this one: same networks, pictures and chance.

        Args:
            begun: The other recipe.

        Returns:
            True where they agree in all of these.
        """
        same = ("split", "seed", "width", "blocks", "critic_width")
        return all(getattr(self, name) == getattr(begun, name) for name in same)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back.

        Returns:
            What JSON and TOML can hold.
        """
        return asdict(self)


def read(path: Path) -> SynthesisRecipe:
    """Read a TOML recipe, which may extend another.

    Args:
        path: The file.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: The file is missing or bad TOML, a key is unknown (the nearest is named), or a value is out of its
            range.
    """
    try:
        return from_dict(read_values(path))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def from_dict(values: object) -> SynthesisRecipe:
    """A recipe from plain values.

    Args:
        values: A table.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: A key is unknown or a value is out of its range.
    """
    return validated(SynthesisRecipe, values)
