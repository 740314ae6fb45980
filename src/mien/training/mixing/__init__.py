"""Mixing augmentations, one small file each; a new one is a file and a line in `MIXINGS`.

A mixing is a frozen dataclass of its options. Called with a batch of faces, float [N, 1, h, w] in [0, 1], and a
generator on the same device, it returns a `Mixture`: the mixed faces, each face's partner in the batch, and lambda, the
fraction it keeps of itself. The training loop mixes every target by the same lambdas. Nothing waits for the device.
"""

from mien.training.mixing.cutmix import CutMix
from mien.training.mixing.cutout import Cutout
from mien.training.mixing.fmix import FMix
from mien.training.mixing.mixture import Mixing, Mixture
from mien.training.mixing.mixup import Mixup

__all__ = ["MIXINGS", "Mixing", "Mixture"]

MIXINGS: dict[str, type[Mixing]] = {kind.name: kind for kind in (Cutout, Mixup, CutMix, FMix)}
