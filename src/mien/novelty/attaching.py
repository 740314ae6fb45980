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
    """Add the scores to a graph that has none; `extractor` is the same model, opened.

    The large matrices are stored in 16 and 8 bits: they are nine tenths of what the file gains.
    """
    graph = _Writer(model.graph)
    maps = zip(extractor.layers, extractor.shapes, strict=True)
    vectors = [_vector(graph, model, layer, shape) for layer, shape in maps]
    layers = zip(scores.unlike.layers, vectors, strict=True)
    unlike = graph.node("Sum", *(_layer(graph, layer, vector) for layer, vector in layers))
    parts = (_relative(graph, scores.relative), unlike, _covered(graph, scores.covered, vectors))
    graph.node("Concat", *parts, axis=1, name=OUTPUT)
    faces = model.graph.output[0].type.tensor_type.shape.dim[0].dim_param
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [faces, len(parts)]))
    onnx.checker.check_model(model)


def _vector(graph: "_Writer", model: onnx.ModelProto, layer: FeatureLayer, shape: tuple[int, ...]) -> str:
    """A layer's vectors [N, T], of a map of this shape."""
    tensor, pooling = str(layer.tensor(model)), graph.floats(layer.pooling(shape))
    if len(shape) == 3:  # tokens
        banded = graph.node("Transpose", graph.node("MatMul", pooling, tensor), perm=[0, 2, 1])
    else:
        banded = graph.node("MatMul", graph.node("ReduceMean", tensor, graph.ints([3]), keepdims=0), pooling)
    vector = graph.node("Flatten", banded, axis=1)
    if not layer.unit:
        return vector
    length = graph.node("ReduceL2", vector, graph.ints([1]), keepdims=1)
    return graph.node("Div", vector, graph.node("Max", length, graph.floats(np.array(1e-12))))


def _layer(graph: "_Writer", layer: LayerScore, vector: str) -> str:
    apart = graph.node("Sub", vector, graph.floats(layer.ellipsoid.centre))
    white = graph.node("MatMul", apart, graph.bytes(layer.ellipsoid.whitening))
    distance = graph.node("ReduceMean", graph.node("Mul", white, white), graph.ints([1]), keepdims=1)
    scaled = graph.node("Mul", graph.node("Log", distance), graph.floats(np.array(layer.scale)))
    return graph.node("Add", scaled, graph.floats(np.array(layer.offset)))


def _relative(graph: "_Writer", near: RelativeMahalanobis) -> str:
    q = graph.node("Sub", graph.node("MatMul", "features", graph.halves(near.directions)), graph.floats(near.origin))
    squared = graph.node("Mul", q, q)
    # |q - c|^2 = |q|^2 - 2 q.c + |c|^2; what does not depend on the class is left out of the minimum.
    apart = graph.node("MatMul", q, graph.floats(-2 * near.centres.T))
    to_class = graph.node("Add", apart, graph.floats(np.square(near.centres).sum(1)))
    nearest = graph.node("ReduceMin", to_class, graph.ints([1]), keepdims=1)
    shares = (1 - 1 / (1 + near.spread))[:, None]
    return graph.node("Add", nearest, graph.node("MatMul", squared, graph.floats(shares)))


def _covered(graph: "_Writer", covering: Covering, vectors: list[str]) -> str:
    apart = graph.node("MatMul", graph.node("Concat", *vectors, axis=1), graph.halves(covering.weights))
    return graph.node("ReduceMin", graph.node("Add", apart, graph.floats(covering.offset)), graph.ints([1]), keepdims=1)


def detach(model: onnx.ModelProto) -> None:
    """Take a gate out of a graph; nothing happens where there is none."""
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

    def bytes(self, matrix: np.ndarray) -> str:
        """A matrix as int8 with one scale a column, for what may be a percent off; widened when the file is loaded."""
        scale = np.abs(matrix).max(0) / 127
        whole = self._constant(np.rint(matrix / scale).astype(np.int8))
        return self.node("Mul", self.node("Cast", whole, to=TensorProto.FLOAT), self.floats(scale))

    def _constant(self, values: np.ndarray) -> str:
        name = self._name()
        self._graph.initializer.append(numpy_helper.from_array(values, name))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"{OUTPUT}_{self._count}"
