"""The gate, fitted into a model file."""

from pathlib import Path
from typing import Any, ClassVar

from mien.data.dataset import Split
from mien.novelty import gate
from mien.pipelines.steps.step import Place, Work
from mien.training.validating import settings


@settings
class FitGate:
    """Fit the gate to a model file.

    Attributes:
        name: The step's name.
        file: An earlier export.
        split: The data set's split that the model learned from.
    """

    kind: ClassVar[str] = "gate"
    name: str
    file: str
    split: Split = "official"

    @property
    def needs(self) -> tuple[str, ...]:
        """The model file."""
        return (self.file,)

    def inputs(self, place: Place) -> dict[str, Any]:
        """The faces that the gate is fitted on.

        Args:
            place: Has the data set.

        Returns:
            Plain values by name.
        """
        return {"split": self.split, "data": place.load(self.split).fingerprint()}

    def make(self, work: Work) -> Path:
        """Write the model file with its gate.

        Args:
            work: The step's.

        Returns:
            The model file.
        """
        faces = work.place.load(self.split)
        target = work.folder / work.results[self.file].name
        fitted = gate.fit(work.results[self.file], target, faces.training_part(), faces.part("validation"))
        found = "" if fitted.refused_found is None else f", {fitted.refused_found:.1%} of those found again"
        work.say(f"the gate refuses {fitted.refused:.1%} of the validation faces{found}")
        return target
