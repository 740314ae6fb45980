"""The mean of several trainings' weights: as accurate on clean pictures, steadier on other ones."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from mien.pipelines.steps.step import Place, Work
from mien.training.interpolation import average
from mien.training.run import RunFolder
from mien.training.validating import settings


@settings
class Average:
    """Average the weights of runs that began at the same weights; batch norms are measured anew, of a single run too.

    Attributes:
        name: The step's name.
        runs: Earlier trainings of one network.
    """

    kind: ClassVar[str] = "average"
    name: str
    runs: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def needs(self) -> tuple[str, ...]:
        """The runs."""
        return self.runs

    def inputs(self, place: Place) -> dict[str, Any]:
        """Nothing but the runs.

        Args:
            place: Not needed.

        Returns:
            An empty dict.
        """
        return {}

    def make(self, work: Work) -> Path:
        """Write the averaged run.

        Args:
            work: The step's.

        Returns:
            Its weights.
        """
        runs = [RunFolder(work.results[name].parent) for name in self.runs]
        out = RunFolder(work.folder / "run")
        average(runs, work.place.load(runs[0].recipe().split), out)
        return out.weights
