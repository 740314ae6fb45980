"""A teacher: a trained run, or any model file, asked about augmented faces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mien.data.dataset import FACE_SIZE, FaceData
from mien.recognition.gate import require_probabilities
from mien.recognition.model import ModelFile
from mien.training.affine import AffineParams
from mien.training.distillation.soft_targets import SoftTargets
from mien.training.distillation.views import Views
from mien.training.precision import precision_for
from mien.training.run import RunFolder

BATCH, GPU_BATCH = 128, 1024  # a GPU starves on small batches


@dataclass(frozen=True)
class Teacher:
    """`answer` gives probabilities float32 [N, 7] for faces uint8 [N, 48, 48] on `device`, moved as told."""

    name: str
    device: torch.device
    answer: Callable[[torch.Tensor, AffineParams], torch.Tensor]

    @classmethod
    def open(cls, place: Path) -> "Teacher":
        """A run's folder, or a model file (.onnx), which looks at the views at the size of the data.

        Raises DataError or ModelError where there is neither.
        """
        return _from_run(place) if place.is_dir() else _from_file(place)

    def look(
        self, faces: FaceData, views: Views, show: Callable[[int, int], None] = lambda done, total: None
    ) -> SoftTargets:
        """Ask about all views of all faces; `show(done, total)` is called after each batch, in faces.

        Raises ModelError where a teacher gives no finite probabilities.
        """
        params = views.params(len(faces)).to(self.device)
        pictures = torch.from_numpy(faces.faces).to(self.device)
        answers = []
        rows = torch.arange(views.count * len(faces), device=self.device)
        for batch in rows.split(GPU_BATCH if self.device.type == "cuda" else BATCH):
            answers.append(self.answer(pictures[batch % len(faces)], params.of(batch)).cpu())
            show(sum(map(len, answers)), len(rows))
        flat = require_probabilities(torch.cat(answers).numpy(), self.name)
        probabilities = flat.reshape(views.count, len(faces), -1)
        return SoftTargets(views, faces.fingerprint(), probabilities)


def _from_run(place: Path) -> Teacher:
    folder = RunFolder(place)
    recipe = folder.recipe()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = folder.network().to(device)
    precision = precision_for(device.type, recipe.precision)

    @torch.inference_mode()
    def answer(faces: torch.Tensor, params: AffineParams) -> torch.Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
            return network(params(faces, recipe.pixels))[0].float().softmax(1)

    return Teacher(place.resolve().name, device, answer)


def _from_file(place: Path) -> Teacher:
    model = ModelFile.open(place)

    def answer(faces: torch.Tensor, params: AffineParams) -> torch.Tensor:
        seen = (params(faces, FACE_SIZE)[:, 0] * 255).round().to(torch.uint8).numpy()
        return torch.from_numpy(np.asarray(model.run(seen).probabilities))

    return Teacher(model.name, torch.device("cpu"), answer)
