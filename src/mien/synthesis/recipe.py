"""A synthesis recipe: everything that decides how a StarGAN is trained, as one TOML file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.data.dataset import SPLITS
from mien.errors import RecipeError
from mien.training.recipe import PRECISIONS, known_keys, read_values


@dataclass(frozen=True)
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

    steps: int = 40_000
    class_steps: int = 0
    split: str = "official"
    seed: int = 0
    batch_size: int = 64
    critic_steps: int = 5
    width: int = 48
    blocks: int = 6
    critic_width: int = 64
    generator_rate: float = 1e-4
    critic_rate: float = 1e-4
    penalty: float = 10.0
    classification: float = 1.0
    cycle: float = 10.0
    ema: float = 0.999
    precision: str = "32-true"
    report_steps: int = 1000
    cuda_graph: bool = True

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "critic_steps", "width", "blocks", "critic_width", "report_steps"):
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.class_steps < self.steps:
            raise RecipeError(
                f"class_steps must be below steps ({self.steps}) and not negative, and is {self.class_steps}"
            )
        for name in ("generator_rate", "critic_rate", "penalty", "classification", "cycle"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} must not be negative, and is {getattr(self, name)}")
        if not 0 <= self.ema < 1:
            raise RecipeError(f"ema must lie in [0, 1), not {self.ema}")
        if self.precision not in PRECISIONS:
            raise RecipeError(f"precision must be one of {', '.join(PRECISIONS)}, not '{self.precision}'")
        if self.split not in SPLITS:
            raise RecipeError(f"split must be one of {', '.join(SPLITS)}, not '{self.split}'")

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


def from_dict(values: Mapping[str, Any]) -> SynthesisRecipe:
    """A recipe from plain values; raises RecipeError for unknown keys or values of another kind."""
    try:
        return SynthesisRecipe(**known_keys(values, SynthesisRecipe))
    except TypeError as error:
        raise RecipeError(f"a value has the wrong kind: {error}") from error
