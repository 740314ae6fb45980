"""A synthesis run is a folder: description, curve, sample sheets, checkpoint, and the averaged generator's weights.

run.json: recipe, data hash, code version, hardware. curve.csv and curve.png: a line each `report_steps`. sheets/: what
the averaged generator made of the same faces then. checkpoint.pt: everything to go on from. generator.safetensors: the
averaged generator. All are written atomically, so a kill at any moment leaves the last good ones.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from mien.errors import DataError, ModelError, RecipeError
from mien.plotting import save
from mien.provenance import code_version, hardware
from mien.results.record import read, write
from mien.results.synthesis import SynthesisDescription
from mien.storage import csv_text, write_atomically, write_text
from mien.synthesis import face_sheets
from mien.synthesis.curve import CurvePoint
from mien.synthesis.loss_plot import loss_curves
from mien.synthesis.networks import Generator
from mien.synthesis.recipe import SynthesisRecipe, from_dict
from mien.training.run import RunFolder, Start
from mien.training.weights import load_weights


@dataclass(frozen=True)
class SynthesisRun:
    """The files of one run under `path`."""

    path: Path

    @property
    def weights(self) -> Path:
        """The averaged generator, generator.safetensors."""
        return self.path / "generator.safetensors"

    @property
    def checkpoint(self) -> Path:
        """What training goes on from, checkpoint.pt."""
        return self.path / "checkpoint.pt"

    def write_description(
        self, recipe: SynthesisRecipe, data_hash: str, precision: str, start: Start | None = None
    ) -> None:
        """Write run.json.

        Args:
            recipe: What is trained.
            data_hash: Of the faces it learns from.
            precision: What the machine made of the recipe's.
            start: The generator that it begins at.

        Raises:
            StorageError: The disk refuses.
        """
        description = SynthesisDescription(
            recipe=recipe.to_dict(),
            data=data_hash,
            precision=precision,
            start=start and start["start"],
            start_sha256=start and start["start_sha256"],
            code=code_version(),
            hardware=hardware(),
        )
        write(self.path / "run.json", description)

    def description(self) -> SynthesisDescription:
        """Read run.json.

        Returns:
            What it says.

        Raises:
            DataError: There is none.
        """
        try:
            return read(SynthesisDescription, self.path / "run.json")
        except DataError as error:
            raise DataError(f"{self.path}: not a run's folder (no readable run.json): {error}") from error

    def recipe(self) -> SynthesisRecipe:
        """The recipe the run was last started with.

        Returns:
            The recipe, checked.

        Raises:
            DataError: run.json has none that is known here.
        """
        try:
            return from_dict(self.description().recipe)
        except RecipeError as error:
            raise DataError(f"{self.path / 'run.json'}: no recipe that is known here: {error}") from error

    def write_progress(
        self, curve: list[CurvePoint], sheet: np.ndarray, generator: Generator, state: dict[str, Any]
    ) -> None:
        """Write curve, sample sheet, averaged generator and, last, the checkpoint that counts them as done.

        Args:
            curve: So far.
            sheet: uint8 [H, W].
            generator: The averaged one.
            state: Of the training step.

        Raises:
            StorageError: The disk refuses.
        """
        lines = ({key: round(value, 5) for key, value in asdict(point).items()} for point in curve)
        write_text(self.path / "curve.csv", csv_text((entry.name for entry in fields(CurvePoint)), lines))
        save(loss_curves(curve), self.path / "curve.png")
        face_sheets.save(sheet, self.path / "sheets" / f"step-{curve[-1].step:06}.png")
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
        write_atomically(self.weights, lambda draft: save_file(weights, draft))
        RunFolder(self.path).write_checkpoint({"step": state, "curve": [asdict(point) for point in curve]})

    def read_checkpoint(self, device: torch.device) -> tuple[dict[str, Any], list[CurvePoint]] | None:
        """Read the last checkpoint.

        Args:
            device: Where its tensors go.

        Returns:
            State and curve; None where there is none yet.

        Raises:
            ModelError: It is damaged.
        """
        found = RunFolder(self.path).read_checkpoint(device)
        return None if found is None else (found["step"], [CurvePoint(**values) for values in found["curve"]])

    def generator(self) -> Generator:
        """Build the averaged generator and load its weights.

        Returns:
            In eval mode on the CPU.

        Raises:
            ModelError: The weights are missing, damaged or another network's.
        """
        recipe = self.recipe()
        generator = Generator(recipe.width, recipe.blocks, recipe.smoothing)
        if not self.weights.is_file():
            raise ModelError(f"{self.weights}: no such weights; train longer, they come with each report")
        try:
            load_weights(generator, self.weights)
        except ModelError as error:
            size = f"width {recipe.width}, {recipe.blocks} blocks"
            raise ModelError(f"{error}; damaged, or of another size than this run's recipe says ({size})") from error
        return generator.eval()
