"""`mien train`: a recipe and a data set in, a run's folder out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mien.cli.console import Terminal
from mien.cli.options import DataFolder, finite, load_with_progress
from mien.cli.outputs import check_outputs
from mien.cores import cores
from mien.errors import RecipeError

if TYPE_CHECKING:
    from filelock import FileLock

    from mien.data.dataset import FaceData
    from mien.results.runs import Epoch, RunDescription
    from mien.training.loop import TrainingProgress
    from mien.training.networks import ExpressionNetwork
    from mien.training.recipe import Recipe
    from mien.training.run import RunFolder
    from mien.training.weights import Taken


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (recipes/*.toml): the network and how to train it.")],
    data: DataFolder,
    out: Annotated[Path | None, typer.Option(help="The run's folder; runs/<recipe's name> if left out.")] = None,
    weights: Annotated[
        str,
        typer.Option(
            help="Starting weights: a safetensors file, a model file (.onnx) of this project, 'timm' for its download, "
            "or 'none' to start from nothing."
        ),
    ] = "timm",
    teachers: Annotated[
        Path, typer.Option(help="The folder of runs and model files that the recipe names as teachers, if it does.")
    ] = Path("runs"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's last checkpoint.")] = False,
    seed: Annotated[int | None, typer.Option(help="Another seed than the recipe's.")] = None,
    devices: Annotated[int, typer.Option(help="How many processes or GPUs to train on.", min=1)] = 1,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads a process; all cores if left out.", min=1)] = None,
    hours: Annotated[
        float | None,
        typer.Option(
            help="Stop at the last epoch that ends within this time; --resume goes on.", min=0, callback=finite
        ),
    ] = None,
) -> None:
    """Train a network by a recipe.

    Killed at any moment, the same command with --resume goes on from the last checkpoint, to the same result.

    Example: mien train recipes/shipped/mobilenet_v2_cpu.toml --data fer2013 --weights timm
    """
    # Training needs torch, which `mien predict` must not: imported where it is used.
    import time
    from dataclasses import replace

    import torch

    from mien.data.dataset import classes_of
    from mien.training import loop
    from mien.training import recipe as recipes
    from mien.training.devices import fabric_for
    from mien.training.memory import keep_freed_memory
    from mien.training.precision import described, precision_for
    from mien.training.run import RunFolder
    from mien.training.splits import training_and_validation
    from mien.training.teachers import find_teachers, open_teachers

    deadline = None if hours is None else time.monotonic() + hours * 3600
    plan = recipes.read(recipe)
    if seed is not None:
        plan = replace(plan, seed=seed)
    folder = RunFolder(out or Path("runs") / recipe.stem)
    taught_by = find_teachers(teachers, plan)
    begun = _begun(folder, plan, resume, weights, taught_by)
    check_outputs((), folders=[folder.path])
    keep_freed_memory()
    torch.set_num_threads(threads or cores())
    precision = precision_for(accelerator, plan.precision)
    fabric = fabric_for(accelerator, devices, precision)
    fabric.launch()
    lock = folder.lock()  # held for as long as this function runs
    if fabric.is_global_zero:
        _acquire(lock, folder)
        folder.clear_drafts()
    console = Terminal(stderr=True, quiet=not fabric.is_global_zero)
    torch.manual_seed(plan.seed)
    classes = classes_of(data)
    network, taken = _network(plan, weights, classes)  # before the pictures are read: what does not fit is refused
    asked = open_teachers(taught_by, plan, fabric.device)
    training, choosing = training_and_validation(plan, load_with_progress(data, plan.split))
    if begun is not None and begun.data != training.fingerprint():
        raise RecipeError(f"{folder.path} was begun with other pictures; give the same --data, or another --out")
    _suit_norms(network, weights, training, plan)
    if fabric.is_global_zero:
        folder.write_description(plan, training.fingerprint(), weights, precision, taken, taught_by, classes)
    if taken is not None:
        console.tell(f"starts from {weights}: {taken}")
    console.tell(
        f"{plan.network}: {len(training)} pictures to learn from, {len(choosing)} to choose the epoch by; "
        f"{plan.epochs} epochs into {folder.path}, in {described(precision, plan.precision)}"
    )
    with _shown(console) as show:
        curve = loop.train(plan, network, training, choosing, folder, fabric, show, deadline, asked)
    _tell_end(curve, folder, plan, console)


def _tell_end(curve: "list[Epoch]", folder: "RunFolder", plan: "Recipe", console: Terminal) -> None:
    kept = plan.kept(curve)
    console.tell(f"kept: {_line(kept)}")
    console.tell(f"weights: {folder.weights}")
    if len(curve) < plan.epochs:
        console.print(f"the time is over after epoch {len(curve)} of {plan.epochs}; add --resume to go on")


def _begun(
    folder: "RunFolder", plan: "Recipe", resume: bool, weights: str, teachers: "dict[str, Path]"
) -> "RunDescription | None":
    """What run.json says of a run to go on with; None for a new one.

    Raises:
        RecipeError: There is a run that is not to be gone on with, or it was begun otherwise.
    """
    from mien.training.run import described_teachers

    if not folder.checkpoint.exists():
        return None
    if not resume:
        raise RecipeError(f"{folder.path} holds a run already; add --resume to go on with it, or choose another --out")
    if folder.recipe() != plan:
        raise RecipeError(f"{folder.path} was begun with another recipe or seed; remove it, or choose another --out")
    begun = folder.description()
    _refuse_other_weights(folder.path, begun, weights)
    if begun.teachers != described_teachers(teachers):
        raise RecipeError(f"{folder.path} was begun with other teachers; give the same, or another --out")
    return begun


def _acquire(lock: "FileLock", folder: "RunFolder") -> None:
    """Keep other processes out of the run's folder."""
    from filelock import Timeout

    try:
        lock.acquire()
    except Timeout as error:
        raise RecipeError(f"another process trains into {folder.path}; wait for it or choose another --out") from error


