"""From recipe files and seeds to the runs that are asked for."""

from dataclasses import dataclass, replace
from pathlib import Path

from mien.errors import RecipeError
from mien.training.recipe import Recipe, read


@dataclass(frozen=True)
class Job:
    """One run that is asked for.

    Attributes:
        path: The recipe's file.
        recipe: With the seed to run it by.
    """

    path: Path
    recipe: Recipe

    @property
    def name(self) -> str:
        """The name of its folders: the recipe's and the seed."""
        return f"{self.path.stem}-s{self.recipe.seed}"


@dataclass(frozen=True)
class Broken:
    """A recipe file that cannot be run.

    Attributes:
        path: The file.
        reason: Why.
    """

    path: Path
    reason: str


def find(paths: list[Path], seeds: tuple[int, ...]) -> tuple[list[Job], list[Broken]]:
    """The jobs of recipe files and folders of them, all with the first seed, then all with the next.

    In folders, files whose names begin with "_" are there to be extended and are left out.

    Args:
        paths: Files and folders.
        seeds: At least one.

    Returns:
        The jobs, and the files that cannot be run.

    Raises:
        RecipeError: A path is missing, a folder holds none, or two files bear one name, which their results would
            share.
    """
    files = [file for path in paths for file in _files(path)]
    by_name: dict[str, Path] = {}
    for file in files:
        if by_name.setdefault(file.stem, file).resolve() != file.resolve():
            raise RecipeError(f"{by_name[file.stem]} and {file} bear one name; rename one of them")
    recipes: list[tuple[Path, Recipe]] = []
    broken: list[Broken] = []
    for file in by_name.values():
        try:
            recipes.append((file, _judged_apart(read(file))))
        except RecipeError as error:
            broken.append(Broken(file, str(error).removeprefix(f"{file}: ")))
    return [Job(file, replace(recipe, seed=seed)) for seed in seeds for file, recipe in recipes], broken


def _files(path: Path) -> list[Path]:
    """A recipe file, or those of a folder."""
    if not path.exists():
        raise RecipeError(f"{path}: no such recipe or folder of recipes")
    files = [path] if path.suffix == ".toml" else sorted(path.glob("[!_]*.toml"))
    if not files:
        raise RecipeError(f"no recipes in {path}; name .toml files or a folder of them")
    return files


def _judged_apart(recipe: Recipe) -> Recipe:
    """The recipe; raises RecipeError where it would choose the epoch by the pictures that it is reported on."""
    if recipe.report_part == "validation" and not recipe.hold_out:
        raise RecipeError("the reported part would choose the epoch; set hold_out, e.g. hold_out = 0.1")
    return recipe
