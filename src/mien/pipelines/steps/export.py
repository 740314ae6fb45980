"""The model file of a training or an average."""

from pathlib import Path
from typing import Any, ClassVar, Literal

from mien.export.pipeline import export_run
from mien.pipelines.steps.step import Place, Work
from mien.recognition.framing import FRAMING
from mien.training.validating import Above0, settings


@settings
class Export:
    """Write one ONNX file; it names the pipeline and its hash.

    Attributes:
        name: The step's name.
        run: An earlier training or average.
        int8: Whether the weights are stored in 8 bits; "static" for a convolutional network, whose activations are
            then rounded by fixed scales.
        zoom: How much closer than FER2013's pictures recognition crops the faces of photographs for this file.
    """

    kind: ClassVar[str] = "export"
    name: str
    run: str
    int8: Literal[False, True, "static"] = False
    zoom: Above0 = 1.0

    @property
    def needs(self) -> tuple[str, ...]:
        """The run."""
        return (self.run,)

    def inputs(self, place: Place) -> dict[str, Any]:
        """The precision and the crop.

        Args:
            place: Not needed.

        Returns:
            Plain values by name.
        """
        crop = {} if self.zoom == 1 else {"zoom": self.zoom}  # what was made before there was a zoom stays made
        return {"int8": self.int8, **crop}

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
        framing = FRAMING.closer(self.zoom)
        run = work.results[self.run].parent
        work.say(export_run(run, work.place.load, target, self.int8, work.say, made_by, framing))
        return target
