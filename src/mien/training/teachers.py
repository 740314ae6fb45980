"""Teachers: trained networks that answer for a student's own batches, so that it learns what they say.

A teacher sees the very pictures that the student sees, moved, spoiled and mixed alike (Beyer et al. 2022, "Knowledge
distillation: a good teacher is patient and consistent", arXiv 2106.05237).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch.nn import functional

from mien.errors import ModelError, RecipeError
from mien.expressions import NAMES
from mien.training.model_weights import MODEL_FILE, read_classes
from mien.training.networks import ARCHITECTURES, ExpressionNetwork
from mien.training.networks.processor import suit_processor
from mien.training.recipe import Recipe
from mien.training.run import RunFolder
from mien.training.weights import start_from


@dataclass(frozen=True)
class Teacher:
    """A trained network.

    Attributes:
        network: In eval mode.
        pixels: The side of the faces that it learned from.
    """

    network: ExpressionNetwork
    pixels: int

    def logits(self, faces: torch.Tensor) -> torch.Tensor:
        """Logits of a batch.

        Args:
            faces: float [N, 1, h, w] in [0, 1]; brought to its own size where they have another.

        Returns:
            float [N, classes].
        """
        if faces.shape[-1] != self.pixels:
            faces = functional.interpolate(faces, (self.pixels, self.pixels), mode="bilinear", align_corners=False)
        return self.network(faces)[0].float()


class Teachers:
    """Several teachers who speak with one voice: the mean of their probabilities.

    Args:
        teachers: At least one.
        temperature: Softens what they say: probabilities ** (1 / temperature), normalised.
        device: Where they are asked.
    """

    def __init__(self, teachers: Sequence[Teacher], temperature: float, device: torch.device) -> None:
        self._teachers, self._temperature = teachers, temperature
        for teacher in teachers:
            teacher.network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
            if device.type == "cpu":
                suit_processor(teacher.network)

    @torch.no_grad()
    def __call__(self, faces: torch.Tensor, autocast: AbstractContextManager | None = None) -> torch.Tensor:
        """What they say of faces float [N, 1, h, w] in [0, 1]: float [N, classes], rows sum to 1.

        Args:
            faces: As the student sees them.
            autocast: The precision in which they are asked.

        Returns:
            float [N, classes], rows sum to 1.
        """
        with autocast or nullcontext():
            answers = [teacher.logits(faces).softmax(1) for teacher in self._teachers]
        softened = torch.stack(answers).mean(0) ** (1 / self._temperature)
        return softened / softened.sum(1, keepdim=True)


def find_teachers(folder: Path, recipe: Recipe) -> dict[str, Path]:
    """Where a recipe's teachers are, by name; empty where it has none.

    Args:
        folder: Holds, under each teacher's name, a run's folder or a model file, which may leave out its suffix.
        recipe: Names them.

    Returns:
        Folders and files that exist.

    Raises:
        RecipeError: One is not there.
    """
    names = () if recipe.distillation is None else recipe.distillation.teachers
    found = {name: path for name in names if (path := _place_of(folder / name)) is not None}
    if missing := [name for name in names if name not in found]:
        raise RecipeError(
            f"{folder} has no teacher {', '.join(missing)}: neither a run's folder nor a model file ({MODEL_FILE}); "
            "say with --teachers where they are"
        )
    return found


def open_teachers(places: Mapping[str, Path], recipe: Recipe, device: torch.device) -> Teachers | None:
    """Open a recipe's teachers.

    Args:
        places: What `find_teachers` found.
        recipe: Its temperature and size are used.
        device: Where they are asked.

    Returns:
        The teachers; None where the recipe has none.

    Raises:
        DataError: A run's description cannot be read.
        ModelError: A model file or weights cannot be read, or are of no network that is known here.
    """
    if recipe.distillation is None:
        return None
    teachers = [_opened(place, recipe.pixels) for place in places.values()]
    return Teachers(teachers, recipe.distillation.temperature, device)


def _place_of(path: Path) -> Path | None:
    file = path if path.suffix == MODEL_FILE else path.with_name(path.name + MODEL_FILE)
    if RunFolder(path).weights.is_file():
        return path
    return file if file.is_file() else None


def _opened(place: Path, pixels: int) -> Teacher:
    """From a run's folder, or a model file, which sees faces of the given side."""
    if place.is_dir():
        folder = RunFolder(place)
        return Teacher(folder.network(), folder.recipe().pixels)
    try:
        metadata = {entry.key: entry.value for entry in onnx.load(place, load_external_data=False).metadata_props}
    except Exception as error:  # protobuf's errors share no class
        raise ModelError(f"{place}: not a readable ONNX model") from error
    if (name := metadata.get("name")) not in ARCHITECTURES:
        raise ModelError(f"{place}: a model file of '{name}', which is no network that is known here")
    return Teacher(start_from(place, name, pixels, classes=read_classes(place) or NAMES)[0], pixels)
