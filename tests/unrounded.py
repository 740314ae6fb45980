"""An int8 model file without the rounding of its activations, to tell what the rounding does from all else."""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper


def unrounded(path: Path, target: Path) -> Path:
    """Writes the file with float activations: x times the int8 weights, in place of rounded x times them.

    Args:
        path: An int8 model file.
        target: Where the other file is written.

    Returns:
        `target`.
    """
    model = onnx.load(path)
    graph = model.graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    floats: dict[str, str] = {}
    for node in [node for node in graph.node if node.op_type == "DynamicQuantizeLinear"]:
        floats[node.output[0]] = node.input[0]
        graph.initializer.append(numpy_helper.from_array(np.float32(1), node.output[1]))  # the scale
        graph.node.remove(node)
    for node in graph.node:
        if node.op_type != "MatMulInteger":
            continue
        values, weight, _, zero = node.input
        name = f"{weight}_float"
        if name not in weights:
            weights[name] = weights[weight].astype(np.float32) - weights[zero].astype(np.float32)
            graph.initializer.append(numpy_helper.from_array(weights[name], name))
        node.op_type = "MatMul"
        del node.input[:]
        node.input.extend([floats[values], name])
    onnx.save(model, target)
    return target
