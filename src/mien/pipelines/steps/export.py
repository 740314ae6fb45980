"""The model file of a training or an average."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from mien.export.pipeline import export_run
from mien.pipelines.steps.step import Place, Work
from mien.training.validating import settings


@settings
class Export:
    """Write one ONNX file; it names the pipeline and its hash.

    Attributes:
        name: The step's name.
        run: An earlier training or average.
        int8: Whether the weights are stored in 8 bits; "static" for a convolutional network, whose activations are
            then rounded by fixed scales.
    """

    kind: ClassVar[str] = "export"
    name: str
    run: str
    int8: Literal[False, True, "static"] = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The run."""
        return (self.run,)

    def inputs(self, place: Place) -> dict[str, Any]:
        """The precision.

        Args:
            place: Not needed.

        Returns:
            Plain values by name.
        """
        return {"int8": self.int8}

    def make(self, work: Work) -> Path:
        """Write the model file.

        Args:
            work: The step's.

        Returns:
            The model file.

        Raises:
            ExportError: It does not answer as the network.
        """
        target = work.folder / f"{work.pipeline}.onnx"
        made_by = {"pipeline": work.pipeline, "pipeline_hash": work.digest}
        work.say(export_run(work.results[self.run].parent, work.place.load, target, self.int8, work.say, made_by))
        return target
