"""Read maps from the inside of a model file: what its early layers see, before the classes shape it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from mien.errors import ModelError
from mien.recognition.runtime import onnxruntime


@dataclass(frozen=True)
class Tap:
    """Where a map is read, and how it becomes a vector.

    before: the layer, by its name in the network, that takes the map [N, C, h, w] as input. bands: it is averaged over
    so many bands, top to bottom; the vector is [N, C * bands], a channel's bands beside each other.
    """

    before: str
    bands: int

    def tensor(self, model: onnx.ModelProto) -> str:
        """The name of the map's tensor in a graph; raises ModelError where the network has no such layer."""
        for node in model.graph.node:
            if node.op_type == "Conv" and any(f".{self.before}.weight" in name for name in node.input):
                return node.input[0]
        raise ModelError(f"this model has no layer {self.before}; the gate needs a MobileNetV2")

    def weights(self, rows: int) -> np.ndarray:
        """float32 [rows, bands]: each band's mean over its rows, as even as whole rows allow.

        Raises ModelError where there are fewer rows than bands.
        """
        if rows < self.bands:
            raise ModelError(
                f"this model's map before {self.before} has {rows} rows, and the gate needs {self.bands}; fit it to a "
                "model that sees faces larger inside"
            )
        weights = np.zeros((rows, self.bands), np.float32)
        for band, places in enumerate(np.array_split(np.arange(rows), self.bands)):
            weights[places, band] = 1 / len(places)
        return weights

    def vector(self, found: np.ndarray) -> np.ndarray:
        """A map float32 [N, C, h, w] as float32 [N, C * bands]."""
        return (found.mean(3) @ self.weights(found.shape[2])).reshape(len(found), -1)


@dataclass(frozen=True)
class Seen:
    """What a model makes of N faces: logits [N, 7], features [N, D], and the taps' vectors beside each other [N, T]."""

    logits: np.ndarray
    features: np.ndarray
    early: np.ndarray


class TappedModel:
    """A model file whose inner maps can be read; raises ModelError where it has no features or no such layer."""

    def __init__(self, path: Path, taps: tuple[Tap, ...]) -> None:
        model = read_graph(path)
        outputs = {output.name for output in model.graph.output}
        if missing := {"features", "map"} - outputs:
            raise ModelError(f"{path}: a gate is fitted to features and map, and this model gives no {missing.pop()}")
        self._taps = {tap: tap.tensor(model) for tap in taps}
        for tensor in self._taps.values():
            model.graph.output.append(onnx.helper.make_empty_tensor_value_info(tensor))
        self._session = session_of(model)

    def see(self, faces: np.ndarray) -> Seen:
        """For uint8 [N, 48, 48], in one call."""
        names = ["features", "map", *self._taps.values()]
        features, scores, *maps = self._session.run(names, {"face": faces})
        early = [tap.vector(found) for tap, found in zip(self._taps, maps, strict=True)]
        # The contract: a class's map averages to its logit.
        return Seen(scores.mean((2, 3)), features, np.concatenate([features[:, :0], *early], 1))


def read_graph(path: Path) -> onnx.ModelProto:
    """Raises ModelError for a file that is not there or is no ONNX model."""
    try:
        return onnx.load(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file") from error
    except Exception as error:  # protobuf raises a class of its own
        raise ModelError(f"{path}: not a readable ONNX model") from error


def session_of(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session on the CPU for a model in memory."""
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
