"""What teachers said of the views of a data set's training pictures, one file a teacher."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from mien.errors import DataError, RecipeError
from mien.expressions import NAMES
from mien.storage import write_atomically
from mien.training.distillation.views import Views

SUFFIX = ".safetensors"


@dataclass(frozen=True)
class SoftTargets:
    """probabilities: float32 [views, N, 7], rows sum to 1; data: the training pictures' fingerprint."""

    views: Views
    data: str
    probabilities: np.ndarray

    def write(self, path: Path) -> None:
        """Write atomically, a byte a number: the root of each probability in 255ths, which errs by .004 at most."""
        content = save(
            {"roots": np.rint(np.sqrt(self.probabilities) * 255).astype(np.uint8)},
            {"views": json.dumps(self.views.to_dict()), "data": self.data, "classes": ",".join(NAMES)},
        )
        write_atomically(path, lambda draft: draft.write_bytes(content))

    @classmethod
    def read(cls, path: Path) -> "SoftTargets":
        """Raises DataError for a file that is missing or holds something else."""
        try:
            with safe_open(path, "numpy") as file:
                metadata, roots = file.metadata() or {}, file.get_tensor("roots")
            if metadata["classes"] != ",".join(NAMES):
                raise DataError(f"{path}: its classes are {metadata['classes']}; expected {','.join(NAMES)}")
            squares = (roots.astype(np.float32) / 255) ** 2
            views = Views.from_dict(json.loads(metadata["views"]))
            total = squares.sum(-1, keepdims=True)
            if not (total > 0).all():
                raise ValueError("a row of zeros")
            return cls(views, metadata["data"], squares / total)
        except FileNotFoundError as error:
            raise DataError(f"{path}: no such soft targets; make them with mien distill") from error
        except (SafetensorError, RecipeError, KeyError, TypeError, ValueError, OSError) as error:
            raise DataError(f"{path}: not a file of soft targets; make it anew with mien distill") from error


def ensemble(folder: Path, teachers: Sequence[str]) -> SoftTargets:
    """The mean of what several teachers said, from their files in `folder`.

    Raises DataError where a file is missing, or they do not speak of the same views of the same pictures.
    """
    first, *others = (SoftTargets.read(folder / (name + SUFFIX)) for name in teachers)
    for name, other in zip(teachers[1:], others, strict=True):
        if (other.views, other.data) != (first.views, first.data):
            raise DataError(f"{folder}: {name} looked at other views or pictures than {teachers[0]}; ask it again")
    total = sum((other.probabilities for other in others), start=first.probabilities)
    return SoftTargets(first.views, first.data, total / len(teachers))
