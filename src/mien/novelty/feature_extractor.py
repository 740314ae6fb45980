"""Read maps from the inside of a model file: what its early layers see, before the classes shape it."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from mien.classifier.batches import in_batches
from mien.errors import ModelError
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.runtime import onnxruntime

SIZE = 48


@dataclass(frozen=True)
class FeatureLayer:
    """Where a map is read, and how it becomes a vector.

    Attributes:
        before: The layer, by its name in the network, that takes the map as input: [N, C, h, w] of a convolution, or
            tokens [N, T, C] of a layer norm, the class token first.
        bands: It is averaged over so many bands, top to bottom; a channel's bands stand beside each other.
        unit: Whether the vector is scaled to length 1 (Mahalanobis++, Mueller and Hein 2025).
        room: How many numbers the gate may hold for it. Distances are measured along as many axes of the vectors'
            covariance as fit in, the widest; along all of them if None.
    """

    before: str
    bands: int
    unit: bool = False
    room: int | None = None

    def tensor(self, model: onnx.ModelProto) -> str | None:
        """The name of the map's tensor in a graph.

        Args:
            model: The graph.

        Returns:
            The name; None where the network has no such layer.
        """
        for node in model.graph.node:
            if node.op_type in ("Conv", "LayerNormalization") and any(
                f".{self.before}.weight" in name for name in node.input
            ):
                return node.input[0]
        return None

    def pooling(self, shape: tuple[int, ...]) -> np.ndarray:
        """What a map is multiplied by to be averaged over bands.

        The bands are as even as whole rows allow; the class token counts in none.

        Args:
            shape: The map's, [N, C, h, w] or, for tokens, [N, T, C].

        Returns:
            float32 [h, bands], or for tokens [bands, T].

        Raises:
            ModelError: There are fewer rows than bands.
        """
        tokens = len(shape) == 3
        rows = math.isqrt(shape[1] - 1) if tokens else shape[2]
        if rows < self.bands:
            raise ModelError(
                f"this model's map before {self.before} has {rows} rows, and the gate needs {self.bands}; fit it to a "
                "model that sees faces larger inside"
            )
        weights = np.zeros((rows, self.bands), np.float32)
        for band, band_rows in enumerate(np.array_split(np.arange(rows), self.bands)):
            weights[band_rows, band] = 1 / len(band_rows)
        if not tokens:
            return weights
        over_tokens = np.repeat(weights, rows, axis=0) / rows
        return np.concatenate([np.zeros((shape[1] - rows**2, self.bands), np.float32), over_tokens]).T

    def axes(self, width: int) -> int:
        """How many axes of the vectors' covariance count.

        Args:
            width: Numbers of a vector.

        Returns:
            At most `width`.
        """
        return width if self.room is None else min(width, self.room // width)

    def vector(self, found: np.ndarray) -> np.ndarray:
        """A map as a vector.

        Args:
            found: float [N, C, h, w] or, of tokens, [N, T, C].

        Returns:
            float32 [N, C * bands].
        """
        pooling = self.pooling(found.shape)
        banded = found.mean(3) @ pooling if found.ndim == 4 else np.swapaxes(pooling @ found, 1, 2)
        vector = banded.reshape(len(found), -1)
        return vector / np.maximum(np.linalg.norm(vector, axis=1, keepdims=True), 1e-12) if self.unit else vector


FEATURE_LAYERS: dict[str, tuple[FeatureLayer, ...]] = {
    "MobileNetV2": (
        FeatureLayer("blocks.2.2.conv_pw", bands=3),
        FeatureLayer("blocks.5.0.conv_pw", bands=3, unit=True, room=128 * 288),
        FeatureLayer("blocks.5.2.conv_pw", bands=1, unit=True),
    ),
    "ViT": (
        FeatureLayer("blocks.1.norm1", bands=1, room=128 * 192),
        FeatureLayer("blocks.4.norm1", bands=1, unit=True, room=128 * 192),
        FeatureLayer("blocks.10.norm1", bands=1, unit=True, room=128 * 192),
    ),
}
"""By network: what the gate reads. A drawing differs from a face in early maps, an animal in late ones, so each has
both. The choice is explained in docs/gate.md."""


def feature_layers_of(model: onnx.ModelProto) -> tuple[FeatureLayer, ...]:
    """What the gate reads of a network.

    Args:
        model: Its graph.

    Returns:
        Its layers.

    Raises:
        ModelError: It has no layers of a known kind.
    """
    for layers in FEATURE_LAYERS.values():
        if all(layer.tensor(model) for layer in layers):
            return layers
    known = " or a ".join(FEATURE_LAYERS)
    raise ModelError(f"this model has none of the layers that the gate reads; it needs a {known}")


@dataclass(frozen=True)
class Activations:
    """What a model makes of N faces.

    Attributes:
        logits: float [N, classes].
        features: float [N, D].
        vectors: Of each layer, float [N, T].
    """

    logits: np.ndarray
    features: np.ndarray
    vectors: tuple[np.ndarray, ...]

    @classmethod
    def joined(cls, parts: "list[Activations]") -> "Activations":
        """One after another, of the same model.

        Args:
            parts: At least one.

        Returns:
            The activations of all their faces, in order.
        """
        vectors = tuple(np.concatenate(column) for column in zip(*(part.vectors for part in parts), strict=True))
        logits, features = (np.concatenate([getattr(part, name) for part in parts]) for name in ("logits", "features"))
        return cls(logits, features, vectors)


class FeatureExtractor:
    """A model file whose inner maps can be read.

    Args:
        path: The file.

    Attributes:
        framing: How faces are cropped for it.

    Raises:
        ModelError: It is no model, or has no features, no map or none of the layers that the gate reads.
    """

    def __init__(self, path: Path) -> None:
        model = read_graph(path)
        outputs = {output.name for output in model.graph.output}
        if missing := {"features", "map"} - outputs:
            raise ModelError(f"{path}: a gate is fitted to features and map, and this model gives no {missing.pop()}")
        self.layers = feature_layers_of(model)
        self._tensors = [str(layer.tensor(model)) for layer in self.layers]
        for tensor in self._tensors:
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor))
        crop = _property(model, "crop")
        self.framing = FRAMING if crop is None else Framing.from_text(crop)
        self._step = 1 if precision_of(model) == "int8" else None
        self._session = session_of(model)
        maps = self._session.run(self._tensors, {"face": np.zeros((1, SIZE, SIZE), np.uint8)})
        self.shapes = tuple(found.shape for found in maps)
        for layer, shape in zip(self.layers, self.shapes, strict=True):
            layer.pooling(shape)  # refuses maps that are too small

    def extract(self, faces: np.ndarray) -> Activations:
        """Run the model; an int8 file sees the faces one at a time, as it does in recognition.

        Args:
            faces: uint8 [N, 48, 48], at least one.

        Returns:
            What the model makes of them.
        """
        return Activations.joined(in_batches(self._extract, faces, self._step or len(faces)))

    def _extract(self, faces: np.ndarray) -> Activations:
        features, scores, *maps = self._session.run(["features", "map", *self._tensors], {"face": faces})
        vectors = tuple(layer.vector(found) for layer, found in zip(self.layers, maps, strict=True))
        # The contract: a class's map averages to its logit.
        return Activations(scores.mean((2, 3)), features, vectors)


def precision_of(model: onnx.ModelProto) -> str | None:
    """What the file says of its numbers, such as "int8".

    Args:
        model: A model file's graph.

    Returns:
        Its metadata's "precision"; None where it has none.
    """
    return _property(model, "precision")


def _property(model: onnx.ModelProto, key: str) -> str | None:
    return {entry.key: entry.value for entry in model.metadata_props}.get(key)


def read_graph(path: Path) -> onnx.ModelProto:
    """Read a model file.

    Args:
        path: The file.

    Returns:
        Its graph.

    Raises:
        ModelError: The file is not there or is no ONNX model.
    """
    try:
        return onnx.load(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file") from error
    except Exception as error:  # protobuf raises a class of its own
        raise ModelError(f"{path}: not a readable ONNX model") from error


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session on the CPU for a model in memory.

    Args:
        model: The graph.

    Returns:
        ONNX Runtime's session.
    """
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
