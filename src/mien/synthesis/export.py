"""Write the averaged generator as one ONNX file: grey faces and targets in, grey faces out."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from mien.data.dataset import FACE_SIZE
from mien.errors import ExportError
from mien.export import onnx as onnx_export
from mien.expressions import NAMES
from mien.storage import write_atomically
from mien.synthesis.networks import Generator, to_float, to_grey
from mien.synthesis.run import SynthesisRun
from mien.synthesis.translator import Translator

# Grey levels, mean over the pixels: what half precision of the weights may do.
TOLERANCE = 0.5
_CHECKED_FACES = 16


class GeneratorGraph(nn.Module):
    """The generator with both of its scalings."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, face: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Translate grey faces.

        Args:
            face: uint8 [N, 48, 48].
            target: Classes int64 [N].

        Returns:
            uint8 [N, 48, 48].
        """
        return to_grey(self.generator(to_float(face), target))


def export_run(run: SynthesisRun, path: Path) -> Path:
    """Write a run's averaged generator, weights in half precision, with its origin as metadata.

    Args:
        run: The run's folder.
        path: Where the file goes.

    Returns:
        `path`.

    Raises:
        ModelError: The run has no weights.
        ExportError: The file answers otherwise than PyTorch; nothing is written.
    """
    recipe, description = run.recipe(), run.description()
    graph = GeneratorGraph(run.generator()).eval()
    properties = onnx_export.properties("stargan", "float16 weights", description.data) | {"split": recipe.split}
    with tempfile.TemporaryDirectory() as workshop:
        draft = Path(workshop) / "generator.onnx"
        onnx.save(halved(exported(graph)), draft)
        onnx_export.set_metadata(draft, properties)
        _compare(graph, draft)
        write_atomically(path, lambda place: place.write_bytes(draft.read_bytes()))
    return path


def exported(graph: GeneratorGraph) -> onnx.ModelProto:
    """The graph as ONNX in float32, for any number of faces a call.

    Args:
        graph: In eval mode.

    Returns:
        The model.
    """
    faces, targets = torch.zeros(2, FACE_SIZE, FACE_SIZE, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64)
    return onnx_export.exported(graph, {"face": faces, "target": targets}, ["translated"]).model_proto


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store the weights in float16 and cast them back when the file is loaded: half the size, the same arithmetic.

    Computing in float16 is slower on processors; ONNX Runtime folds the casts once.

    Args:
        model: The graph; it is changed.

    Returns:
        The same graph.
    """
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or weight.name == "" or np.prod(weight.dims) < 1024:
            continue
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    return model


def _compare(graph: GeneratorGraph, path: Path) -> None:
    generator = np.random.default_rng(0)
    # Smooth random pictures: noise alone would saturate the network.
    coarse = generator.integers(0, 256, (_CHECKED_FACES, 6, 6), np.uint8)
    faces = coarse.repeat(8, 1).repeat(8, 2)
    labels = np.arange(_CHECKED_FACES) % len(NAMES)
    with torch.inference_mode():
        expected = graph(torch.from_numpy(faces), torch.from_numpy(labels)).numpy().astype(int)
    gap = float(np.abs(Translator(path, strength=1).translate(faces, labels).astype(int) - expected).mean())
    if not gap <= TOLERANCE:
        raise ExportError(f"the exported generator differs from PyTorch's by {gap:.2g} grey levels; not written")
