"""A teacher: a trained run, or any model file, asked about augmented faces."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from mien.classifier.batches import Show, in_batches, silent
from mien.classifier.classifier import Classifier
from mien.data.dataset import FACE_SIZE, FaceData
from mien.recognition.gate import require_probabilities
from mien.training.affine import AffineParams
from mien.training.distillation.soft_targets import SoftTargets
from mien.training.distillation.views import Views
from mien.training.precision import precision_for
from mien.training.run_classifier import RunClassifier

BATCH, GPU_BATCH = 128, 1024  # a GPU starves on small batches


@dataclass(frozen=True)
class Teacher:
    """`answer` gives probabilities float32 [N, 7] for faces uint8 [N, 48, 48] on `device`, moved as told."""

    name: str
    device: torch.device
    answer: Callable[[torch.Tensor, AffineParams], torch.Tensor]

    @classmethod
    def of(cls, classifier: Classifier) -> "Teacher":
        """A classifier; one of a model file looks at the views at the size of the data."""
        return _of_run(classifier) if isinstance(classifier, RunClassifier) else _of_file(classifier)

    def look(self, faces: FaceData, views: Views, show: Show = silent) -> SoftTargets:
        """Ask about all views of all faces; `show(done, total)` is called after each batch, in faces.

        Raises ModelError where a teacher gives no finite probabilities.
        """
        params = views.params(len(faces)).to(self.device)
        pictures = torch.from_numpy(faces.faces).to(self.device)
        rows = torch.arange(views.count * len(faces), device=self.device)
        size = GPU_BATCH if self.device.type == "cuda" else BATCH

        def ask(batch: torch.Tensor) -> torch.Tensor:
            return self.answer(pictures[batch % len(faces)], params.of(batch)).cpu()

        answers = in_batches(ask, rows, size, show)
        flat = require_probabilities(torch.cat(answers).numpy(), self.name)
        probabilities = flat.reshape(views.count, len(faces), -1)
        return SoftTargets(views, faces.fingerprint(), probabilities)


def _of_run(run: RunClassifier) -> Teacher:
    precision = precision_for(run.device.type, run.recipe.precision)

    @torch.inference_mode()
    def answer(faces: torch.Tensor, params: AffineParams) -> torch.Tensor:
        with torch.autocast(run.device.type, torch.bfloat16, enabled=precision == "bf16-mixed"):
            return run.network(params(faces, run.recipe.pixels))[0].float().softmax(1)

    return Teacher(run.name, run.device, answer)


def _of_file(classifier: Classifier) -> Teacher:
    def answer(faces: torch.Tensor, params: AffineParams) -> torch.Tensor:
        seen = (params(faces, FACE_SIZE)[:, 0] * 255).round().to(torch.uint8).numpy()
        return torch.from_numpy(classifier.probabilities(seen))

    return Teacher(classifier.name, torch.device("cpu"), answer)
