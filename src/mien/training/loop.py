"""The training loop: one for a CPU, a GPU or many of them."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric

from mien.data.dataset import FaceData
from mien.errors import RecipeError
from mien.evaluation.label_noise import accuracy_majority
from mien.evaluation.metrics import accuracy_and_macro_f1, confusion_matrix
from mien.results.runs import Epoch
from mien.training.checkpointer import Checkpointer
from mien.training.degrading import Degrade
from mien.training.moving_average import MovingAverage
from mien.training.networks import ExpressionNetwork
from mien.training.networks.processor import suit_processor
from mien.training.objective import Objective
from mien.training.optimiser import adamw, set_rate
from mien.training.recipe import ActiveStage, Recipe
from mien.training.run import RunFolder
from mien.training.run_classifier import predict
from mien.training.sampling import class_weights, epoch_order
from mien.training.targets import class_targets
from mien.training.teachers import Teachers

SHOW_SECONDS = 2.0


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run stands, for whoever shows it.

    Attributes:
        epoch: The one that is running, from 1.
        epochs: How many the recipe has.
        step: Steps done in the whole run.
        steps: How many the whole run has.
        loss: Of the last step shown.
        pictures_per_second: Since training began or went on.
        seconds_left: Expected, at this speed.
        last: The last finished epoch; None in the first one.
    """

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
    """Pictures on the device that trains.

    Attributes:
        faces: uint8 [N, 48, 48].
        targets: Class targets, float [N, classes].
        votes: FER+'s vote shares, float [N, 8], or None.
    """

    faces: torch.Tensor
    targets: torch.Tensor
    votes: torch.Tensor | None

    @classmethod
    def of(cls, data: FaceData, device: torch.device, raters: float = 0.0) -> "DeviceData":
        """The pictures of a data set.

        Args:
            data: The pictures.
            device: Where they go.
            raters: The raters' share of the class targets, in [0, 1].

        Returns:
            The same pictures, in the same order.

        Raises:
            RecipeError: `raters` is above 0 and the data set has no votes.
        """
        votes = None if data.votes is None else torch.from_numpy(data.votes).to(device)
        targets = torch.from_numpy(class_targets(data, raters)).to(device)
        return cls(torch.from_numpy(data.faces).to(device), targets, votes)


def train(
    recipe: Recipe,
    network: ExpressionNetwork,
    training: FaceData,
    validation: FaceData,
    folder: RunFolder,
    fabric: Fabric,
    show: Callable[[TrainingProgress], None] = lambda progress: None,
    deadline: float | None = None,
    teachers: Teachers | None = None,
) -> list[Epoch]:
    """Train a network by a recipe; go on from the folder's checkpoint if there is one.

    After each epoch the averaged network is judged on `validation`, and the best one's weights are kept. A run that is
    interrupted and goes on gives the same curve as one that is not: every draw follows from the seed and the epoch.

    Args:
        recipe: How.
        network: Is moved to the device and changed.
        training: Pictures to learn from.
        validation: Pictures to choose the epoch by.
        folder: Takes weights, curve and checkpoint.
        fabric: Device, precision and processes.
        show: Takes the progress, every two seconds and at an epoch's end.
        deadline: On time.monotonic()'s clock; training ends early, with a checkpoint, where another epoch would pass
            it. At least one epoch is done.
        teachers: Of the recipe's distillation, on the device.

    Returns:
        The curve, an entry an epoch, those before the checkpoint among them.

    Raises:
        ModelError: The checkpoint is damaged.
        RecipeError: Loss or answers stop being finite numbers: what the network says is then no expression. Or the
            recipe distils, and there are no teachers.
    """
    if recipe.distillation is not None and teachers is None:
        raise RecipeError("this recipe learns from teachers; say with --teachers where they are")
    learned = DeviceData.of(training, fabric.device, recipe.raters)
    judged = DeviceData.of(validation, fabric.device)
    trainer = _Trainer.of(recipe, network, training, fabric, teachers)
    checkpointer = Checkpointer(folder, recipe, trainer.objective, trainer.averaged, trainer.optimiser)
    curve = trainer.resume(folder)
    labels = torch.from_numpy(training.labels)
    for epoch in range(len(curve), recipe.epochs):
        started = time.monotonic()
        loss, speed = trainer.train_epoch(epoch, labels, learned, curve[-1] if curve else None, show)
        probabilities = predict(trainer.averaged.module, judged.faces, recipe.pixels)
        if not (math.isfinite(loss) and np.isfinite(probabilities).all()):
            raise RecipeError(
                f"loss or answers of epoch {epoch + 1} are no finite numbers; lower learning_rate, or take precision "
                "32-true (the last checkpoint is kept)"
            )
        accuracy, macro_f1 = accuracy_and_macro_f1(
            confusion_matrix(validation.labels, probabilities.argmax(1), probabilities.shape[1])
        )
        raters = accuracy_majority(validation, probabilities) if recipe.raters else None
        curve.append(Epoch(epoch, loss, accuracy, macro_f1, speed, time.monotonic() - started, raters))
        # The first process decides for all: clocks differ, and all must leave the loop at the same epoch.
        over = fabric.broadcast(deadline is not None and time.monotonic() + curve[-1].seconds > deadline)
        if fabric.is_global_zero:
            checkpointer.save(curve, last=over or epoch == recipe.epochs - 1)
        fabric.barrier()
        if over:
            break
    return curve