@contextmanager
def _shown(console: Terminal) -> "Iterator[Callable[[TrainingProgress], None]]":
    """A progress bar, and a line for each epoch that is done; gives what takes the progress."""
    with Progress(
        TextColumn("epoch {task.fields[epoch]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
        TextColumn("{task.fields[rate]:.0f} pictures/s"),
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task("train", epoch=0, loss=float("nan"), rate=0.0)
        shown: Epoch | None = None

        def show(progress: "TrainingProgress") -> None:
            nonlocal shown
            if progress.last is not None and progress.last is not shown:
                shown = progress.last
                bar.console.print(_line(progress.last))
            bar.update(
                task,
                total=progress.steps * progress.epochs,
                completed=progress.step + progress.steps * progress.epoch,
                epoch=progress.epoch + 1,
                loss=progress.loss,
                rate=progress.pictures_per_second,
            )

        yield show


def _refuse_other_weights(folder: Path, begun: "RunDescription", weights: str) -> None:
    """Raise RecipeError where a run, by its run.json, was begun with other starting weights."""
    from mien.training.run import described_start

    given = described_start(weights)
    alike = begun.start == given["start"]
    if not alike or (begun.start_sha256 or given["start_sha256"]) != given["start_sha256"]:  # older runs tell no hash
        other = "another file of that name" if alike else f"--weights {begun.start}"
        raise RecipeError(f"{folder} was begun with {other}; give the same, or another --out")


def _network(plan: "Recipe", weights: str, classes: tuple[str, ...]) -> "tuple[ExpressionNetwork, Taken | None]":
    """A recipe's network with its starting weights, and what it took of them where they are a file."""
    from mien.training.networks import build
    from mien.training.weights import start_from

    if weights not in ("none", "timm"):
        return start_from(Path(weights), plan.network, plan.pixels, plan.drop_path, classes)
    start: Literal["timm"] | None = "timm" if weights == "timm" else None
    return build(plan.network, plan.pixels, start, plan.drop_path, len(classes)), None


def _suit_norms(network: "ExpressionNetwork", weights: str, training: "FaceData", plan: "Recipe") -> None:
    """Have a network that starts from a model file train as well as any other."""
    from mien.training.model_weights import MODEL_FILE
    from mien.training.norms import restore_norms

    if Path(weights).suffix == MODEL_FILE:
        restore_norms(network, training, plan)


def _line(epoch: "Epoch") -> str:
    raters = "" if epoch.raters is None else f"as most raters {epoch.raters:.3f}, "
    return (
        f"epoch {epoch.epoch + 1}: loss {epoch.loss:.3f}, validation accuracy {epoch.accuracy:.3f}, "
        f"macro F1 {epoch.macro_f1:.3f}, {raters}{epoch.pictures_per_second:.0f} pictures/s, {epoch.seconds:.0f} s"
    )
