"""Recipes: reading, extending, refusing; and every recipe in the repository."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mien.errors import RecipeError
from mien.synthesis import recipe as synthesis
from mien.training.affine import RandomAffine
from mien.training.mixing.cutmix import CutMix
from mien.training.mixing.fmix import FMix
from mien.training.recipe import Recipe, Stage, from_dict, read, read_values
from mien.training.validating import with_new_keys

RECIPES = sorted(path for path in (Path(__file__).parent.parent / "recipes").rglob("*.toml"))
TRAINING = [path for path in RECIPES if not path.name.startswith(("_", "stargan"))]

RUNS = sorted((Path(__file__).parent.parent / "results").rglob("run.json"))


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_values_and_defaults(tmp_path: Path) -> None:
    recipe = read(
        write(
            tmp_path / "a.toml",
            'network = "vit_tiny"\nstages = [{ epochs = 3, pixels = 96 }, { epochs = 1 }]\n'
            '[affine]\ngamma = 0.2\n[mixing]\nname = "fmix"\nalpha = 0.5\n',
        )
    )
    assert recipe.stages == (Stage(3, 96), Stage(1, 112))
    assert recipe.affine == RandomAffine(gamma=0.2)
    assert recipe.mixing == FMix(alpha=0.5)
    assert (recipe.epochs, recipe.pixels, recipe.report_part) == (4, 112, "test")
    assert [recipe.stage_at(epoch).pixels for epoch in range(4)] == [96, 96, 96, 112]


def test_plain_values_read_back_the_same() -> None:
    recipe = Recipe(
        "vit_tiny", mixing=FMix(decay=2.0), stages=(Stage(2, 64), Stage(1)), affine=RandomAffine(scale=(0.9, 1.0))
    )
    assert from_dict(recipe.to_dict()) == recipe
    assert from_dict(Recipe("vit_tiny").to_dict()) == Recipe("vit_tiny")


def test_a_stages_own_values_stand_above_the_recipes(tmp_path: Path) -> None:
    recipe = read(
        write(
            tmp_path / "a.toml",
            'network = "vit_tiny"\nlabel_smoothing = 0.05\nmixing = { name = "fmix", probability = 0.5 }\n'
            'stages = [{ epochs = 2 }, { epochs = 1, mixing = { name = "cutmix" }, erase = 0.5 },'
            " { epochs = 1, mixing = false, label_smoothing = 0 }]\n",
        )
    )
    active = [recipe.stage_at(epoch) for epoch in range(5)]
    fmix = FMix(probability=0.5)
    assert [one.mixing for one in active] == [fmix, fmix, CutMix(), None, None]
    assert [one.label_smoothing for one in active] == [0.05, 0.05, 0.05, 0, 0]
    assert [one.affine.erase for one in active] == [0.25, 0.25, 0.5, 0.25, 0.25]
    assert from_dict(recipe.to_dict()) == recipe
    # What a stage leaves to the recipe is not said: pipelines know a training again by what its recipe says.
    assert recipe.to_dict()["stages"][0] == {"epochs": 2, "pixels": 112, "patch_drop": 0.0}


def test_extending_takes_over_values_and_merges_tables(tmp_path: Path) -> None:
    (tmp_path / "bases").mkdir()
    write(tmp_path / "bases" / "root.toml", 'network = "vit_tiny"\nbatch_size = 8\n[affine]\nrotation = 5\nerase = 0\n')
    write(tmp_path / "bases" / "middle.toml", 'extends = "root.toml"\nbatch_size = 16\n')
    recipe = read(write(tmp_path / "leaf.toml", 'extends = "bases/middle.toml"\nseed = 4\n[affine]\nrotation = 20\n'))
    assert recipe == Recipe("vit_tiny", batch_size=16, seed=4, affine=RandomAffine(rotation=20, erase=0))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('network = "vit_tiny"\nbatchsize = 3', "did you mean 'batch_size'"),
        ('network = "vit_tiny"\n[affine]\nrotations = 3', "did you mean 'rotation'"),
        ('netwrk = "vit_tiny"', "unknown key 'netwrk'; did you mean 'network'\\?; the key 'network' is missing$"),
        ('network = "vit_tiny"\n[mixing]\nname = "fmx"', "did you mean 'fmix'"),
        ('network = "vit_tiny"\n[mixing]\nname = "fmix"\nsize = 3', "unknown key 'mixing.size'"),
        ('network = "vit_tiny"\nmixing = "fmix"', 'mixing = { name = "cutmix" }'),
        ('network = "vit_tiny"\nmixing = { name = ["fmix"] }', r"mixing\.name must be one of cutout"),
        (
            'network = "vit_tiny"\nmixing = { name = "mixup", alpha = 0 }',
            r"mixing\.alpha must be .* above 0, not 0",
        ),
        (
            'network = "vit_tiny"\nmixing = { name = "cutmix", probability = 1.5 }',
            r"mixing\.probability must be .* to 1, not 1.5",
        ),
        ('network = "vit_tiny"\ndistillation = { teachers = "vit_small" }', r"distillation\.teachers must be a list"),
        ('network = "vit_tiny"\ndistillation = { teachers = [] }', "teachers must be a list of at least one, not"),
        ('network = "vit_tiny"\ndistillation = { weight = 0.5 }', "the key 'distillation.teachers' is missing"),
        (
            'network = "vit_tiny"\ndistillation = { teachers = ["a"], weight = 0, temperature = nan }',
            r"weight must be a number above 0 to 1, not 0; distillation\.temperature must be a number above 0, not NaN",
        ),
        ('network = "vit_tiny"\nlearning_rate = -1.0', "learning_rate must be a number above 0, not -1.0"),
        ('network = "vit_tiny"\nlearning_rate = nan', "learning_rate must be a number above 0, not NaN"),
        ('network = "vit_tiny"\nweight_decay = inf', "weight_decay must be a number of at least 0, not Infinity"),
        ('network = "vit_tiny"\nlearning_rate = 2026-01-01', "learning_rate must be a number"),
        ('network = "vit_tiny"\nwarmup_epochs = -3', "warmup_epochs must be a number of at least 0, not -3"),
        ('network = "vit_tiny"\nseed = -1', "seed must be a whole number from 0 to 4294967295, not -1"),
        ('network = "vit_tiny"\nseed = "one"', 'seed must be a whole number .*, not "one"'),
        ('network = "vit_tiny"\nseed = true', "seed must be a whole number .*, not true"),
        ('network = "vit_tiny"\nbatch_size = 8.0', "batch_size must be a whole number of at least 2, not 8.0"),
        ('network = "vit_tiny"\ncompile = 1', "compile must be true or false, not 1"),
        ('network = "vit_tiny"\naffine = 3', "affine must be a table, not 3"),
        (
            'network = "vit_tiny"\naffine = { brightness = -0.1 }',
            r"affine\.brightness must be .* 0 to 1, not -0.1",
        ),
        ('network = "vit_tiny"\naffine = { scale = [0.8] }', r"affine\.scale must be a list of 2, not \[0.8\]"),
        ('network = "vit_tiny"\naffine = { scale = [1.2, 0.8] }', r"affine\.scale must be the least and the most"),
        ('network = "vit_tiny"\naffine = { scale = [nan, 1] }', r"affine\.scale\[0\] must be a number above 0"),
        ('network = "vit_tiny"\naffine = { aspect = -1 }', r"affine\.aspect must be a number from 0"),
        ('network = "vit_tiny"\ndegrade = { jpeg = 100 }', r"degrade\.jpeg must be a number from 0 to 99, not 100"),
        ('network = "vit_tiny"\ndegrade = { small = 1 }', r"degrade\.small must be a number from 0 to below 1, not 1"),
        ('network = "vit_tiny"\nhold_out = 1', "hold_out must be a number from 0 to below 1, not 1"),
        ('network = "vit_tiny"\nema = 1', "ema must be a number from 0 to below 1, not 1"),
        ('network = "vit_tiny"\nsplit = "oficial"', "split must be one of kaggle, official, .*did you mean 'official'"),
        ('network = "vit_tiny"\nprecision = "fp16"', "precision must be one of 32-true, bf16-mixed"),
        ('network = "vit_tiny"\nstages = 3', "stages must be a list"),
        ('network = "vit_tiny"\nstages = []', "stages must be a list of at least one"),
        ('network = "vit_tiny"\nstages = [{ epochs = 1.5 }]', r"a.toml: stages\[0\]\.epochs must be .*, not 1.5$"),
        (
            'network = "vit_tiny"\nstages = [{ epochs = 1 }, { epochs = 0 }]',
            r"stages\[1\]\.epochs .* least 1, not 0",
        ),
        ('network = "face_resnet"\nstages = [{ epochs = 1, pixels = 48 }]', "takes 56 pixels or more, not 48"),
        ('network = "vit_tiny"\nstages = [{ epochs = 1, pixels = 100 }]', "multiples of 16, not 100; 96 and 112"),
        ('network = "coat_lite_tiny"\nstages = [{ epochs = 1, pixels = 48 }, { epochs = 1 }]', "32, not 48; 32 and 64"),
        ('network = "mobilenet_v2"\nstages = [{ epochs = 1, patch_drop = 0.5 }]', "has no patches to drop"),
        ('network = "vit_tny"', "did you mean 'vit_tiny'"),
        ("network = 3", "network must be a text in quotes, not 3"),
        ("batch_size = 3", "'network' is missing"),
        ("network =", "not valid TOML"),
        ('extends = "gone.toml"', "cannot read gone.toml"),
        ('extends = "a.toml"', "circle"),
        ('extends = "b.toml"', "circle"),
        ("extends = 3", "must name one file"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, part: str) -> None:
    write(tmp_path / "b.toml", 'extends = "a.toml"')
    with pytest.raises(RecipeError, match=part) as caught:
        read(write(tmp_path / "a.toml", text))
    assert "a.toml" in str(caught.value)


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: str(path.relative_to(path.parent.parent)))
def test_every_recipe_here_can_be_read(path: Path) -> None:
    recipe = read(path)
    # What is reported on the Kaggle split must not choose the epoch.
    assert recipe.split == "official" or recipe.hold_out


def plain(values: Any) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(values))


def contains(whole: Any, part: Any) -> bool:
    """Whether every value of `part`, at any depth, stands in `whole`."""
    if isinstance(part, dict):
        return all(contains(whole[key], value) for key, value in part.items())
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return all(contains(one, other) for one, other in zip(whole, part, strict=True))
    return bool(whole == part)


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: str(path.relative_to(path.parent.parent)))
def test_a_recipe_is_what_its_file_says_and_reads_back(path: Path) -> None:
    recipe, said = read(path), read_values(path)
    told = plain(recipe.to_dict())
    assert contains(told, said)
    assert from_dict(told) == recipe


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.parent.name)
def test_recipes_on_file_keep_their_values(path: Path) -> None:
    said = json.loads(path.read_text())["recipe"]
    made = from_dict(said) if "network" in said else synthesis.from_dict(said)
    assert contains(plain(made.to_dict()), with_new_keys(said))


def test_ranges_hold_for_recipes_made_in_python_too() -> None:
    with pytest.raises(RecipeError, match="seed must be a whole number"):
        replace(Recipe("vit_tiny"), seed=-1)
    with pytest.raises(RecipeError, match="brightness must be a number from 0 to 1, not 2"):
        RandomAffine(brightness=2)
    with pytest.raises(RecipeError, match="unknown key 'contrasts'; did you mean 'contrast'"):
        RandomAffine(contrasts=0.2)  # type: ignore[call-arg]


def test_every_reference_row_has_its_recipe_and_varies_what_it_says() -> None:
    folder = Path(__file__).parent.parent / "recipes" / "reference"
    for row, network in (("vit_tiny", "vit_tiny"), ("vit_small", "vit_small_dinov2")):
        rows = {
            name: read(folder / f"{row}_{name}.toml")
            for name in ("unaug", "fullaug", "cutout", "mixup", "cutmix", "fmix")
        }
        assert {recipe.network for recipe in rows.values()} == {network}
        assert {recipe.split for recipe in rows.values()} == {"kaggle"}
        for name, recipe in rows.items():
            assert recipe.synthetic == (0 if name == "unaug" else 1)
            assert (recipe.mixing is None) if name in ("unaug", "fullaug") else recipe.mixing.name == name


def test_recipe_names_are_unique() -> None:
    names = [path.stem for path in TRAINING]
    assert len(names) == len(set(names))


def test_the_keys_of_version_0_1_are_read() -> None:
    old = {"warp": {"turn": 5, "shift": 0.1, "light": 0.2}, "degrade": {"chance": 0.3, "light": 1.0}}
    new = {
        "affine": {"rotation": 5, "translation": 0.1, "brightness": 0.2},
        "degrade": {"probability": 0.3, "light": 1.0},
    }
    mixing = {"name": "cutmix"}
    one = from_dict({"network": "vit_tiny", **old, "mixing": mixing | {"chance": 0.5}})
    assert one == from_dict({"network": "vit_tiny", **new, "mixing": mixing | {"probability": 0.5}})
    with pytest.raises(RecipeError, match="'turn' is the old name of 'rotation'"):
        from_dict({"network": "vit_tiny", "affine": {"turn": 5, "rotation": 5}})
