"""The ways in which a classifier can say where in a face it saw each class."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mien.classifier.classifier import Classifier
from mien.classifier.model_file import ModelFileClassifier
from mien.errors import ModelError
from mien.explanation.occlusion import occlusion

if TYPE_CHECKING:
    from mien.training.run_classifier import RunClassifier

EXACT, GRAD_CAM, ROLLOUT, OCCLUSION, RANDOM = "exact map", "Grad-CAM", "attention rollout", "occlusion", "random"

MapMethod = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Faces uint8 [N, 48, 48] and a class of each, int [N], to float [N, rows, columns]: higher speaks for the class."""


def map_methods(classifier: Classifier) -> dict[str, MapMethod]:
    """Every way that a classifier has, by name; a run's folder has more than a model file.

    Args:
        classifier: A model file's or a run's.

    Returns:
        Functions of faces uint8 [N, 48, 48] and classes int [N] to maps [N, h, w].

    Raises:
        ModelError: It is a model file without a map.
    """
    if isinstance(classifier, ModelFileClassifier):
        if not classifier.model.has_map:
            raise ModelError(
                f"{classifier.name}: this model has no map, so it cannot say where it saw an expression; export it anew"
            )
        of_network: dict[str, MapMethod] = {}
    else:
        of_network = _of_network(classifier)  # type: ignore[arg-type]

    def exact(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        maps = classifier.run(faces).map
        assert maps is not None  # has_map
        return maps[np.arange(len(faces)), classes]

    def occluded(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return occlusion(classifier.probabilities, faces, classes)

    return {EXACT: exact, **of_network, OCCLUSION: occluded, RANDOM: _random}


def _of_network(run: "RunClassifier") -> dict[str, MapMethod]:
    """The maps that need a network's insides."""
    import torch
    from timm.models.vision_transformer import VisionTransformer

    from mien.explanation.gradients import attention_rollout, grad_cam

    def by_gradients(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return grad_cam(run.network, run.enlarged(faces), torch.from_numpy(classes).to(run.device)).cpu().numpy()

    def by_attention(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return attention_rollout(run.network, run.enlarged(faces)).cpu().numpy()

    has_attention = isinstance(run.network.backbone, VisionTransformer)
    return {GRAD_CAM: by_gradients} | ({ROLLOUT: by_attention} if has_attention else {})


def _random(faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
    generator = np.random.default_rng([int(faces.sum(dtype=np.int64)), len(faces)])
    return generator.random((len(faces), 7, 7))  # patches, as the others have, not single pixels
