"""What can be explained: a model file or a run, with every way in which it can explain itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mien.errors import ModelError
from mien.explanation.occlusion import occlusion
from mien.recognition.framing import FRAMING, Framing
from mien.recognition.model import ModelFile

if TYPE_CHECKING:
    import torch

    from mien.training.networks import ExpressionNetwork

EXACT, GRAD_CAM, ROLLOUT, OCCLUSION, RANDOM = "exact map", "Grad-CAM", "attention rollout", "occlusion", "random"

Maps = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Faces uint8 [N, 48, 48] and a class of each, int [N], to float [N, rows, columns]: higher speaks for the class."""


@dataclass(frozen=True)
class Subject:
    """A model that is to explain itself.

    file: its weights; predict: probabilities [N, 7] for faces uint8 [N, 48, 48]; methods: its maps by name; framing:
    how faces are cut for it; reading: for runs, what is left to do for the exact map once a prediction is made: faces
    to that work, to be timed.
    """

    name: str
    file: Path
    predict: Callable[[np.ndarray], np.ndarray]
    methods: dict[str, Maps]
    framing: Framing
    reading: Callable[[np.ndarray], Callable[[], object]] | None = None


def open_subject(model: str) -> Subject:
    """A run's folder, a shipped model's name or a model file's path.

    Raises ModelError for an unknown model, and for one whose file holds no map.
    """
    return _from_run(Path(model)) if Path(model).is_dir() else _from_file(model)


def _from_file(model: str) -> Subject:
    opened = ModelFile.open(model)
    if not opened.has_map:
        raise ModelError(f"{model}: this model has no map, so it cannot say where it saw an expression; export it anew")

    def predict(faces: np.ndarray) -> np.ndarray:
        return opened.run(faces).probabilities

    def exact(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        maps = opened.run(faces).map
        assert maps is not None  # has_map
        return maps[np.arange(len(faces)), classes]

    methods = {EXACT: exact, **_without_insides(predict)}
    return Subject(opened.name, opened.path, predict, methods, Framing.from_text(opened.metadata["crop"]))


def _from_run(path: Path) -> Subject:
    import torch

    from mien.explanation.gradients import attention_rollout, grad_cam
    from mien.training.affine import enlarge
    from mien.training.loop import predict as predicted
    from mien.training.run import RunFolder

    folder = RunFolder(path)
    recipe = folder.recipe()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = folder.network().to(device)

    def enlarged(faces: np.ndarray) -> "torch.Tensor":
        return enlarge(torch.from_numpy(faces).to(device), recipe.pixels)

    def predict(faces: np.ndarray) -> np.ndarray:
        return predicted(network, torch.from_numpy(faces).to(device), recipe.pixels)

    def exact(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            maps = network.explain(enlarged(faces))[2].cpu().numpy()
        return maps[np.arange(len(faces)), classes]

    def by_gradients(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return grad_cam(network, enlarged(faces), torch.from_numpy(classes).to(device)).cpu().numpy()

    def by_attention(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return attention_rollout(network, enlarged(faces)).cpu().numpy()

    methods: dict[str, Maps] = {EXACT: exact, GRAD_CAM: by_gradients}
    if _has_attention(network):
        methods[ROLLOUT] = by_attention
    methods |= _without_insides(predict)

    def reading(faces: np.ndarray) -> Callable[[], object]:
        with torch.inference_mode():
            locations = network.locations(enlarged(faces))

        @torch.inference_mode()
        def work() -> "torch.Tensor":
            return network.head(locations.permute(0, 2, 3, 1))

        return work

    return Subject(path.resolve().name, folder.weights, predict, methods, FRAMING, reading=reading)


def _has_attention(network: "ExpressionNetwork") -> bool:
    from timm.models.vision_transformer import VisionTransformer

    return isinstance(network.backbone, VisionTransformer)


def _without_insides(predict: Callable[[np.ndarray], np.ndarray]) -> dict[str, Maps]:
    """The maps that need a model's answers alone, or nothing."""

    def random(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        generator = np.random.default_rng([int(faces.sum(dtype=np.int64)), len(faces)])
        return generator.random((len(faces), 7, 7))  # patches, as the others have, not single pixels

    return {OCCLUSION: lambda faces, classes: occlusion(predict, faces, classes), RANDOM: random}
