"""The training loop: one for a CPU, a GPU or many of them."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.evaluation.label_noise import accuracy_majority
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.expressions import NAMES
from mien.results.runs import Epoch
from mien.training.averaging import MovingAverage
from mien.training.distillation.lessons import Lessons
from mien.training.distillation.soft_targets import SoftTargets
from mien.training.keeping import Keeper
from mien.training.networks import ExpressionNetwork
from mien.training.networks.processor import suit_processor
from mien.training.objective import Objective
from mien.training.optimiser import adamw, set_rate
from mien.training.recipe import Recipe
from mien.training.run import RunFolder
from mien.training.sampling import class_weights, epoch_order
from mien.training.targets import class_targets
from mien.training.warping import enlarge

VALIDATION_BATCH = 256
SHOW_SECONDS = 2.0


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for whoever shows it. `last` is the last finished epoch, None in the first one."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    pictures_per_second: float
    seconds_left: float
    last: Epoch | None


@dataclass(frozen=True)
class DeviceData:
    """Pictures on the device: uint8 [N, 48, 48], their class targets float [N, 7], votes float [N, 8] or None."""

    faces: torch.Tensor
    targets: torch.Tensor
    votes: torch.Tensor | None
    lessons: Lessons | None = None

    @classmethod
    def of(
        cls, data: FaceData, device: torch.device, raters: float = 0.0, lessons: Lessons | None = None
    ) -> "DeviceData":
        """raters: their share of the class targets. Raises RecipeError where it is above 0 and there are no votes."""
        votes = None if data.votes is None else torch.from_numpy(data.votes).to(device)
        targets = torch.from_numpy(class_targets(data, raters)).to(device)
        return cls(torch.from_numpy(data.faces).to(device), targets, votes, lessons)


def train(
    recipe: Recipe,
    network: ExpressionNetwork,
    training: FaceData,
    validation: FaceData,
    folder: RunFolder,
    fabric: Fabric,
    show: Callable[[Progress], None] = lambda progress: None,
    deadline: float | None = None,
    soft_targets: SoftTargets | None = None,
) -> list[Epoch]:
    """Train `network` by `recipe`, go on from the folder's checkpoint if there is one, and return the curve.

    After each epoch the averaged network is judged on `validation`, and the best one's weights are kept. A run that is
    interrupted and goes on gives the same curve as one that is not: all chance is drawn from the seed and the epoch.
    Raises ModelError where the checkpoint is damaged, and RecipeError where loss or answers stop being finite numbers:
    what the network says is then no expression.

    deadline: on time.monotonic()'s clock; training ends early, with a checkpoint, where another epoch would pass it. At
    least one epoch is done.

    soft_targets: what the teachers of the recipe's distillation said of `training`. Raises RecipeError where there are
    none though the recipe distils, or where they speak of other pictures or another warp.
    """
    device = fabric.device
    weights = torch.from_numpy(class_weights(training.labels, len(NAMES), recipe.reweight))
    torch.manual_seed(recipe.seed)
    network = network.to(device).to(memory_format=torch.channels_last)
    if device.type == "cpu":
        suit_processor(network)
    elif device.type == "cuda":
        # The fastest of cuDNN's convolutions is found by trying; judging, in float32, may use the matrix units (TF32).
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    averaged = MovingAverage(network, recipe.ema)
    objective = Objective(
        network,
        weights,
        recipe.label_smoothing,
        recipe.fer_plus if training.votes is not None else 0,
        recipe.distillation,
    )
    optimiser = adamw(network, objective.votes_head, recipe)
    compiled = torch.compile(objective) if recipe.compile else objective
    model, optimiser = fabric.setup(compiled, optimiser)  # type: ignore[arg-type]
    labels = torch.from_numpy(training.labels)
    lessons = None if recipe.distillation is None else Lessons.of(soft_targets, recipe, training, device)
    learned, judged = DeviceData.of(training, device, recipe.raters, lessons), DeviceData.of(validation, device)
    keeper = Keeper(folder, objective, averaged, optimiser)

    curve: list[Epoch] = []
    if (checkpoint := folder.read_checkpoint(device)) is not None:
        try:
            objective.load_state_dict(checkpoint["objective"])
            averaged.load_state_dict(checkpoint["averaged"])
            optimiser.load_state_dict(checkpoint["optimiser"])
            curve = [Epoch(**values) for values in checkpoint["curve"]]
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise folder.damaged_checkpoint() from error
        if fabric.is_global_zero:
            folder.write_curve(curve)  # a kill may have come between the last checkpoint and its curve

    for epoch in range(len(curve), recipe.epochs):
        started = shown = time.monotonic()
        torch.manual_seed((recipe.seed * 1009 + epoch) * 1009 + fabric.global_rank)
        network.drop_patches(recipe.stage_at(epoch).patch_drop)
        model.train()
        batches = list(_batches(labels, recipe, epoch, fabric))
        total, seen = torch.zeros((), device=device), 0
        for step, (places, generator) in enumerate(batches):
            set_rate(optimiser, recipe, epoch + step / len(batches))
            loss = model(*_mixed_batch(learned, places, recipe, epoch, generator))
            fabric.backward(loss)
            fabric.clip_gradients(model, optimiser, max_norm=5.0, error_if_nonfinite=False)
            optimiser.step()
            optimiser.zero_grad()
            averaged.update()
            total += loss.detach()
            seen += len(places) * fabric.world_size
            # Reading the loss waits for the device: seldom, or a GPU starves between its steps.
            if time.monotonic() - shown >= SHOW_SECONDS or step == len(batches) - 1:
                mean = float(total) / (step + 1)
                shown = time.monotonic()
                elapsed = shown - started
                left = elapsed / (step + 1) * (len(batches) - step - 1 + len(batches) * (recipe.epochs - epoch - 1))
                last = curve[-1] if curve else None
                show(Progress(epoch, recipe.epochs, step + 1, len(batches), mean, seen / elapsed, left, last))
        speed = seen / (time.monotonic() - started)
        probabilities = predict(averaged.module, judged.faces, recipe.pixels)
        mean_loss = float(fabric.all_reduce(total)) / len(batches)  # type: ignore[arg-type]
        if not (math.isfinite(mean_loss) and np.isfinite(probabilities).all()):
            raise RecipeError(
                f"loss or answers of epoch {epoch + 1} are no finite numbers; lower learning_rate, or take precision "
                "32-true (the last checkpoint is kept)"
            )
        accuracy, macro_f1 = accuracy_and_macro_f1(confusion_matrix(validation.labels, probabilities.argmax(1)))
        raters = accuracy_majority(validation, probabilities) if recipe.raters else None
        curve.append(Epoch(epoch, mean_loss, accuracy, macro_f1, speed, time.monotonic() - started, raters))
        # The first process decides for all: clocks differ, and all must leave the loop at the same epoch.
        over = fabric.broadcast(deadline is not None and time.monotonic() + curve[-1].seconds > deadline)
        if fabric.is_global_zero:
            keeper.keep(curve, last=over or epoch == recipe.epochs - 1)
        fabric.barrier()
        if over:
            break
    return curve


def _mixed_batch(
    data: DeviceData, places: torch.Tensor, recipe: Recipe, epoch: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
    """What the objective takes, for int64 places [N] in the data: spoiled, warped and mixed faces, targets, votes, and
    what the teachers said of the faces before they were spoiled.
    """
    pixels, taught = recipe.stage_at(epoch).pixels, None
    faces = data.faces[places] if recipe.degrade is None else recipe.degrade(data.faces[places], generator)
    if data.lessons is None:
        faces = recipe.warp(faces, pixels, generator)
    else:
        moves, taught = data.lessons.some(places, generator)
        faces = recipe.warp.erased(moves(faces, pixels), generator)
    targets, votes = data.targets[places], None if data.votes is None else data.votes[places]
    if recipe.mixing is None:
        return faces, targets, votes, taught
    mixture = recipe.mixing(faces, generator)

    def mixed(values: torch.Tensor | None) -> torch.Tensor | None:
        return None if values is None else mixture.targets(values)

    return mixture.faces, mixture.targets(targets), mixed(votes), mixed(taught)


def _batches(
    labels: torch.Tensor, recipe: Recipe, epoch: int, fabric: Fabric
) -> Iterator[tuple[torch.Tensor, torch.Generator]]:
    """This process's share of one epoch over labels int64 [N]: places in the data, and the generator for their chances.

    The order is the same in every process, and each takes every n-th batch of it, as many as the others.
    """
    order = epoch_order(labels, recipe.balance, torch.Generator().manual_seed(recipe.seed * 1009 + epoch))
    generator = torch.Generator(fabric.device)
    generator.manual_seed((recipe.seed * 1009 + epoch) * 1009 + fabric.global_rank)
    batches = order.to(fabric.device).split(recipe.batch_size)
    if len(batches) > 1 and len(batches[-1]) < recipe.batch_size:
        batches = batches[:-1]
    each = max(len(batches) // fabric.world_size, 1)
    for number in range(each):
        yield batches[(number * fabric.world_size + fabric.global_rank) % len(batches)], generator


@torch.inference_mode()
def predict(network: torch.nn.Module, faces: torch.Tensor, pixels: int) -> np.ndarray:
    """Probabilities float32 [N, 7] of the network in eval mode for uint8 faces [N, 48, 48] on its device."""
    network.eval()
    parts = [network(enlarge(part, pixels))[0].float().softmax(1) for part in faces.split(VALIDATION_BATCH)]
    return torch.cat(parts).cpu().numpy()
