"""A recipe: everything that decides how a network is trained, as one TOML file, which may extend another."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from mien.data.dataset import Split
from mien.errors import RecipeError
from mien.results.runs import Epoch
from mien.training.affine import RandomAffine
from mien.training.degrading import Degrade
from mien.training.mixing import MIXINGS, Mixing
from mien.training.networks import ARCHITECTURES
from mien.training.validating import (
    Above0,
    AtLeast0,
    Count,
    Seed,
    Share,
    ShareOfLess,
    hint,
    settings,
    validated,
)

Precision = Literal["32-true", "bf16-mixed"]


def _known_network(name: str) -> str:
    if name not in ARCHITECTURES:
        known = list(ARCHITECTURES)
        raise ValueError(f'must be one of {", ".join(known)}, not "{name}"{hint(name, known)}')
    return name


def _mixing(given: object) -> Mixing | Literal[False] | None:
    """A mixing from a recipe's table; one that is made already, false and None stay as they are."""
    if given is None or given is False or isinstance(given, Mixing):
        return given
    if not isinstance(given, Mapping):
        raise RecipeError('mixing must be false or a table with its name, e.g. mixing = { name = "cutmix" }')
    options = dict(given)
    name = options.pop("name", None)
    if name not in list(MIXINGS):
        raise RecipeError(f"mixing.name must be one of {', '.join(MIXINGS)}{hint(str(name), list(MIXINGS))}")
    return validated(MIXINGS[name], options, "mixing")


_MixingTable = Annotated[Mixing | Literal[False] | None, PlainValidator(_mixing), WithJsonSchema({"type": "object"})]


