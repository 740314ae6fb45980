"""Which faces a step sees, and how they are moved: everything by chance, from one table of numbers.

A step's chance is drawn in one go from the seed and the step's number. So a run that goes on from a checkpoint needs
no generator's state, a CPU and a GPU draw the same faces, and a step holds no random call, which a CUDA graph replays
as is.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from mien.data.dataset import FaceData
from mien.errors import DataError
from mien.expressions import NAMES
from mien.training.splits import is_synthetic

DRAWS = 21
"""How many numbers the most demanding part of a step, an update of the critic, takes for each picture."""
_MOVED = 0.75  # the rest stays as it is: what is only ever seen resampled may be as blurred as it likes


class Dice:
    """Numbers drawn beforehand, handed out column by column: N numbers at a time.

    Args:
        table: float [N, DRAWS] in [0, 1).
    """

    def __init__(self, table: torch.Tensor) -> None:
        self._columns = iter(table.unbind(1))

    def draw(self, least: float = 0.0, most: float = 1.0) -> torch.Tensor:
        """The next column, in another range.

        Args:
            least: Its lower end.
            most: Its upper end, which is not reached.

        Returns:
            float [N], uniform.
        """
        return next(self._columns) * (most - least) + least


def roll(seed: int, step: int, shape: tuple[int, int]) -> torch.Tensor:
    """The chance of one step, on the CPU.

    Args:
        seed: The recipe's.
        step: From 0.
        shape: How many draws are needed.

    Returns:
        float32 [*shape, DRAWS] in [0, 1).
    """
    mixed = int(np.random.SeedSequence([seed, step]).generate_state(1)[0])
    return torch.rand(*shape, DRAWS, generator=torch.Generator().manual_seed(mixed))


def training_faces(data: FaceData) -> FaceData:
    """The training part without synthetic pictures, and without those whose exact pixels occur in another part.

    Nothing else may be learned from or translated, or synthetic faces would carry the test set into training.

    Args:
        data: A data set with all its parts.

    Returns:
        Real training faces.

    Raises:
        DataError: It has other classes than the seven, or a class has no picture left.
    """
    if data.classes != NAMES:
        raise DataError(f"faces are made of the classes {', '.join(NAMES)} only, not {', '.join(data.classes)}")
    chosen = data.training_part()
    chosen = chosen.where(~is_synthetic(chosen))
    for label, name in enumerate(NAMES):
        if not (chosen.labels == label).any():
            raise DataError(f"the training part has no pictures of '{name}'; synthesis needs some of every class")
    return chosen


@dataclass(frozen=True)
class DeviceFaces:
    """Faces on the device, sorted by label.

    Attributes:
        faces: uint8 [N, 48, 48].
        labels: int64 [N].
        starts: int64 [7], where each class starts.
        sizes: int64 [7], how many faces it has.
    """

    faces: torch.Tensor
    labels: torch.Tensor
    starts: torch.Tensor
    sizes: torch.Tensor

    @classmethod
    def of(cls, data: FaceData, device: torch.device) -> "DeviceFaces":
        """Bring faces to a device.

        Args:
            data: The faces.
            device: Where they go.

        Returns:
            The same faces, sorted.
        """
        order = np.argsort(data.labels, kind="stable")
        sizes = torch.from_numpy(np.bincount(data.labels, minlength=len(NAMES)))
        faces, labels = torch.from_numpy(data.faces[order]), torch.from_numpy(data.labels[order])
        return cls(faces.to(device), labels.to(device), (sizes.cumsum(0) - sizes).to(device), sizes.to(device))

    def any(self, chance: torch.Tensor) -> torch.Tensor:
        """Choose faces of any class.

        Args:
            chance: float [N] in [0, 1).

        Returns:
            Indices int64 [N].
        """
        return _scaled(chance, len(self.labels))

    def of_class(self, labels: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
        """Choose faces of given classes.

        Args:
            labels: int64 [N].
            chance: float [N] in [0, 1).

        Returns:
            Indices int64 [N].
        """
        return self.starts[labels] + _scaled(chance, self.sizes[labels])


def any_class(chance: torch.Tensor) -> torch.Tensor:
    """Choose classes, each as likely as the others.

    Args:
        chance: float [N] in [0, 1).

    Returns:
        int64 [N].
    """
    return _scaled(chance, len(NAMES))


def _scaled(chance: torch.Tensor, count: torch.Tensor | int) -> torch.Tensor:
    return (chance * count).long().clamp(max=count - 1)  # the product may round up to `count` itself


def mirrored(faces: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    """Flip half of the faces left to right.

    Args:
        faces: float [N, 1, h, w].
        chance: float [N] in [0, 1); below 0.5 flips.

    Returns:
        float [N, 1, h, w].
    """
    return torch.where((chance < 0.5)[:, None, None, None], faces.flip(3), faces)


def moved(faces: torch.Tensor, dice: Dice) -> torch.Tensor:
    """Shift, turn, scale, mirror and light faces, differentiably.

    Real and made faces alike go to the critic this way, so that it cannot learn a rare class's few pictures by heart
    (Zhao et al. 2020, differentiable augmentation), while the generator's own output stays upright.

    Args:
        faces: float [N, 1, h, w] in [-1, 1].
        dice: Says how.

    Returns:
        float [N, 1, h, w].
    """
    moves = (dice.draw() < _MOVED).float()
    scale = 1 + moves * dice.draw(-0.12, 0.12)
    angle = moves * dice.draw(-10, 10) * (math.pi / 180)
    across = scale * ((dice.draw() >= 0.5) * 2.0 - 1)
    right, down = moves * dice.draw(-0.2, 0.2), moves * dice.draw(-0.2, 0.2)  # a unit is half the picture
    cos, sin = angle.cos(), angle.sin()
    theta = torch.stack([across * cos, -scale * sin, right, across * sin, scale * cos, down], 1).view(-1, 2, 3)
    grid = functional.affine_grid(theta, list(faces.shape), align_corners=False)
    seen = functional.grid_sample(faces, grid, mode="bilinear", padding_mode="border", align_corners=False)
    contrast, light = 1 + moves * dice.draw(-0.2, 0.2), moves * dice.draw(-0.2, 0.2)
    return seen * contrast[:, None, None, None] + light[:, None, None, None]
