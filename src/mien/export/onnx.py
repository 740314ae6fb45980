"""Write a network as the model file of the contract: uint8 faces in; probabilities, features and map out."""

import logging
from pathlib import Path

import onnx
import torch
from torch import nn

from mien.data.dataset import FACE_SIZE
from mien.expressions import NAMES
from mien.provenance import code_version
from mien.recognition.framing import FRAMING, Framing
from mien.storage import write_atomically
from mien.training.affine import enlarge
from mien.training.networks import ExpressionNetwork

OPSET = 20


class ClassifierGraph(nn.Module):
    """The whole graph: enlarging, scaling, normalising, network and temperature.

    Args:
        network: In eval mode.
        pixels: The side that faces are enlarged to.
        temperature: Logits are divided by it.
    """

    def __init__(self, network: ExpressionNetwork, pixels: int, temperature: float) -> None:
        super().__init__()
        self.network, self.pixels, self.temperature = network, pixels, temperature

    def forward(self, face: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Classify faces.

        Args:
            face: uint8 [N, 48, 48].

        Returns:
            Probabilities [N, classes], features [N, D] and map [N, classes, rows, columns].
        """
        logits, features, scores = self.network.explain(enlarge(face, self.pixels))
        return (logits / self.temperature).softmax(1), features, scores


def write(network: ExpressionNetwork, pixels: int, temperature: float, path: Path) -> None:
    """Write the model file without metadata, atomically; any number of faces a call.

    Args:
        network: Is left in eval mode.
        pixels: The side that faces are enlarged to.
        temperature: Logits are divided by it.
        path: Where the file goes.

    Raises:
        StorageError: The disk refuses.
    """
    graph = ClassifierGraph(network.eval(), pixels, temperature).eval()
    inputs = {"face": torch.zeros(2, FACE_SIZE, FACE_SIZE, dtype=torch.uint8)}
    program = exported(graph, inputs, ["probabilities", "features", "map"])
    write_atomically(path, program.save)


def exported(graph: nn.Module, inputs: dict[str, torch.Tensor], outputs: list[str]) -> torch.onnx.ONNXProgram:
    """A module as ONNX.

    Args:
        graph: In eval mode.
        inputs: Examples by name, in order, whose first axis may be of any length.
        outputs: Names.

    Returns:
        torch's program, which has the model.
    """
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    faces = torch.export.Dim("faces")
    program = torch.onnx.export(
        graph,
        tuple(inputs.values()),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_shapes={name: {0: faces} for name in inputs},
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None  # only the older exporter returns None
    return program


def properties(
    name: str, precision: str, training_data: str, classes: tuple[str, ...] = NAMES, framing: Framing = FRAMING
) -> dict[str, str]:
    """What every file of this project says of itself.

    Args:
        name: The model's.
        precision: Of its weights, in words.
        training_data: Hash of the pictures learned from.
        classes: The classes' names, in order.
        framing: How faces are to be cropped for it.

    Returns:
        Metadata properties.
    """
    return {
        "name": name,
        "version": code_version(),
        "classes": ",".join(classes),
        "input_size": str(FACE_SIZE),
        "crop": framing.to_text(),
        "precision": precision,
        "training_data": training_data,
        "licence": "weights: Apache-2.0; trained on FER2013, which was released for research",
    }


def set_metadata(path: Path, properties: dict[str, str]) -> None:
    """Replace the metadata properties of a model file, and drop the exporter's notes about source lines.

    Args:
        path: The file; it is replaced.
        properties: All it is to have.

    Raises:
        StorageError: The disk refuses.
    """
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, properties)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    write_atomically(path, lambda draft: onnx.save(model, draft))
