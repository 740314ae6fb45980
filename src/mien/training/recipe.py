"""A recipe: everything that decides how a network is trained, as one TOML file, which may extend another."""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from mien.errors import RecipeError
from mien.training.degrading import Degrade
from mien.training.mixing import MIXINGS, Mixing
from mien.training.warping import Warp

PRECISIONS = ("32-true", "bf16-mixed")
_PLAIN: dict[Any, tuple[Any, str]] = {
    str: (str, "a text in quotes"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    bool: (bool, "true or false"),
}


@dataclass(frozen=True)
class Stage:
    """Some epochs alike: `pixels` is the side of the enlarged faces.

    patch_drop: share of a transformer's patches left out of each training pass, which saves that share of its time
    (PatchDropout, Liu et al. 2023; end with a short stage without it). Only the vision transformers take it.
    """

    epochs: int
    pixels: int = 112
    patch_drop: float = 0.0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.pixels < 32 or not 0 <= self.patch_drop < 1:
            raise RecipeError("a stage needs epochs of at least 1, pixels of at least 32, and patch_drop in [0, 1)")


@dataclass(frozen=True)
class Distillation:
    """Learn from teachers' soft targets, which `mien distill` stores, beside the labels.

    teachers: names of their files, whose mean is learned from; weight: share of the loss that they make, the labels
    making the rest; temperature: teachers and student are softened by it (Hinton et al. 2015).
    """

    teachers: tuple[str, ...]
    weight: float = 0.8
    temperature: float = 1.0

    def __post_init__(self) -> None:
        named = isinstance(self.teachers, tuple) and all(isinstance(name, str) for name in self.teachers)
        if not self.teachers or not named:
            raise RecipeError('distillation needs a list of its teachers\' names, e.g. teachers = ["vit_small"]')
        if not (0 < self.weight <= 1 and 0 < self.temperature < math.inf):
            raise RecipeError("distillation needs a weight above 0 and up to 1, and a temperature above 0")


@dataclass(frozen=True)
class Recipe:
    """How one network is trained.

    stages: in order; the last stage's pixels are the model's input size.
    hold_out: share of the training part that chooses the epoch instead of the validation part, which then is free to be
    reported on. synthetic: share of the data set's synthetic pictures that are learned from; above 0 it needs a set
    balanced with them.
    learning_rate: the peak, after warm-up; layer_decay: factor from each layer to the one below it.
    balance: pictures are drawn in proportion to class size ** -balance (0 as they are, 1 all classes alike).
    reweight: the loss is weighted by class size ** -reweight (mean weight 1).
    raters: share of each class target that FER+'s raters give, the rest is the label's; they choose the epoch, too.
    fer_plus: weight of a second head's loss against FER+'s vote shares; the head is left out of the model.
    ema: decay of the averaged weights a step, which are the ones that are judged and kept.
    degrade: how faces are spoiled before the warp, if they are; mixing: how they are mixed with each other after it.
    distillation: which teachers are learned from, if any.
    """

    network: str
    stages: tuple[Stage, ...] = (Stage(10),)
    split: str = "official"
    hold_out: float = 0.0
    synthetic: float = 0.0
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 3e-4
    weight_decay: float = 0.05
    layer_decay: float = 0.8
    warmup_epochs: float = 0.5
    label_smoothing: float = 0.1
    drop_path: float = 0.0
    balance: float = 0.0
    reweight: float = 0.0
    raters: float = 0.0
    fer_plus: float = 0.0
    ema: float = 0.998
    precision: str = "32-true"
    compile: bool = False
    warp: Warp = field(default_factory=Warp)
    mixing: Mixing | None = None
    degrade: Degrade | None = None
    distillation: Distillation | None = None

    def __post_init__(self) -> None:
        if not self.stages:
            raise RecipeError("stages must hold at least one stage, e.g. [{epochs = 10, pixels = 112}]")
        if self.precision not in PRECISIONS:
            raise RecipeError(f"precision must be one of {', '.join(PRECISIONS)}, not '{self.precision}'")
        if self.batch_size < 2:
            raise RecipeError("batch_size must be at least 2")
        for name in ("hold_out", "synthetic", "balance", "reweight", "label_smoothing", "drop_path", "raters", "ema"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name} must lie between 0 and 1, not {getattr(self, name)}")
        for name in ("learning_rate", "layer_decay"):
            if not 0 < getattr(self, name) < math.inf:
                raise RecipeError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("seed", "weight_decay", "warmup_epochs", "fer_plus"):
            if not 0 <= getattr(self, name) < math.inf:
                raise RecipeError(f"{name} must be at least 0, not {getattr(self, name)}")

    @property
    def epochs(self) -> int:
        """All epochs, over the stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def pixels(self) -> int:
        """The model's input size: the last stage's."""
        return self.stages[-1].pixels

    def stage_at(self, epoch: int) -> Stage:
        """The stage that `epoch`, counted from 0, belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        return self.stages[-1]

    @property
    def report_part(self) -> str:
        """The part of the split that the trained network is reported on."""
        return "test" if self.split == "official" else "validation"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back."""
        mixing = None if self.mixing is None else {"name": self.mixing.name, **asdict(self.mixing)}
        return {**asdict(self), "mixing": mixing}


def read(path: Path) -> Recipe:
    """Read a TOML recipe.

    `extends = "other.toml"`, relative to the file, takes over the other's values; those given here stand above them, in
    tables key by key. Raises RecipeError for a missing file, bad TOML, recipes that extend each other in a circle, or
    an unknown key (naming the nearest).
    """
    try:
        return from_dict(read_values(path))
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def read_values(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """What a TOML file says, over what it extends; `above`: the files that led here.

    Raises RecipeError for a missing file, bad TOML, or files that extend each other in a circle.
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
    """A recipe from plain values; raises RecipeError for unknown keys or values of another kind."""
    given = known_keys(values, Recipe)
    if "network" not in given:
        raise RecipeError("the key 'network' is missing; it names what to train, e.g. network = \"vit_tiny\"")
    try:
        if "stages" in given:
            given["stages"] = tuple(Stage(**known_keys(stage, Stage)) for stage in given["stages"])
        if "warp" in given:
            warp = known_keys(given["warp"], Warp)
            if "scale" in warp:
                warp["scale"] = tuple(warp["scale"])
            given["warp"] = Warp(**warp)
        if given.get("degrade") is not None:
            given["degrade"] = Degrade(**known_keys(given["degrade"], Degrade))
        if given.get("mixing") is not None:
            given["mixing"] = _mixing(given["mixing"])
        if given.get("distillation") is not None:
            distillation = known_keys(given["distillation"], Distillation)
            if isinstance(distillation.get("teachers"), list):
                distillation["teachers"] = tuple(distillation["teachers"])
            given["distillation"] = Distillation(**distillation)
        return Recipe(**given)
    except (TypeError, ValueError, KeyError) as error:
        raise RecipeError(f"a value has the wrong kind: {error}") from error


def _mixing(values: Mapping[str, Any]) -> Mixing:
    if not isinstance(values, Mapping):
        raise RecipeError('mixing must be a table with its name, e.g. mixing = { name = "cutmix" }')
    options = dict(values)
    name = options.pop("name", None)
    if name not in MIXINGS:
        raise RecipeError(f"mixing needs the name of one of {', '.join(MIXINGS)}{_hint(str(name), list(MIXINGS))}")
    return MIXINGS[name](**known_keys(options, MIXINGS[name]))


def known_keys(values: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """The values as a dict of their own.

    Raises RecipeError for a key that the dataclass `kind` has no field for, or a plain value of another kind.
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"a table of values is needed where '{values}' stands")
    known = {entry.name: entry.type for entry in fields(kind)}
    for key, value in values.items():
        wanted = _PLAIN.get(known.get(key))
        if wanted and (not isinstance(value, wanted[0]) or (known[key] is not bool and isinstance(value, bool))):
            raise RecipeError(f"'{key}' must be {wanted[1]}, not {value!r}")
        if key not in known:
            raise RecipeError(f"unknown key '{key}'" + (_hint(key, list(known)) or f"; known are {', '.join(known)}"))
    return dict(values)


def _hint(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, 1)
    return f"; did you mean '{near[0]}'?" if near else ""
