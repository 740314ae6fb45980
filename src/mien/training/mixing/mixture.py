"""The border between mixing augmentations and the training loop, and what they share: partners, lambdas, blending."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch

from mien.training.validating import Above0, Share, settings


@dataclass(frozen=True)
class Mixture:
    """A mixed batch.

    Attributes:
        faces: float [N, 1, h, w] in [0, 1].
        partner: int64 [N], indices into the batch.
        lam: float [N] in [0, 1], what a face keeps of itself, the rest being its partner's.
    """

    faces: torch.Tensor
    partner: torch.Tensor
    lam: torch.Tensor

    def targets(self, targets: torch.Tensor) -> torch.Tensor:
        """Mix targets as the faces were mixed.

        Args:
            targets: float [N, K].

        Returns:
            float [N, K].
        """
        lam = self.lam[:, None]
        return lam * targets + (1 - lam) * targets[self.partner]


@settings
class Mixing:
    """One kind of mixing, under the `name` that recipes know it by.

    Attributes:
        probability: That a face is mixed; the others stay as they are.
    """

    name: ClassVar[str]

    probability: Share = 1.0

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> Mixture:
        """Mix a batch; the same generator state gives the same mixture on one device.

        Args:
            faces: float [N, 1, h, w] in [0, 1].
            generator: On the faces' device.

        Returns:
            The mixed batch.
        """
        raise NotImplementedError


@settings
class PairMixing(Mixing):
    """A mixing of two faces with lambda from Beta(alpha, alpha).

    Attributes:
        alpha: Of the beta distribution: 1 draws any lambda alike, less draws more of those near 0 and 1.
        per: "sample" draws a lambda (and a mask) for each face, "batch" one for all of them.
    """

    alpha: Above0 = 1.0
    per: Literal["sample", "batch"] = "sample"

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> Mixture:
        """Mix each face with another of the batch.

        Args:
            faces: float [N, 1, h, w] in [0, 1].
            generator: On the faces' device.

        Returns:
            The mixed batch.
        """
        count, device = len(faces), faces.device
        partner = torch.rand(count, device=device, generator=generator).argsort()
        draws = count if self.per == "sample" else 1
        lam = beta(self.alpha, draws, device, generator)
        mixed = torch.rand(draws, device=device, generator=generator) < self.probability
        own = self.masks(torch.where(mixed, lam, 1.0), faces.shape[2], faces.shape[3], generator).expand(
            count, -1, -1, -1
        )
        # A mask's mean is the lambda it really gives, to the pixel: boxes are clipped and areas are whole numbers.
        return Mixture(own * faces + (1 - own) * faces[partner], partner, own.mean((1, 2, 3)))

    def masks(self, lam: torch.Tensor, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
        """How much of each pixel is the face's own.

        Args:
            lam: float [M] in [0, 1].
            height: Of a face, in pixels.
            width: Of a face, in pixels.
            generator: On the device of `lam`.

        Returns:
            float [M, 1, height or 1, width or 1] in [0, 1].
        """
        raise NotImplementedError


def beta(alpha: float, count: int, device: torch.device, generator: torch.Generator) -> torch.Tensor:
    """Draw from Beta(alpha, alpha): X / (X + Y) for gamma variates X and Y.

    torch.distributions takes no generator, so its sampler is called directly; in float64, where small alphas do not
    underflow to 0 / 0.

    Args:
        alpha: Above 0.
        count: How many draws.
        device: Where they are made.
        generator: On that device.

    Returns:
        float32 [count] in [0, 1].
    """
    gammas = torch._standard_gamma(
        torch.full((2, count), alpha, dtype=torch.float64, device=device), generator=generator
    )
    return (gammas[0] / gammas.sum(0)).float()
