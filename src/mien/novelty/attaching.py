"""Write a gate's scores into a model's graph, as its output `novelty` [N, 3]."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mien.novelty.covering import Covering
from mien.novelty.feature_extractor import FeatureExtractor, FeatureLayer
from mien.novelty.fitted_scores import FittedScores
from mien.novelty.mahalanobis import RelativeMahalanobis
from mien.novelty.unlikeness import LayerScore

OUTPUT = "novelty"


def attach(model: onnx.ModelProto, scores: FittedScores, extractor: FeatureExtractor) -> None:
    """Add the scores to a graph that has none.

    The large matrices are stored in 16 and 8 bits: they are nine tenths of what the file gains. Each node costs some
    microseconds, as much as its arithmetic, so there are as few as can be.

    Args:
        model: The graph; it is changed.
        scores: Fitted to this model.
        extractor: The same model, opened.
    """
    graph = _Writer(model.graph)
    shaped = zip(extractor.layers, extractor.shapes, strict=True)
    vectors = [_vector(graph, model, layer, shape) for layer, shape in shaped]
    unlike = _unlike(graph, scores.unlike.layers, vectors)
    parts = (_relative(graph, scores.relative), unlike, _covered(graph, scores.covered, vectors))
    graph.node("Concat", *parts, axis=1, name=OUTPUT)
    faces = model.graph.output[0].type.tensor_type.shape.dim[0].dim_param
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [faces, len(parts)]))
    onnx.checker.check_model(model)


def _vector(graph: "_Writer", model: onnx.ModelProto, layer: FeatureLayer, shape: tuple[int, ...]) -> str:
    """A layer's vectors [N, T], of a map of this shape."""
    tensor, pooling = str(layer.tensor(model)), layer.pooling(shape)
    if len(shape) == 3:  # tokens
        banded = graph.node("MatMul", graph.floats(pooling), tensor)
        banded = banded if layer.bands == 1 else graph.node("Transpose", banded, perm=[0, 2, 1])
    elif layer.bands == 1:
        banded = graph.node("GlobalAveragePool", tensor)
    else:
        banded = graph.node(
            "MatMul", graph.node("ReduceMean", tensor, graph.ints([3]), keepdims=0), graph.floats(pooling)
        )
    vector = graph.node("Flatten", banded, axis=1)
    return graph.node("LpNormalization", vector, axis=1, p=2) if layer.unit else vector


def _unlike(graph: "_Writer", layers: tuple[LayerScore, ...], vectors: list[str]) -> str:
    """The sum over the layers of scale * log(mean square) + offset, by the logarithms of the whitened lengths."""
    lengths, offset = [], 0.0
    for layer, vector in zip(layers, vectors, strict=True):
        whitening, name = graph.bytes(layer.ellipsoid.whitening)
        # (x - centre) W as x W + shift: with W as it is stored, or the rounding would move the centre
        shift = graph.floats(-layer.ellipsoid.centre @ whitening)
        lengths.append(graph.node("ReduceL2", graph.node("Gemm", vector, name, shift), graph.ints([1]), keepdims=1))
        offset += layer.offset - layer.scale * np.log(whitening.shape[1])
    logarithms = graph.node("Log", graph.node("Concat", *lengths, axis=1))
    scales = graph.floats(np.array([[2 * layer.scale] for layer in layers]))
    return graph.node("Gemm", logarithms, scales, graph.floats(np.array([offset])))


def _relative(graph: "_Writer", near: RelativeMahalanobis) -> str:
    q = graph.node("Gemm", "features", graph.halves(near.directions), graph.floats(-near.origin))
    # |q - c|^2 = |q|^2 - 2 q.c + |c|^2; what does not depend on the class is left out of the minimum.
    distances = (graph.floats(-2 * near.centres.T), graph.floats(np.square(near.centres).sum(1)))
    nearest = graph.node("ReduceMin", graph.node("Gemm", q, *distances), graph.ints([1]), keepdims=1)
    shares = graph.floats((1 - 1 / (1 + near.spread))[:, None])
    return graph.node("Gemm", graph.node("Mul", q, q), shares, nearest)


def _covered(graph: "_Writer", covering: Covering, vectors: list[str]) -> str:
    head = (graph.halves(covering.weights), graph.floats(covering.offset))
    apart = graph.node("Gemm", graph.node("Concat", *vectors, axis=1), *head)
    return graph.node("ReduceMin", apart, graph.ints([1]), keepdims=1)


def detach(model: onnx.ModelProto) -> None:
    """Take a gate out of a graph; nothing happens where there is none.

    Args:
        model: The graph; it is changed.
    """
    for part in (model.graph.node, model.graph.initializer, model.graph.output):
        kept = [entry for entry in part if not entry.name.startswith(OUTPUT)]
        del part[:]
        part.extend(kept)
    kept_properties = [entry for entry in model.metadata_props if not entry.key.startswith(OUTPUT)]
    del model.metadata_props[:]
    model.metadata_props.extend(kept_properties)


class _Writer:
    """Adds nodes to a graph one after another; every name begins with the output's, so that `detach` finds them."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._count = 0

    def node(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        """The new node's output."""
        name = name or self._name()
        self._graph.node.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def floats(self, values: np.ndarray) -> str:
        return self._constant(values.astype(np.float32))

    def ints(self, values: list[int]) -> str:
        return self._constant(np.array(values, np.int64))

    def halves(self, matrix: np.ndarray) -> str:
        """A matrix as float16; engines widen it once, when they load the file."""
        return self.node("Cast", self._constant(matrix.astype(np.float16)), to=TensorProto.FLOAT)

    def bytes(self, matrix: np.ndarray) -> tuple[np.ndarray, str]:
        """A matrix as int8 with one scale a column, widened when the file is loaded; what it then is, and its name."""
        scale = (np.abs(matrix).max(0) / 127).astype(np.float32)
        whole = np.rint(matrix / scale).astype(np.int8)
        widened = self.node("Cast", self._constant(whole), to=TensorProto.FLOAT)
        return whole.astype(np.float64) * scale, self.node("Mul", widened, self.floats(scale))

    def _constant(self, values: np.ndarray) -> str:
        name = self._name()
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"{OUTPUT}_{self._count}"
