"""The training loop of the StarGAN: faces stay on the device, one device is enough."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.expressions import NAMES
from mien.synthesis import face_sheets
from mien.synthesis.curve import CurvePoint
from mien.synthesis.networks import Generator, to_float, to_grey
from mien.synthesis.recipe import SynthesisRecipe
from mien.synthesis.run import SynthesisRun
from mien.synthesis.sampling import DeviceFaces
from mien.synthesis.step import TrainingStep


@dataclass(frozen=True)
class SynthesisProgress:
    """Where a run stands.

    Attributes:
        step: Steps done.
        steps: Of all.
        last: The curve's last line; None before the first.
    """

    step: int
    steps: int
    last: CurvePoint | None


def train(
    recipe: SynthesisRecipe,
    training: FaceData,
    folder: SynthesisRun,
    fabric: Fabric,
    hours: float = math.inf,
    weights: Path | None = None,
    show: Callable[[SynthesisProgress], None] = lambda progress: None,
) -> list[CurvePoint]:
    """Train a StarGAN, or go on from the folder's checkpoint if there is one.

    A run that is stopped and goes on ends with the same weights as one that is not.

    Args:
        recipe: How.
        training: The faces (see `sampling.training_faces`).
        folder: Takes the files.
        fabric: The device and the precision.
        hours: Stop after so many.
        weights: Of a trained generator, which a new run's begins at.
        show: Is called now and then.

    Returns:
        The curve so far.

    Raises:
        ModelError: The weights are not a generator's of this size.
        RecipeError: The losses stop being numbers; the last checkpoint is then still good.
        StorageError: The disk refuses.
    """
    started = time.monotonic()
    step = TrainingStep(recipe, DeviceFaces.of(training, fabric.device), fabric)
    curve: list[CurvePoint] = []
    if (found := folder.read_checkpoint(fabric.device)) is not None:
        step.load(found[0])
        curve = found[1]
    elif weights is not None:
        step.begin(weights)
    shown = torch.from_numpy(_one_of_each(training)).to(fabric.device)
    done, since = curve[-1].step if curve else 0, started
    late = False
    while done < recipe.steps and not late:
        step(done)
        done += 1
        late = time.monotonic() - started > hours * 3600
        if late or done % recipe.report_steps == 0 or done == recipe.steps:
            since = _report(step, curve, done, since, shown, folder)
        show(SynthesisProgress(done, recipe.steps, curve[-1] if curve else None))
    return curve


def _report(
    step: TrainingStep, curve: list[CurvePoint], done: int, since: float, shown: torch.Tensor, folder: SynthesisRun
) -> float:
    """Add a line to the curve, write everything, and return the time from which the next line counts."""
    count = done - (curve[-1].step if curve else 0)
    means = [float(total) / count for total in step.totals]  # waits for the device
    if not all(map(math.isfinite, means)):
        raise RecipeError(f"the losses are no longer numbers at step {done}; lower the rates, go on with --resume")
    gap, penalty, real_class, realism, made_class, cycle = means
    speed = count / (time.monotonic() - since)
    curve.append(CurvePoint(done, gap, penalty, real_class, realism, made_class, cycle, speed))
    step.totals.zero_()
    sheet = face_sheets.sheet([["face", *NAMES]], translations(step.averaged, shown))
    folder.write_progress(curve, sheet, step.averaged, step.state())
    return time.monotonic()


def _one_of_each(training: FaceData) -> np.ndarray:
    """The first training face of each class: uint8 [7, 48, 48]."""
    return training.faces[[int(np.argmax(training.labels == label)) for label in range(len(NAMES))]]


@torch.inference_mode()
def translations(generator: Generator, faces: torch.Tensor) -> np.ndarray:
    """Each face and its seven translations.

    Args:
        generator: In eval mode.
        faces: uint8 [N, 48, 48] on the generator's device.

    Returns:
        uint8 [N, 8, 48, 48].
    """
    columns = [faces]
    for label in range(len(NAMES)):
        target = torch.full((len(faces),), label, device=faces.device)
        columns.append(to_grey(generator(to_float(faces), target)))
    return torch.stack(columns, 1).cpu().numpy()
