"""A training: a recipe and where it starts from; in a process of its own, which goes on from its checkpoint."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

from mien.errors import MienError, ModelError
from mien.pipelines.steps.step import Place, TimeIsOver, Work
from mien.provenance import file_hash
from mien.training import recipe as recipes
from mien.training.model_weights import MODEL_FILE
from mien.training.run import RunFolder, described_teachers
from mien.training.teachers import find_teachers
from mien.training.validating import Seed, settings

FROM_NOTHING = "none"


@settings
class Train:
    """Train a network.

    Attributes:
        name: The step's name.
        recipe: The recipe's file, relative to the pipeline's. Teachers that it names are in the folder of starting
            weights.
        start: Where it starts: an earlier step; a file of the folder of starting weights, of safetensors without its
            suffix, or a model file with it; or "none".
        seed: Instead of the recipe's.
    """

    kind: ClassVar[str] = "train"
    name: str
    recipe: str
    start: str
    seed: Seed = 0

    @property
    def needs(self) -> tuple[str, ...]:
        """Where it starts."""
        return (self.start,)

    def inputs(self, place: Place) -> dict[str, Any]:
        """Recipe, seed, data, and hashes of starting weights and teachers.

        Args:
            place: Where the pipeline is made.

        Returns:
            Plain values by name.

        Raises:
            RecipeError: The recipe cannot be read, or a teacher is not there.
        """
        recipe = recipes.read(place.root / self.recipe)
        found = {"recipe": recipe.to_dict(), "seed": self.seed, "data": place.load(recipe.split).fingerprint()}
        if (path := self._weights(place)).is_file():
            found["start"] = file_hash(path)
        if teachers := described_teachers(find_teachers(place.weights, recipe)):
            found["teachers"] = teachers
        return found

    def make(self, work: Work) -> Path:
        """Train, or go on, in a process of its own.

        Args:
            work: The step's.

        Returns:
            The weights.

        Raises:
            ModelError: The starting weights are not there.
            MienError: The training failed; what it said was printed.
            TimeIsOver: It is not finished.
        """
        run = RunFolder(work.folder / "run")
        start = work.results.get(self.start) or self._weights(work.place)
        if self.start != FROM_NOTHING and not start.is_file():
            raise ModelError(f"{start}: no such starting weights; say where they are with --weights")
        command = [
            *(sys.executable, "-c", "from mien.cli.main import main; main()", "train"),
            *(str(work.place.root / self.recipe), "--data", str(work.place.data), "--out", str(run.path)),
            *("--weights", self.start if self.start == FROM_NOTHING else str(start), "--seed", str(self.seed)),
            *("--teachers", str(work.place.weights)),
            *(("--resume",) if run.checkpoint.is_file() else ()),
            *(() if work.deadline is None else ("--hours", str(max(work.deadline - time.monotonic(), 0) / 3600))),
        ]
        if subprocess.run(command, check=False).returncode:
            raise MienError(f"{self.name}: the training failed; what it said stands above")
        if len(run.curve()) < run.recipe().epochs:
            raise TimeIsOver
        return run.weights

    def _weights(self, place: Place) -> Path:
        return place.weights / (self.start if self.start.endswith(MODEL_FILE) else f"{self.start}.safetensors")
