"""What a training writes at the end of its epochs, and how often."""

import time

import torch

from mien.results.record import write
from mien.results.runs import Epoch
from mien.training.moving_average import MovingAverage
from mien.training.objective import Objective
from mien.training.recipe import Recipe
from mien.training.run import RunFolder

# On a GPU an epoch may take a second, and so may writing a checkpoint: at most this share of the time goes there.
_WRITING_SHARE = 0.1


class Checkpointer:
    """Keeps the weights of the epoch that the recipe says, and puts them and a checkpoint into the run's folder.

    The curve is written at each epoch's end. Weights and checkpoint are always of the same point in time, so that a run
    that goes on after a kill ends with the files of one that was never interrupted.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        objective: Objective,
        averaged: MovingAverage,
        optimiser: torch.optim.Optimizer,
    ) -> None:
        self._folder, self._recipe = folder, recipe
        self._objective, self._averaged, self._optimiser = objective, averaged, optimiser
        self._kept: dict[str, torch.Tensor] | None = None  # None where they are in the folder
        self._written, self._cost = time.monotonic(), 0.0

    def save(self, curve: list[Epoch], last: bool) -> None:
        """Call after each epoch.

        Args:
            curve: The epochs so far.
            last: Training ends here, so that all must be written.

        Raises:
            StorageError: The disk refuses.
        """
        if self._recipe.kept(curve) is curve[-1]:
            state = self._averaged.module.state_dict()
            self._kept = {name: tensor.detach().clone() for name, tensor in state.items()}
        if last or (time.monotonic() - self._written) * _WRITING_SHARE >= self._cost:
            started = time.monotonic()
            self._write(curve)
            self._written = time.monotonic()
            self._cost = self._written - started
        # Last, because a whole curve is what tells that a run is finished.
        self._folder.write_curve(curve)

    def _write(self, curve: list[Epoch]) -> None:
        if self._kept is not None:
            self._folder.write_weights(self._kept)
            write(self._folder.path / "metrics.json", self._recipe.kept(curve))
            self._kept = None
        self._folder.write_checkpoint(
            {
                "objective": self._objective.state_dict(),
                "averaged": self._averaged.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "curve": [vars(epoch) for epoch in curve],
            }
        )
