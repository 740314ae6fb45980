"""Spoil training faces at their own scale, as poor light, lenses, cameras and compression do."""

import math
from functools import cache
from typing import Annotated

import torch
from pydantic import Field
from torch.nn import functional

from mien.training.validating import Share, ShareOfLess, settings

_Logarithm = Annotated[float, Field(ge=0, le=5)]

_BLOCK = 8
# The luminance table of the JPEG standard (ITU-T T.81, annex K.1).
_STEPS = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


@settings
class Degrade:
    """How far faces are spoiled; each kind strikes each face with `probability`, with a strength drawn uniformly.

    0 leaves a kind out.

    Attributes:
        probability: Of each kind, for each face.
        cover: Most, a flat band's share of the height (glasses, a mask).
        side_light: Most, the share of the light that is lost at the far edge.
        tone: Most, natural logarithm of the tone curve's power.
        light: Most, natural logarithm of the exposure (half of it upwards, where highlights are lost).
        contrast: Most, the share that is lost.
        blur: Most, standard deviation in pixels, along and across apart (defocus, motion, few pixels).
        noise: Most, standard deviation as a share of full range.
        jpeg: Most, 100 less the quality.
        small: Most, the share of the face's resolution that is lost: it is brought down to (1 - small) of its pixels a
            side by their mean and back by bilinear interpolation (.67: to 16 of 48 pixels).
    """

    probability: Share = 0.1
    cover: Share = 0.3
    side_light: Share = 0.9
    tone: _Logarithm = 1.0
    light: _Logarithm = 1.5
    contrast: Share = 0.85
    blur: Annotated[float, Field(ge=0, le=48)] = 1.8
    noise: Share = 0.14
    jpeg: Annotated[float, Field(ge=0, le=99)] = 92.0
    small: ShareOfLess = 0.0

    def __call__(self, faces: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Spoil faces.

        In the order in which a picture comes about: face, light, lens, sensor, file. Nothing waits for the device.

        Args:
            faces: uint8 [N, h, w]; h and w are multiples of 8.
            generator: On the faces' device.

        Returns:
            uint8 [N, h, w].
        """
        count, device = len(faces), faces.device

        def draw(least: float, most: float) -> torch.Tensor:
            return (torch.rand(count, device=device, generator=generator) * (most - least) + least).view(-1, 1, 1)

        def struck(least: float, most: float) -> torch.Tensor:
            """Strengths [N, 1, 1], 0 where the kind does not strike."""
            return draw(least, most) * (draw(0, 1) < self.probability)

        spoiled = faces.float() / 255
        rows = ((torch.arange(faces.shape[1], device=device) + 0.5) / faces.shape[1])[None, :, None]
        columns = ((torch.arange(faces.shape[2], device=device) + 0.5) / faces.shape[2])[None, None, :]
        if self.cover:
            high, wide = struck(0, self.cover), draw(0.5, 1)
            top, left = draw(0, 1) * (1 - high), draw(0, 1) * (1 - wide)
            hit = (rows >= top) & (rows < top + high) & (columns >= left) & (columns < left + wide)
            spoiled = torch.where(hit, draw(0, 1), spoiled)
        if self.side_light:
            angle = draw(-math.pi, math.pi)
            along = 0.5 + ((columns - 0.5) * angle.cos() + (rows - 0.5) * angle.sin()) / math.sqrt(2)
            spoiled = spoiled * (1 - struck(0, self.side_light) * along)
        if self.tone:
            spoiled = spoiled ** struck(-self.tone, self.tone).exp()
        if self.contrast:
            middle = spoiled.mean((1, 2), keepdim=True)
            spoiled = (spoiled - middle) * (1 - struck(0, self.contrast)) + middle
        if self.light:
            spoiled = (spoiled * struck(-self.light, self.light / 2).exp()).clamp(0, 1)
        if self.blur:
            along_rows, along_columns = (struck(0, self.blur) for _ in range(2))
            both = draw(0, 1) < 0.5  # half of the blurs are round
            spoiled = _blurred(spoiled, along_rows, torch.where(both, along_rows, along_columns))
        if self.small:
            lost = struck(0, self.small)
            spoiled = _shrinking(spoiled.shape[1], lost) @ spoiled @ _shrinking(spoiled.shape[2], lost).transpose(1, 2)
        if self.noise:
            grain = torch.randn(spoiled.shape, device=device, generator=generator)
            spoiled = spoiled + struck(0, self.noise) * grain
        levels = (spoiled * 255).round().clamp(0, 255)
        if self.jpeg:
            levels = _compressed(levels, struck(0, self.jpeg))
        return levels.to(torch.uint8)


def _blurred(faces: torch.Tensor, down: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Gaussian blur with deviations [N, 1, 1] in pixels; 0 leaves a face exactly as it is."""
    return _weights(faces.shape[1], down) @ faces @ _weights(faces.shape[2], right).transpose(1, 2)


def _weights(size: int, deviation: torch.Tensor) -> torch.Tensor:
    """[N, size, size]; row: what a pixel takes from the others, summing to 1, so that edges do not darken."""
    index = torch.arange(size, device=deviation.device)
    distance = (index[:, None] - index[None, :]).float()[None]
    weights = torch.exp(-0.5 * (distance / deviation.clamp(min=1e-3)) ** 2)
    return weights / weights.sum(2, keepdim=True)


def _shrinking(size: int, lost: torch.Tensor) -> torch.Tensor:
    """[N, size, size] for shares of the pixels that are lost, [N, 1, 1]; row: what a pixel takes from the others."""
    return _shrunk(size, lost.device)[((1 - lost) * size).round().clamp(min=1).long().flatten()]


@cache
def _shrunk(size: int, device: torch.device) -> torch.Tensor:
    """[size + 1, size, size]; at k: down to k pixels by their mean, and back by linear interpolation."""
    pixels = torch.eye(size, device=device)[None]
    small = [functional.interpolate(pixels, size=count, mode="area") for count in range(1, size + 1)]
    back = [functional.interpolate(line, size=size, mode="linear", align_corners=False)[0].T for line in small]
    return torch.stack([torch.zeros_like(back[0]), *back])


@cache
def _luminance_table(device: torch.device) -> torch.Tensor:
    """[8, 8], brought to the device once: bringing it anew would have every batch wait for the device."""
    return torch.tensor(_STEPS, device=device)


def _compressed(levels: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
    """Grey levels [N, h, w] as JPEG of quality 100 - loss gives them back; loss [N, 1, 1], 0 leaves a face as it is."""
    count, height, width = levels.shape
    quality = 100 - loss
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)  # libjpeg's scaling of the table
    steps = (_luminance_table(levels.device) * factor).round().clamp(min=1)[:, None, None]
    index = torch.arange(_BLOCK, device=levels.device)
    cosines = torch.cos(math.pi / _BLOCK * (index[None, :] + 0.5) * index[:, None]) * math.sqrt(2 / _BLOCK)
    cosines[0] /= math.sqrt(2)
    blocks = (levels - 128).unflatten(2, (-1, _BLOCK)).unflatten(1, (-1, _BLOCK)).transpose(2, 3)
    kept = ((cosines @ blocks @ cosines.T) / steps).round() * steps
    found = (cosines.T @ kept @ cosines).transpose(2, 3).reshape(count, height, width) + 128
    return torch.where(loss > 0, found.round().clamp(0, 255), levels)
