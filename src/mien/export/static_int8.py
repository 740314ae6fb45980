"""A convolutional network in int8, weights and activations, by scales that are measured once on faces (static).

Rounded are the convolutions and the sums between them. The first two convolutions stay in floats: they are few
operations on the largest maps, and rounding them changes more answers than rounding all the others. So does the last
linear layer, which costs next to nothing.
"""

import io
import logging
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from mien.errors import ExportError
from mien.recognition.runtime import onnxruntime
from mien.storage import write_atomically

PRECISION = "static int8"
"""The metadata property `precision` of such a file."""
FACES = 64
"""So many faces give the scales: what all layers make of them is held in memory at once, 20 MB a face."""
PERCENTILE = 99.999
"""A scale reaches from the smallest to the largest activation, but for a hundred-thousandth at either end."""
KEPT = 2
"""So many of the first convolutions stay in floats."""


def quantise_static(source: Path, target: Path, faces: np.ndarray) -> None:
    """Write the int8 version of a convolutional network's model file, one scale for each channel of the weights.

    Weights keep to seven bits, as in `quantisation.quantise`. What their rounding adds to the mean of a channel is
    taken from its bias.

    Args:
        source: The model file in floats.
        target: Where the other is written.
        faces: What the scales are measured on, and the biases: uint8 [N, 48, 48], faces of training, of every class as
            many. The first `FACES` give the scales.

    Raises:
        ExportError: The network has no convolutions to round.
    """
    # Imported here: onnxruntime.quantization takes a second to load, and only this needs it.
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model = onnx.load(source)
    convolutions = [node.name for node in model.graph.node if node.op_type == "Conv"]
    if len(convolutions) <= KEPT:
        raise ExportError("static int8 is for convolutional networks; for a transformer --int8 alone is the right one")
    logging.getLogger().setLevel(logging.ERROR)

    def write(draft: Path) -> None:
        with redirect_stdout(io.StringIO()):
            quantize_static(
                source,
                draft,
                _Reader(faces[:FACES]),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv", "Clip", "Add"],
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=convolutions[:KEPT],
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"CalibPercentile": PERCENTILE},
            )
        rounded = onnx.load(draft)
        _correct_biases(model, rounded, faces)
        onnx.save(rounded, draft)

    write_atomically(target, write)


class _Reader:
    """Gives the calibration one face after another, as ONNX Runtime wants to be given them."""

    def __init__(self, faces: np.ndarray) -> None:
        self._faces = iter(faces)

    def get_next(self) -> dict[str, np.ndarray] | None:
        face = next(self._faces, None)
        return None if face is None else {"face": face[None]}


@dataclass(frozen=True)
class _Rounded:
    """A convolution whose weights were rounded.

    Attributes:
        source: The tensor that it reads, in the model in floats.
        error: What the rounded weights lack, summed over places: float64 [out, in / groups].
        bias: Its bias in the rounded model, int32 [out].
        step: What one unit of the bias is worth: float32 [out].
    """

    source: str
    error: np.ndarray
    bias: onnx.TensorProto
    step: np.ndarray


def _correct_biases(exact: onnx.ModelProto, rounded: onnx.ModelProto, faces: np.ndarray) -> None:
    """Add to each bias what the rounded weights lack on average (Nagel et al. 2019, arXiv 1906.04721, section 4.2)."""
    layers = list(_rounded_layers(exact, rounded))
    if not layers:  # to ask a model for none of its maps is to ask for all outputs
        return
    means = _channel_means(exact, sorted({layer.source for layer in layers}), faces)
    for layer in layers:
        mean = means[layer.source]
        depthwise = layer.error.shape[1] == 1
        lacking = layer.error[:, 0] * mean if depthwise else layer.error @ mean
        corrected = numpy_helper.to_array(layer.bias) + np.rint(lacking / layer.step).astype(np.int32)
        layer.bias.CopyFrom(numpy_helper.from_array(corrected, layer.bias.name))


def _rounded_layers(exact: onnx.ModelProto, rounded: onnx.ModelProto) -> Iterable[_Rounded]:
    before = {node.name: node for node in exact.graph.node}
    weights = {tensor.name: tensor for tensor in exact.graph.initializer}
    stored = {tensor.name: tensor for tensor in rounded.graph.initializer}
    makers = {output: node for node in rounded.graph.node for output in node.output}
    for node in rounded.graph.node:
        if node.op_type != "Conv" or node.input[1] not in makers or len(node.input) < 3:  # in floats, or without a bias
            continue
        (values, scale, *_), (bias, step, *_) = (makers[name].input for name in node.input[1:3])
        whole = numpy_helper.to_array(stored[values]).astype(np.float64)
        kept = whole * numpy_helper.to_array(stored[scale]).reshape(-1, 1, 1, 1)
        was = before[node.name]
        error = (numpy_helper.to_array(weights[was.input[1]]) - kept).sum((2, 3))
        yield _Rounded(was.input[0], error, stored[bias], numpy_helper.to_array(stored[step]))


def _channel_means(model: onnx.ModelProto, tensors: list[str], faces: np.ndarray) -> dict[str, np.ndarray]:
    """The mean of every channel of some maps: float64 [C] by the maps' names."""
    asked = onnx.ModelProto()
    asked.CopyFrom(model)
    asked.graph.output.extend(onnx.helper.make_empty_tensor_value_info(tensor) for tensor in tensors)
    session = onnxruntime.InferenceSession(asked.SerializeToString(), providers=["CPUExecutionProvider"])
    sums = {tensor: np.zeros(()) for tensor in tensors}
    for face in faces:
        for tensor, found in zip(tensors, session.run(tensors, {"face": face[None]}), strict=True):
            sums[tensor] = sums[tensor] + found.mean((0, 2, 3), dtype=np.float64)
    return {tensor: total / len(faces) for tensor, total in sums.items()}
