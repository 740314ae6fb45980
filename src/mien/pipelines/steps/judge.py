"""What a model file reaches: the figures that README, card and report are written from."""

import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from mien.errors import MienError
from mien.pipelines.steps.step import Place, Work
from mien.training.validating import settings


@settings
class Judge:
    """Judge a model file on the part that is reported on, spoiled pictures too, and on the world where it is given.

    Attributes:
        name: The step's name.
        file: An earlier export, or the same with its gate.
    """

    kind: ClassVar[str] = "judge"
    name: str
    file: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The model file."""
        return (self.file,)

    def inputs(self, place: Place) -> dict[str, Any]:
        """The faces that it is judged on.

        Args:
            place: Has the data set.

        Returns:
            Plain values by name.
        """
        return {"data": place.load("official").fingerprint(), "world": place.world is not None}

    def make(self, work: Work) -> Path:
        """Judge the model file, in a process of its own.

        Args:
            work: The step's.

        Returns:
            The results file.

        Raises:
            MienError: It failed; what it said was printed.
        """
        world = () if work.place.world is None else ("--world", str(work.place.world.resolve()))
        command = [
            *(sys.executable, "-c", "from mien.cli.main import main; main()", "evaluate"),
            *(str(work.results[self.file].resolve()), "--data", str(work.place.data.resolve()), "--robust", *world),
        ]
        if subprocess.run(command, cwd=work.folder, check=False).returncode:
            raise MienError(f"{self.name}: judging failed; what it said stands above")
        return work.folder / "results" / f"{work.pipeline}-official-test.json"
