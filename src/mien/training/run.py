"""A run is a folder: recipe, where it was made, curve, checkpoint, metrics and weights.

run.json: recipe, data hash, code version, hardware. curve.csv: one line an epoch. checkpoint.pt: everything to go on
from, read with `weights_only`. weights.safetensors: the averaged network of the best epoch on the pictures that choose
it. metrics.json: that epoch's scores. All are written atomically, so a kill at any moment leaves the last good ones.
.lock is held while the run is trained.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypedDict

import torch
from filelock import FileLock, Timeout
from safetensors.torch import save

from mien.errors import DataError, ModelError, RecipeError
from mien.expressions import NAMES
from mien.provenance import code_version, file_hash, hardware
from mien.results.record import read, write
from mien.results.runs import Epoch, RunDescription, StartTensors
from mien.storage import csv_text, write_atomically, write_text
from mien.training.networks import ExpressionNetwork, build
from mien.training.recipe import Recipe, from_dict
from mien.training.weights import Taken, load_weights


@dataclass(frozen=True)
class RunFolder:
    """The files of one run under `path`."""

    path: Path

    @property
    def weights(self) -> Path:
        """The weights that are kept, weights.safetensors."""
        return self.path / "weights.safetensors"

    @property
    def checkpoint(self) -> Path:
        """What training goes on from, checkpoint.pt."""
        return self.path / "checkpoint.pt"

    def lock(self) -> FileLock:
        """Held by the process that trains into this folder; let go by the system when that process ends, however.

        Returns:
            Not acquired yet; acquiring it fails after 2 seconds with `filelock.Timeout`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        return FileLock(self._lock_file, timeout=2)

    @property
    def _lock_file(self) -> Path:
        return self.path / ".lock"

    def clear_drafts(self) -> None:
        """Remove what writes that were killed left behind; only for who holds the lock."""
        for draft in self.path.glob(".*.draft"):
            draft.unlink(missing_ok=True)

    def is_locked(self) -> bool:
        """Whether some process trains into this folder now; asking writes nothing.

        Returns:
            False too where this process may not write there.
        """
        if not self._lock_file.exists():
            return False
        try:
            with self.lock().acquire(timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # it may not be written to, so nobody trains into it
            return False

    def write_description(
        self,
        recipe: Recipe,
        data_hash: str,
        weights: str,
        precision: str,
        taken: Taken | None = None,
        teachers: Mapping[str, Path] | None = None,
        classes: tuple[str, ...] = NAMES,
    ) -> None:
        """Write run.json.

        Args:
            recipe: What is trained.
            data_hash: Of the data set.
            weights: The file it starts from, or a word for it.
            precision: What the machine made of the recipe's.
            taken: How many of its tensors the network has from the file.
            teachers: Their files or runs' folders, by name.
            classes: The classes' names, in order.

        Raises:
            StorageError: The disk refuses.
        """
        description = RunDescription(
            recipe=recipe.to_dict(),
            data=data_hash,
            **described_start(weights),
            start_tensors=None if taken is None else StartTensors(taken.taken, taken.of),
            precision=precision,
            teachers=described_teachers(teachers or {}),
            classes=None if classes == NAMES else list(classes),
            code=code_version(),
            hardware=hardware(),
        )
        write(self.path / "run.json", description)

    def description(self) -> RunDescription:
        """Read run.json.

        Returns:
            What it says.

        Raises:
            DataError: There is none, or something else.
        """
        try:
            return read(RunDescription, self.path / "run.json")
        except DataError as error:
            raise DataError(f"{self.path}: not a run's folder (no readable run.json): {error}") from error

    def recipe(self) -> Recipe:
        """The recipe the run was made with.

        Returns:
            The recipe, checked.

        Raises:
            DataError: run.json has none that is known here.
        """
        try:
            return from_dict(self.description().recipe)
        except RecipeError as error:
            raise DataError(f"{self.path / 'run.json'}: no recipe that is known here: {error}") from error

    def classes(self) -> tuple[str, ...]:
        """What the network tells apart.

        Returns:
            In order.

        Raises:
            DataError: There is no readable run.json.
        """
        told = self.description().classes
        return NAMES if told is None else tuple(told)

    def write_curve(self, epochs: list[Epoch]) -> None:
        """Write curve.csv, with the columns that every epoch has, to five decimals.

        Args:
            epochs: From the first.

        Raises:
            StorageError: The disk refuses.
        """
        known = [
            entry.name for entry in fields(Epoch) if all(getattr(epoch, entry.name) is not None for epoch in epochs)
        ]
        lines = ({name: round(getattr(epoch, name), 5) for name in known} for epoch in epochs)
        write_text(self.path / "curve.csv", csv_text(known, lines))

    def curve(self) -> list[Epoch]:
        """Read curve.csv.

        Returns:
            The epochs so far; none where there is no such file.

        Raises:
            DataError: It is damaged.
        """
        try:
            with (self.path / "curve.csv").open(encoding="utf-8", newline="") as file:
                lines = list(csv.DictReader(file))
            return [Epoch(int(line.pop("epoch")), **{key: float(text) for key, text in line.items()}) for line in lines]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            raise DataError(f"{self.path / 'curve.csv'}: damaged, not a run's curve") from error

    def write_weights(self, state: dict[str, torch.Tensor]) -> None:
        """Write weights.safetensors.

        Args:
            state: Tensors by name.

        Raises:
            StorageError: The disk refuses.
        """
        content = save({name: tensor.cpu().contiguous() for name, tensor in state.items()})
        write_atomically(self.weights, lambda draft: draft.write_bytes(content))

    def write_checkpoint(self, state: dict[str, Any]) -> None:
        """Write checkpoint.pt.

        Args:
            state: Tensors and plain values by name.

        Raises:
            StorageError: The disk refuses.
        """
        write_atomically(self.checkpoint, lambda draft: torch.save(state, draft))

    def read_checkpoint(self, device: torch.device) -> dict[str, Any] | None:
        """Read checkpoint.pt.

        Args:
            device: Where its tensors go.

        Returns:
            What was written; None where there is none yet.

        Raises:
            ModelError: It is damaged.
        """
        if not self.checkpoint.is_file():
            return None
        try:
            return torch.load(self.checkpoint, map_location=device, weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged archive
            raise self.damaged_checkpoint() from error

    def damaged_checkpoint(self) -> ModelError:
        """To be raised by whoever finds that the checkpoint lacks something.

        Returns:
            The error, which is not raised here.
        """
        return ModelError(f"{self.checkpoint}: damaged; delete it to start this run anew")

    def network(self) -> ExpressionNetwork:
        """Build the network and load its weights.

        Returns:
            In eval mode on the CPU.

        Raises:
            DataError: run.json is missing or damaged.
            ModelError: The weights are missing or damaged.
        """
        recipe = self.recipe()
        network = build(recipe.network, recipe.pixels, classes=len(self.classes()))
        load_weights(network, self.weights)
        return network.eval()


class Start(TypedDict):
    """What run.json tells of the weights that a training starts from."""

    start: str
    start_sha256: str | None


def described_start(weights: str) -> Start:
    """Which weights a training starts from, as run.json tells it.

    The file's name and, because every run's weights have the same name, its SHA-256.

    Args:
        weights: A file, or a word for it ("timm", "none").

    Returns:
        The hash is None for a word.

    Raises:
        ModelError: The file cannot be read.
    """
    path = Path(weights)
    if not path.is_file():
        return Start(start=path.name, start_sha256=None)
    try:
        return Start(start=path.name, start_sha256=file_hash(path))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})") from error


def described_teachers(places: Mapping[str, Path]) -> dict[str, str] | None:
    """SHA-256 of each teacher's weights, as run.json tells it.

    Args:
        places: A run's folder or a model file, by name.

    Returns:
        Hashes in hexadecimal by name; None where there are no teachers.

    Raises:
        ModelError: One cannot be read.
    """
    try:
        files = {name: RunFolder(place).weights if place.is_dir() else place for name, place in places.items()}
        return {name: file_hash(file) for name, file in files.items()} or None
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror})") from error
