"""A pipeline: the steps to a model file that ships, as a TOML file."""

from dataclasses import dataclass
from pathlib import Path

from mien.errors import RecipeError
from mien.pipelines.steps import STEPS, Step
from mien.training.recipe import read_values
from mien.training.validating import hint, validated


@dataclass(frozen=True)
class Pipeline:
    """The steps in order.

    Attributes:
        path: The TOML file.
        steps: Each is made from earlier ones alone.
    """

    path: Path
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The model's: the file's name without its suffix."""
        return self.path.stem


def read(path: Path) -> Pipeline:
    """Read a pipeline's TOML file: a list of tables `[[steps]]`, each with its `kind` and the keys of that kind.

    Args:
        path: The file.

    Returns:
        The steps, checked.

    Raises:
        RecipeError: The file cannot be read, or a step is unknown, wrong, or made from one that does not come before.
    """
    try:
        values = read_values(path)
        tables = values.pop("steps", None)
        if not isinstance(tables, list) or not tables or values:
            raise RecipeError("holds a list of tables [[steps]] and nothing else")
        steps = tuple(_step(number, table) for number, table in enumerate(tables))
        _check_order(steps)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error
    return Pipeline(path, steps)


def _step(number: int, table: object) -> Step:
    place = f"steps[{number}]"
    if not isinstance(table, dict):
        raise RecipeError(f"{place} must be a table")
    kind = str(table.pop("kind", ""))
    if kind not in STEPS:
        raise RecipeError(f"{place}.kind must be one of {', '.join(STEPS)}, not '{kind}'{hint(kind, list(STEPS))}")
    return validated(STEPS[kind], table, place)


def _check_order(steps: tuple[Step, ...]) -> None:
    names: list[str] = []
    for step in steps:
        if step.name in names:
            raise RecipeError(f"two steps are called '{step.name}'; rename one")
        names.append(step.name)
    for number, step in enumerate(steps):
        if later := [name for name in step.needs if name in names[number:]]:
            raise RecipeError(f"'{step.name}' is made from '{later[0]}', which does not come before it")
        # a training may start at a file of starting weights; all else is made from steps
        if step.kind != "train" and (unknown := [name for name in step.needs if name not in names]):
            raise RecipeError(f"'{step.name}' is made from '{unknown[0]}', which is no step{hint(unknown[0], names)}")
