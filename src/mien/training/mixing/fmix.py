"""FMix (Harris et al. 2020): masks of any shape, cut from noise in which low frequencies prevail."""

from typing import ClassVar

import numpy as np
import torch

from mien.training.mixing.mixture import PairMixing
from mien.training.validating import AtLeast0, settings


@settings
class FMix(PairMixing):
    """decay: the power with which the noise's amplitude falls with frequency; more gives fewer, larger patches.

    The paper draws one mask a batch (per = "batch"); here each face has its own unless told otherwise.

    Attributes:
        decay: The power with which the noise's amplitude falls with frequency; more gives fewer, larger patches.
    """

    name: ClassVar[str] = "fmix"

    decay: AtLeast0 = 3.0

    def masks(self, lam: torch.Tensor, height: int, width: int, generator: torch.Generator) -> torch.Tensor:
        """The pixels with the most noise, as many as lambda asks for, rounded up or down by the toss of a coin.

        Args:
            lam: float [M] in [0, 1].
            height: Of a face, in pixels.
            width: Of a face, in pixels.
            generator: On the device of `lam`.

        Returns:
            float [M, 1, height, width] of 0 and 1.
        """
        noise = low_noise(len(lam), height, width, self.decay, generator).flatten(1)
        wanted = lam.double() * noise.shape[1]  # in float32 the last pixels of a large face would not count
        up = torch.rand(len(lam), device=lam.device, generator=generator) < 0.5
        count = torch.where(up, wanted.ceil(), wanted.floor()).long()[:, None]
        least = _rising(noise).gather(1, noise.shape[1] - count.clamp(min=1))
        return ((noise >= least) & (count > 0)).float().view(-1, 1, height, width)


def _rising(rows: torch.Tensor) -> torch.Tensor:
    """Each row in rising order. torch's sort keeps the places too, which on a processor takes most of its time."""
    return torch.from_numpy(np.sort(rows.numpy(), axis=1)) if rows.device.type == "cpu" else rows.sort(1).values


def low_noise(count: int, height: int, width: int, decay: float, generator: torch.Generator) -> torch.Tensor:
    """Noise of low frequencies: amplitude f ** -decay at frequency f, flat below 1 / longer side.

    Args:
        count: How many pictures.
        height: In pixels.
        width: In pixels.
        decay: 0 for white noise.
        generator: Its device is the noise's, too.

    Returns:
        float [count, height, width].
    """
    device = generator.device
    f = torch.hypot(torch.fft.fftfreq(height, device=device)[:, None], torch.fft.rfftfreq(width, device=device)[None])
    amplitude = f.clamp(min=1 / max(height, width)) ** -decay
    draws = torch.randn((count, *f.shape, 2), device=device, generator=generator)
    return torch.fft.irfft2(torch.view_as_complex(draws) * amplitude, s=(height, width))
