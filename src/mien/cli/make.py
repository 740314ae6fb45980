"""`mien make`: a pipeline's name or file in, the model file that ships out."""

import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli.console import Terminal
from mien.cli.options import DataFolder, finite, load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import RecipeError

if TYPE_CHECKING:
    from mien.pipelines.steps import Step

PIPELINES = Path("pipelines")


def make(
    model: Annotated[str, typer.Argument(help="A pipeline in pipelines/ by its name, or a pipeline's TOML file.")],
    data: DataFolder,
    weights: Annotated[
        Path, typer.Option(help="The folder of starting weights: safetensors files with timm's key names.")
    ] = Path("weights"),
    world: Annotated[
        Path | None, typer.Option(help="Labelled photographs from elsewhere to judge on, a folder for each set.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop within this time; the same command goes on.", min=0, callback=finite)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder of the steps' results; out/make/<model> if left out.")
    ] = None,
) -> None:
    """Make a model from its starting weights and the data: all steps to the file that ships.

    A step whose inputs are unchanged is left alone; killed at any moment, the same command goes on. The model file
    names the pipeline and the hash of all that it was made from.

    Example: mien make mobilenet_v2 --data fer2013 --weights weights
    """
    from mien.pipelines import making, plan
    from mien.pipelines.steps.step import Place

    path = Path(model) if model.endswith(".toml") else PIPELINES / f"{model}.toml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in PIPELINES.glob("*.toml"))) or "none here"
        raise RecipeError(f"no pipeline '{model}'; there are: {known}; or give a .toml file")
    pipeline = plan.read(path)
    console = Terminal(stderr=True)

    def say(step: "Step", line: str) -> None:
        console.tell(f"{step.name}: {line}")

    deadline = None if minutes is None else time.monotonic() + minutes * 60
    place = Place(path.parent, data, weights, world, cache(lambda split: load_with_progress(data, split)))
    target = out or Path("out") / "make" / pipeline.name
    check_outputs((), folders=[target])
    results = making.make(pipeline, place, target, deadline, say)
    if len(results) < len(pipeline.steps):
        console.tell("the time is over; the same command goes on")
        return
    files = [result for result in results.values() if result.suffix == ".onnx"]
    console.tell(f"made {files[-1] if files else target}")
