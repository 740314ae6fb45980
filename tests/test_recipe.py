"""Recipes: reading, extending, refusing; and every recipe in the repository."""

from pathlib import Path

import pytest

from mien.errors import RecipeError
from mien.training.mixing.fmix import FMix
from mien.training.recipe import Recipe, Stage, from_dict, read
from mien.training.warping import Warp

RECIPES = sorted(path for path in (Path(__file__).parent.parent / "recipes").rglob("*.toml"))
TRAINING = [path for path in RECIPES if not path.name.startswith(("_", "stargan"))]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_values_and_defaults(tmp_path: Path) -> None:
    recipe = read(
        write(
            tmp_path / "a.toml",
            'network = "vit_tiny"\nstages = [{ epochs = 3, pixels = 96 }, { epochs = 1 }]\n'
            '[warp]\ngamma = 0.2\n[mixing]\nname = "fmix"\nalpha = 0.5\n',
        )
    )
    assert recipe.stages == (Stage(3, 96), Stage(1, 112))
    assert recipe.warp == Warp(gamma=0.2)
    assert recipe.mixing == FMix(alpha=0.5)
    assert (recipe.epochs, recipe.pixels, recipe.report_part) == (4, 112, "test")
    assert [recipe.stage_at(epoch).pixels for epoch in range(4)] == [96, 96, 96, 112]


def test_plain_values_read_back_the_same() -> None:
    recipe = Recipe("vit_tiny", mixing=FMix(decay=2.0), stages=(Stage(2, 64), Stage(1)), warp=Warp(scale=(0.9, 1.0)))
    assert from_dict(recipe.to_dict()) == recipe
    assert from_dict(Recipe("vit_tiny").to_dict()) == Recipe("vit_tiny")


def test_extending_takes_over_values_and_merges_tables(tmp_path: Path) -> None:
    (tmp_path / "bases").mkdir()
    write(tmp_path / "bases" / "root.toml", 'network = "vit_tiny"\nbatch_size = 8\n[warp]\nturn = 5\nerase = 0\n')
    write(tmp_path / "bases" / "middle.toml", 'extends = "root.toml"\nbatch_size = 16\n')
    recipe = read(write(tmp_path / "leaf.toml", 'extends = "bases/middle.toml"\nseed = 4\n[warp]\nturn = 20\n'))
    assert recipe == Recipe("vit_tiny", batch_size=16, seed=4, warp=Warp(turn=20, erase=0))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('network = "vit_tiny"\nbatchsize = 3', "did you mean 'batch_size'"),
        ('network = "vit_tiny"\n[warp]\nturns = 3', "did you mean 'turn'"),
        ('network = "vit_tiny"\n[mixing]\nname = "fmx"', "did you mean 'fmix'"),
        ('network = "vit_tiny"\n[mixing]\nname = "fmix"\nsize = 3', "unknown key 'size'"),
        ('network = "vit_tiny"\nmixing = "fmix"', 'mixing = { name = "cutmix" }'),
        ('network = "vit_tiny"\ndistillation = { teachers = "vit_small" }', "a list of its teachers' names"),
        ('network = "vit_tiny"\ndistillation = { teachers = ["a"], temperature = nan }', "a temperature above 0"),
        ('network = "vit_tiny"\nlearning_rate = -1.0', "learning_rate must be above 0"),
        ('network = "vit_tiny"\nlearning_rate = nan', "learning_rate must be above 0"),
        ('network = "vit_tiny"\nwarmup_epochs = -3', "warmup_epochs must be at least 0"),
        ('network = "vit_tiny"\nseed = -1', "seed must be at least 0"),
        ('network = "vit_tiny"\nwarp = 3', "table"),
        ('network = "vit_tiny"\nhold_out = 2', "hold_out"),
        ('network = "vit_tiny"\nseed = "one"', "'seed' must be a whole number, not 'one'"),
        ('network = "vit_tiny"\nseed = true', "'seed' must be a whole number"),
        ('network = "vit_tiny"\nstages = [{ epochs = 1.5 }]', "'epochs' must be a whole number"),
        ('network = "vit_tiny"\nstages = 3', "wrong kind"),
        ("network = 3", "'network' must be a text"),
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
