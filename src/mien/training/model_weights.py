"""Weights out of a model file, so that a training may start from what ships."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from mien.errors import ModelError
from mien.expressions import NAMES
from mien.training.networks import ExpressionNetwork, build

MODEL_FILE = ".onnx"
_NETWORK = "network."  # the exported module keeps the network under this name
_QUANTISED = "_quantized"
_FOLDED = ".weight_bias"  # of a batch norm that became a part of the convolution before it


def read_model_file(path: Path, name: str, pixels: int) -> dict[str, torch.Tensor]:
    """The tensors of a model file under the names that training gives them, float32.

    What an export folds into a convolution comes back as a batch norm that only adds (`norms.restore_norms`
    gives it statistics to train with); 8-bit weights come back as the floats that they stand for.

    Args:
        path: A file of `mien export`.
        name: The network it holds, of `networks.ARCHITECTURES`.
        pixels: The side that its faces are enlarged to; position embeddings are of this side.

    Returns:
        Every tensor of the network, by name.

    Raises:
        ModelError: The file cannot be read, or holds another network.
    """
    try:
        graph = onnx.load(path).graph
    except Exception as error:  # protobuf's errors share no class
        raise ModelError(f"{path}: not a readable ONNX model") from error
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    network = build(name, pixels, None, classes=_head_size(values))
    state = network.state_dict()
    found = {
        key.removeprefix(_NETWORK): tensor
        for key, tensor in values.items()
        if key.removeprefix(_NETWORK) in state and key.startswith(_NETWORK)
    }
    found |= _linear_weights(graph, values)
    for convolution, norm, eps in _folded_norms(network, pixels):
        if (bias := values.get(f"{_NETWORK}{convolution}{_FOLDED}")) is not None:
            found |= {f"{norm}.weight": np.ones_like(bias), f"{norm}.bias": bias}
            found |= {f"{norm}.running_mean": np.zeros_like(bias), f"{norm}.running_var": np.full_like(bias, 1 - eps)}
    # Of a small network the exporter computes with the position embeddings, and they lose their name.
    unnamed = [tensor for key, tensor in values.items() if not key.startswith(_NETWORK)]
    for key in state.keys() - found.keys():
        alike = [tensor for tensor in unnamed if tensor.shape == state[key].shape and key.endswith("pos_embed")]
        found |= {key: alike[0]} if len(alike) == 1 else {}
    missing = [key for key in state if key not in found and not key.endswith("num_batches_tracked")]
    if missing:
        raise ModelError(f"{path}: not a model file of {name}; e.g. {missing[0]} is not in it")
    named = (key.removeprefix(_NETWORK) for key in values if key.startswith(_NETWORK))
    foreign = [key for key in named if key not in state and not key.endswith(_FOLDED)]
    if foreign:
        raise ModelError(f"{path}: not a model file of {name}, which has no {foreign[0]}")
    return {key: torch.from_numpy(np.array(tensor, np.float32)) for key, tensor in found.items()}


def read_classes(path: Path) -> tuple[str, ...]:
    """What a model file tells apart.

    Args:
        path: The file.

    Returns:
        In order; nothing where it does not say.

    Raises:
        ModelError: It is no model file.
    """
    try:
        properties = onnx.load(path, load_external_data=False).metadata_props
    except Exception as error:  # protobuf's errors share no class
        raise ModelError(f"{path}: not a readable ONNX model") from error
    told = next((entry.value for entry in properties if entry.key == "classes"), "")
    return tuple(told.split(",")) if told else ()


def _head_size(values: dict[str, np.ndarray]) -> int:
    """How many classes the last layer has; as many as usual where its name is lost."""
    bias = values.get(f"{_NETWORK}head.bias")
    return len(NAMES) if bias is None else len(bias)


def _linear_weights(graph: onnx.GraphProto, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights of linear layers [out, in]: an export keeps the name of such a layer's bias alone."""
    makers = {output: node for node in graph.node for output in node.output}
    found = {}
    for node in graph.node:
        bias = next((name for name in node.input if name.startswith(_NETWORK) and name.endswith(".bias")), None)
        if node.op_type != "Add" or bias is None:
            continue
        maker = makers.get(next(name for name in node.input if name != bias))
        while maker is not None and maker.op_type in ("Mul", "Cast"):  # whole numbers become floats again
            maker = makers.get(maker.input[0])
        if maker is not None and maker.op_type in ("MatMul", "MatMulInteger"):
            weight = _floats(maker.input[1], values)
            found[bias.removeprefix(_NETWORK).removesuffix("bias") + "weight"] = weight.T
    return found


def _floats(name: str, values: dict[str, np.ndarray]) -> np.ndarray:
    """A tensor; of 8-bit numbers what they stand for."""
    if not name.endswith(_QUANTISED):
        return values[name]
    scale, zero = (values[name.removesuffix(_QUANTISED) + part] for part in ("_scale", "_zero_point"))
    return (values[name].astype(np.float32) - zero.astype(np.float32)) * scale


def _folded_norms(network: ExpressionNetwork, pixels: int) -> list[tuple[str, str, float]]:
    """Names of convolutions, of the batch norms that follow them at once, and these norms' eps."""
    called: list[tuple[str, nn.Module]] = []
    hooks = [
        module.register_forward_hook(lambda module, given, made, name=name: called.append((name, module)))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d)
    ]
    network.eval()
    with torch.inference_mode():
        network(torch.zeros(1, 1, pixels, pixels))
    for hook in hooks:
        hook.remove()
    return [
        (name, after, norm.eps)
        for (name, module), (after, norm) in pairwise(called)
        if isinstance(module, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    ]