@settings
class Stage:
    """Some epochs alike.

    Attributes:
        epochs: How many.
        pixels: Side of the enlarged faces, and in the last stage the model's input size.
        patch_drop: Share of a transformer's patches left out of each training pass, which saves that share of its time
            (PatchDropout, Liu et al. 2023; end with a short stage without it). Only the vision transformers take it.
        mixing: How faces are mixed in this stage instead of as the recipe says; false: not at all. Trainings that mix
            gain by a last stage that does not (He et al. 2019, arXiv 1909.09148).
        label_smoothing: Instead of the recipe's.
        erase: Instead of the recipe's `affine.erase`.
    """

    epochs: Count
    pixels: Annotated[int, Field(ge=32, le=1024)] = 112
    patch_drop: ShareOfLess = 0.0
    mixing: _MixingTable = None
    label_smoothing: ShareOfLess | None = None
    erase: Share | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without those that the recipe has for all stages.

        Returns:
            What `Stage` takes.
        """
        values = {**asdict(self), "mixing": _mixing_values(self.mixing)}
        return {key: value for key, value in values.items() if value is not None}


@settings
class Distillation:
    """Learn from what teachers say of the same augmented faces, beside the labels.

    Attributes:
        teachers: Names of runs' folders or model files, whose mean is learned from.
        weight: Fraction of the loss that they make, the labels making the rest.
        temperature: Teachers and student are softened by it (Hinton et al. 2015).
    """

    teachers: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    weight: Annotated[float, Field(gt=0, le=1)] = 0.8
    temperature: Above0 = 1.0


@settings
class Recipe:
    """How one network is trained.

    Attributes:
        network: Its name; `mien.training.networks.ARCHITECTURES` has them.
        stages: In order; the last stage's pixels are the model's input size.
        split: Which split of the data set: FER2013's own three parts, or Kaggle's folders.
        hold_out: Share of the training part that chooses the epoch instead of the validation part, which then is free
            to be reported on.
        synthetic: Share of the data set's synthetic pictures that are learned from; above 0 it needs a set balanced
            with them.
        seed: Decides every draw; the same recipe and seed give the same run on one machine.
        batch_size: Faces a step.
        learning_rate: The peak, after warm-up.
        weight_decay: AdamW's.
        layer_decay: Factor of the learning rate from each layer to the one below it.
        warmup_epochs: For so many epochs the learning rate rises to its peak.
        label_smoothing: Share of each target that all classes get alike.
        drop_path: Chance that a residual path is left out in a training pass, at the deepest layer.
        balance: Pictures are drawn in proportion to class size ** -balance (0 as they are, 1 all classes alike).
        reweight: The loss is weighted by class size ** -reweight (mean weight 1).
        raters: Share of each class target that FER+'s raters give, the rest is the label's; they choose the epoch, too.
        fer_plus: Weight of a second head's loss against FER+'s vote shares; the head is left out of the model.
        ema: Decay of the averaged weights a step, which are the ones that are judged and kept.
        keep: Which epoch's weights: the best on the pictures that choose it, or the last, where those are too unlike
            what the model is for.
        precision: Of the arithmetic: float32, or bfloat16 where it is safe.
        compile: Whether torch.compile makes the network's passes faster, after some minutes of work.
        affine: How faces are moved and lit.
        mixing: How faces are mixed with each other after that; none by default. A stage may have its own.
        degrade: How faces are spoiled before they are moved; not by default.
        distillation: Which teachers are learned from; none by default.
    """

    network: Annotated[str, AfterValidator(_known_network)]
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)] = (Stage(10),)
    split: Split = "official"
    hold_out: ShareOfLess = 0.0
    synthetic: Share = 0.0
    seed: Seed = 0
    batch_size: Annotated[int, Field(ge=2)] = 64
    learning_rate: Above0 = 3e-4
    weight_decay: AtLeast0 = 0.05
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 0.8
    warmup_epochs: AtLeast0 = 0.5
    label_smoothing: ShareOfLess = 0.1
    drop_path: ShareOfLess = 0.0
    balance: Share = 0.0
    reweight: Share = 0.0
    raters: Share = 0.0
    fer_plus: AtLeast0 = 0.0
    ema: ShareOfLess = 0.998
    keep: Literal["best", "last"] = "best"
    precision: Precision = "32-true"
    compile: bool = False
    affine: RandomAffine = field(default_factory=RandomAffine)
    mixing: _MixingTable = None
    degrade: Degrade | None = None
    distillation: Distillation | None = None

    @model_validator(mode="after")
    def _fits_its_network(self) -> "Recipe":
        architecture = ARCHITECTURES[self.network]
        for number, stage in enumerate(self.stages):
            if reason := architecture.refuses(stage.pixels):
                raise ValueError(f"stages[{number}].pixels: {reason}")
            if stage.patch_drop and not architecture.drops_patches:
                raise ValueError(f"stages[{number}].patch_drop: {self.network} has no patches to drop; leave it out")
        return self

    @property
    def epochs(self) -> int:
        """All epochs, over the stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def pixels(self) -> int:
        """The model's input size: the last stage's."""
        return self.stages[-1].pixels

    def stage_at(self, epoch: int) -> "ActiveStage":
        """What an epoch is trained with.

        Args:
            epoch: From 0; past the end counts as the last one.

        Returns:
            The values of the stage that it belongs to, over the recipe's.
        """
        for stage in self.stages:
            if epoch < stage.epochs:
                break
            epoch -= stage.epochs
        mixing = self.mixing if stage.mixing is None else stage.mixing
        smoothing = self.label_smoothing if stage.label_smoothing is None else stage.label_smoothing
        affine = self.affine if stage.erase is None else replace(self.affine, erase=stage.erase)
        return ActiveStage(stage.pixels, stage.patch_drop, mixing or None, smoothing, affine)

    def kept(self, curve: Sequence[Epoch]) -> Epoch:
        """The epoch of a curve whose weights are kept; of those that are as good the first.

        Args:
            curve: At least one epoch.

        Returns:
            One of the curve.
        """
        return curve[-1] if self.keep == "last" else max(curve, key=lambda epoch: epoch.selection_score)

    @property
    def report_part(self) -> str:
        """The part of the split that the trained network is reported on."""
        return "test" if self.split == "official" else "validation"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back.

        Returns:
            What JSON and TOML can hold, but for None in TOML.
        """
        stages = tuple(stage.to_dict() for stage in self.stages)
        return {**asdict(self), "stages": stages, "mixing": _mixing_values(self.mixing)}


def _mixing_values(mixing: Mixing | Literal[False] | None) -> dict[str, Any] | Literal[False] | None:
    return {"name": mixing.name, **asdict(mixing)} if isinstance(mixing, Mixing) else mixing


@dataclass(frozen=True)
class ActiveStage:
    """What one epoch is trained with: its stage's values, and the recipe's where the stage has none of its own.

    Attributes:
        pixels: Side of the enlarged faces.
        patch_drop: Share of a transformer's patches that is left out.
        mixing: How faces are mixed, or None.
        label_smoothing: Share of each target that all classes get alike.
        affine: How faces are moved, lit and erased.
    """

    pixels: int
    patch_drop: float
    mixing: Mixing | None
    label_smoothing: float
    affine: RandomAffine


def read(path: Path) -> Recipe:
    """Read a TOML recipe.

    `extends = "other.toml"`, relative to the file, takes over the other's values; those given here stand above them, in
    tables key by key.

    Args:
        path: The file.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: The file is missing or bad TOML, recipes extend each other in a circle, a key is unknown (the
            nearest is named), or a value is out of its range.
    """
    try:
        return from_dict(read_values(path))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def read_values(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a TOML file says, over what it extends.

    Args:
        path: The file.
        above: The files that led here.

    Returns:
        Plain values, not checked.

    Raises:
        RecipeError: The file is missing or bad TOML, or files extend each other in a circle.
    """
    if path.resolve() in above:
        raise RecipeError(f"extends itself by way of {path.name}; break the circle")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read {path.name}: {error.strerror}") from error
    except ValueError as error:  # bad TOML or not UTF-8
        raise RecipeError(f"{path.name} is not valid TOML: {error}") from error
    base = values.pop("extends", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise RecipeError(f"extends in {path.name} must name one file")
    return _merged(read_values(path.parent / base, (*above, path.resolve())), values)


def _merged(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    result = {**base, **values}
    for key in base.keys() & values.keys():
        if isinstance(base[key], dict) and isinstance(values[key], dict):
            result[key] = _merged(base[key], values[key])
    return result


def from_dict(values: Mapping[str, Any]) -> Recipe:
    """A recipe from plain values, as a TOML file or a run's run.json has them.

    Args:
        values: Tables as mappings.

    Returns:
        The recipe, checked.

    Raises:
        RecipeError: For unknown keys and for values of another kind or outside their range, all of them in one line.
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"a table of values is needed where '{values}' stands")
    return validated(Recipe, values)