@dataclass(frozen=True)
class _Trainer:
    """All that changes while a network learns.

    Attributes:
        recipe: How it is trained.
        fabric: Device, precision and processes.
        network: What learns.
        objective: The network and its loss.
        model: The same as Fabric runs it, perhaps compiled.
        averaged: The network's averaged weights.
        optimiser: As Fabric runs it.
        teachers: Of the recipe's distillation.
    """

    recipe: Recipe
    fabric: Fabric
    network: ExpressionNetwork
    objective: Objective
    model: Any
    averaged: MovingAverage
    optimiser: Any
    teachers: Teachers | None

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        network: ExpressionNetwork,
        training: FaceData,
        fabric: Fabric,
        teachers: Teachers | None,
    ) -> "_Trainer":
        device = fabric.device
        torch.manual_seed(recipe.seed)
        network = network.to(device).to(memory_format=torch.channels_last)
        if device.type == "cpu":
            suit_processor(network)
        elif device.type == "cuda":
            # The fastest of cuDNN's convolutions is found by trying; judging, in float32, may use the matrix units.
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")
        averaged = MovingAverage(network, recipe.ema)
        objective = Objective(
            network,
            torch.from_numpy(class_weights(training.labels, len(training.classes), recipe.reweight)),
            recipe.label_smoothing,
            recipe.fer_plus if training.votes is not None else 0,
            recipe.distillation,
        )
        compiled = torch.compile(objective) if recipe.compile else objective
        model, optimiser = fabric.setup(compiled, adamw(network, objective.votes_head, recipe))  # type: ignore[arg-type]
        return cls(recipe, fabric, network, objective, model, averaged, optimiser, teachers)

    def resume(self, folder: RunFolder) -> list[Epoch]:
        """Go on from the folder's checkpoint, if there is one; the curve up to there."""
        if (checkpoint := folder.read_checkpoint(self.fabric.device)) is None:
            return []
        try:
            self.objective.load_state_dict(checkpoint["objective"])
            self.averaged.load_state_dict(checkpoint["averaged"])
            self.optimiser.load_state_dict(checkpoint["optimiser"])
            curve = [Epoch(**values) for values in checkpoint["curve"]]
        except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise folder.damaged_checkpoint() from error
        if self.fabric.is_global_zero:
            folder.write_curve(curve)  # a kill may have come between the last checkpoint and its curve
        return curve

    def train_epoch(
        self,
        epoch: int,
        labels: torch.Tensor,
        data: DeviceData,
        last: Epoch | None,
        show: Callable[[TrainingProgress], None],
    ) -> tuple[float, float]:
        """One pass over the pictures, whose labels are int64 [N]; its mean loss, and pictures per second."""
        recipe, fabric = self.recipe, self.fabric
        started = shown = time.monotonic()
        torch.manual_seed((recipe.seed * 1009 + epoch) * 1009 + fabric.global_rank)
        stage = recipe.stage_at(epoch)
        self.network.drop_patches(stage.patch_drop)
        self.objective.label_smoothing = stage.label_smoothing
        self.model.train()
        batches = list(_batches(labels, recipe, epoch, fabric))
        total, seen = torch.zeros((), device=fabric.device), 0
        for step, (indices, generator) in enumerate(batches):
            set_rate(self.optimiser, recipe, epoch + step / len(batches))
            faces, targets, votes = _mixed_batch(data, indices, recipe.degrade, stage, generator)
            taught = None if self.teachers is None else self.teachers(faces, fabric.autocast())
            total += self._step((faces, targets, votes, taught))
            seen += len(indices) * fabric.world_size
            # Reading the loss waits for the device: seldom, or a GPU starves between its steps.
            if time.monotonic() - shown >= SHOW_SECONDS or step == len(batches) - 1:
                shown = time.monotonic()
                mean, elapsed = float(total) / (step + 1), shown - started
                left = elapsed / (step + 1) * (len(batches) - step - 1 + len(batches) * (recipe.epochs - epoch - 1))
                show(TrainingProgress(epoch, recipe.epochs, step + 1, len(batches), mean, seen / elapsed, left, last))
        speed = seen / (time.monotonic() - started)
        return float(fabric.all_reduce(total)) / len(batches), speed  # type: ignore[arg-type]

    def _step(self, batch: tuple[torch.Tensor | None, ...]) -> torch.Tensor:
        """Learn from one batch, as `Objective` takes it; its loss."""
        loss = self.model(*batch)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.model, self.optimiser, max_norm=5.0, error_if_nonfinite=False)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.averaged.update()
        return loss.detach()


def _mixed_batch(
    data: DeviceData, indices: torch.Tensor, degrade: Degrade | None, stage: ActiveStage, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Spoiled, moved and mixed faces, with their targets and votes, for int64 indices [N] into the data."""
    faces = data.faces[indices] if degrade is None else degrade(data.faces[indices], generator)
    faces = stage.affine(faces, stage.pixels, generator)
    targets, votes = data.targets[indices], None if data.votes is None else data.votes[indices]
    if stage.mixing is None:
        return faces, targets, votes
    mixture = stage.mixing(faces, generator)
    return mixture.faces, mixture.targets(targets), None if votes is None else mixture.targets(votes)


def _batches(
    labels: torch.Tensor, recipe: Recipe, epoch: int, fabric: Fabric
) -> Iterator[tuple[torch.Tensor, torch.Generator]]:
    """This process's part of one epoch over labels int64 [N]: indices into the data, and the generator to draw with.

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
