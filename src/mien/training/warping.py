"""One training batch in one `grid_sample`: crop, shift, turn, mirror and enlarge every face by its own affine map."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch.nn import functional

from mien.training.validating import Share, settings

_Side = Annotated[float, Field(gt=0, le=4)]
_Turn = Annotated[float, Field(ge=0, le=180)]
_Logarithm = Annotated[float, Field(ge=0, le=3)]


@settings
class Warp:
    """How far faces are moved; every range is drawn uniformly and per face.

    scale: (least, most) side of the sampled square as a share of the picture; shift: most, share of the picture; turn:
    most, degrees; aspect: most, natural logarithm of the square's width over its height once it is stretched, its area
    kept, so that faces come out squashed either way; mirror: flip half of the faces; erase: share of faces that lose a
    rectangle (of 2% to 20% of the area) to noise. Of the colour space a grey picture has these: light (brightness) and
    contrast, most, as a share of full range and of contrast; gamma, most, as the power's natural logarithm.
    Saturation has no meaning in grey.
    """

    scale: tuple[_Side, _Side] = (0.8, 1.05)
    shift: Share = 0.08
    turn: _Turn = 12.0
    mirror: bool = True
    light: Share = 0.15
    contrast: Share = 0.25
    gamma: _Logarithm = 0.0
    erase: Share = 0.25
    aspect: _Logarithm = 0.0

    @model_validator(mode="after")
    def _least_first(self) -> "Warp":
        if self.scale[0] > self.scale[1]:
            raise ValueError(f"scale must be the least and the most, in this order, not {list(self.scale)}")
        return self

    def __call__(self, faces: torch.Tensor, pixels: int, generator: torch.Generator) -> torch.Tensor:
        """uint8 [N, h, w] to float [N, 1, pixels, pixels] in [0, 1], on the device where `faces` lie.

        The same generator state gives the same batch on one device.
        """
        return self.erased(self.draw(len(faces), generator)(faces, pixels), generator)

    def draw(self, count: int, generator: torch.Generator) -> "Moves":
        """Draw how `count` faces are moved and lit, on the generator's device; what is erased is not drawn here."""
        device = generator.device

        def draw(least: float, most: float) -> torch.Tensor:
            return torch.rand(count, device=device, generator=generator) * (most - least) + least

        scale, angle = draw(*self.scale), draw(-self.turn, self.turn) * (math.pi / 180)
        across = scale * (torch.where(draw(-1, 1) > 0, 1.0, -1.0) if self.mirror else 1.0)
        down = scale
        if self.aspect:  # nothing is drawn for what is left out: older recipes give the batches that they gave
            stretch = (draw(-self.aspect, self.aspect) / 2).exp()
            across, down = across * stretch, down / stretch
        cos, sin = angle.cos(), angle.sin()
        # Rows of the affine map from output to input in [-1, 1]; one unit of shift is half a picture.
        theta = torch.stack(
            [
                torch.stack([across * cos, -down * sin, 2 * draw(-self.shift, self.shift)], 1),
                torch.stack([across * sin, down * cos, 2 * draw(-self.shift, self.shift)], 1),
            ],
            1,
        )
        power = draw(-self.gamma, self.gamma).exp() if self.gamma else None
        return Moves(theta, 1 + draw(-self.contrast, self.contrast), draw(-self.light, self.light), power)

    def erased(self, faces: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Let some faces, float [N, 1, h, w], lose a rectangle to noise."""
        if not self.erase:
            return faces

        def draw(least: float, most: float) -> torch.Tensor:
            return torch.rand(len(faces), device=faces.device, generator=generator) * (most - least) + least

        area, aspect = draw(0.02, 0.2), torch.exp(draw(-1, 1))
        high, wide = (area * aspect).sqrt(), (area / aspect).sqrt()
        top, left = draw(0, 1) * (1 - high).clamp(min=0), draw(0, 1) * (1 - wide).clamp(min=0)
        place = (torch.arange(faces.shape[-1], device=faces.device) + 0.5) / faces.shape[-1]
        rows = (place >= top[:, None]) & (place < (top + high)[:, None])
        columns = (place >= left[:, None]) & (place < (left + wide)[:, None])
        hit = (rows[:, None, :, None] & columns[:, None, None, :]) & (draw(0, 1) < self.erase).view(-1, 1, 1, 1)
        noise = torch.rand(faces.shape, device=faces.device, generator=generator)
        return torch.where(hit, noise, faces)


@dataclass(frozen=True)
class Moves:
    """How each of N faces is moved and lit.

    theta: float [N, 2, 3], rows of the affine map from output to input in [-1, 1]; contrast: float [N], a factor around
    the face's mean; light: float [N], added; power: float [N], gamma, or None.
    """

    theta: torch.Tensor
    contrast: torch.Tensor
    light: torch.Tensor
    power: torch.Tensor | None

    def __call__(self, faces: torch.Tensor, pixels: int) -> torch.Tensor:
        """uint8 [N, h, w] to float [N, 1, pixels, pixels] in [0, 1]."""
        warped = _sample(faces, self.theta, pixels)
        if self.power is not None:
            warped = warped ** self.power.view(-1, 1, 1, 1)
        middle = warped.mean((1, 2, 3), keepdim=True)
        lit = (warped - middle) * self.contrast.view(-1, 1, 1, 1) + middle + self.light.view(-1, 1, 1, 1)
        return lit.clamp_(0, 1)

    def of(self, places: torch.Tensor) -> "Moves":
        """Those of some faces, by their places int64 [M]."""
        return self._each(lambda values: values[places])

    def to(self, device: torch.device) -> "Moves":
        """The same on another device."""
        return self._each(lambda values: values.to(device))

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "Moves":
        power = None if self.power is None else change(self.power)
        return Moves(change(self.theta), change(self.contrast), change(self.light), power)


def enlarge(faces: torch.Tensor, pixels: int) -> torch.Tensor:
    """uint8 [N, h, w] to float [N, 1, pixels, pixels] in [0, 1], bilinear: what the exported graph does."""
    scaled = faces[:, None].float() / 255
    return functional.interpolate(scaled, size=(pixels, pixels), mode="bilinear", align_corners=False)


def _sample(faces: torch.Tensor, theta: torch.Tensor, pixels: int) -> torch.Tensor:
    grid = functional.affine_grid(theta, [len(faces), 1, pixels, pixels], align_corners=False)
    # Outside the picture its edge repeats, as in the crop that recognition takes.
    return functional.grid_sample(
        faces[:, None].float() / 255, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
