"""A batch in one `grid_sample`: crop, translate, rotate, mirror and enlarge each face by an affine map of its own."""

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field, model_validator
from torch.nn import functional

from mien.training.validating import Share, settings

_Side = Annotated[float, Field(gt=0, le=4)]
_Degrees = Annotated[float, Field(ge=0, le=180)]
_Logarithm = Annotated[float, Field(ge=0, le=3)]


@settings
class RandomAffine:
    """How far faces are moved and lit; every range is drawn uniformly and per face.

    Attributes:
        scale: Least and most side of the sampled square, as a fraction of the picture's.
        translation: Most, along and across, as a fraction of the picture's side.
        rotation: Most, in degrees, either way.
        mirror: Flip half of the faces.
        brightness: Most that is added, either way, as a fraction of full range.
        contrast: Most that is added to the factor 1, either way.
        gamma: Most, as the power's natural logarithm. Saturation has no meaning in grey.
        erase: Fraction of faces that lose a rectangle (of 2% to 20% of the area) to noise.
        aspect: Most, as the natural logarithm of the square's width over its height once it is stretched, its area
            kept, so that faces come out squashed either way.
    """

    scale: tuple[_Side, _Side] = (0.8, 1.05)
    translation: Share = 0.08
    rotation: _Degrees = 12.0
    mirror: bool = True
    brightness: Share = 0.15
    contrast: Share = 0.25
    gamma: _Logarithm = 0.0
    erase: Share = 0.25
    aspect: _Logarithm = 0.0

    @model_validator(mode="after")
    def _least_first(self) -> "RandomAffine":
        if self.scale[0] > self.scale[1]:
            raise ValueError(f"scale must be the least and the most, in this order, not {list(self.scale)}")
        return self

    def __call__(self, faces: torch.Tensor, pixels: int, generator: torch.Generator) -> torch.Tensor:
        """Move, light and enlarge faces; the same generator state gives the same batch on one device.

        Args:
            faces: uint8 [N, h, w].
            pixels: The side they are enlarged to.
            generator: On the faces' device.

        Returns:
            float [N, 1, pixels, pixels] in [0, 1].
        """
        return self.erased(self.draw(len(faces), generator)(faces, pixels), generator)

    def draw(self, count: int, generator: torch.Generator) -> "AffineParams":
        """Draw how faces are moved and lit; what is erased is not drawn here.

        Args:
            count: How many faces.
            generator: Its device is the parameters', too.

        Returns:
            Parameters of `count` faces.
        """
        device = generator.device

        def draw(least: float, most: float) -> torch.Tensor:
            return torch.rand(count, device=device, generator=generator) * (most - least) + least

        scale, angle = draw(*self.scale), draw(-self.rotation, self.rotation) * (math.pi / 180)
        across = scale * (torch.where(draw(-1, 1) > 0, 1.0, -1.0) if self.mirror else 1.0)
        down = scale
        if self.aspect:  # nothing is drawn for what is left out: older recipes give the batches that they gave
            stretch = (draw(-self.aspect, self.aspect) / 2).exp()
            across, down = across * stretch, down / stretch
        cos, sin = angle.cos(), angle.sin()
        # Rows of the affine map from output to input in [-1, 1]; one unit of translation is half a picture.
        theta = torch.stack(
            [
                torch.stack([across * cos, -down * sin, 2 * draw(-self.translation, self.translation)], 1),
                torch.stack([across * sin, down * cos, 2 * draw(-self.translation, self.translation)], 1),
            ],
            1,
        )
        power = draw(-self.gamma, self.gamma).exp() if self.gamma else None
        return AffineParams(
            theta, 1 + draw(-self.contrast, self.contrast), draw(-self.brightness, self.brightness), power
        )

    def erased(self, faces: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Let some faces lose a rectangle to noise.

        Args:
            faces: float [N, 1, h, w] in [0, 1].
            generator: On the faces' device.

        Returns:
            Faces of the same shape; the given ones are not changed.
        """
        if not self.erase:
            return faces

        def draw(least: float, most: float) -> torch.Tensor:
            return torch.rand(len(faces), device=faces.device, generator=generator) * (most - least) + least

        area, aspect = draw(0.02, 0.2), torch.exp(draw(-1, 1))
        high, wide = (area * aspect).sqrt(), (area / aspect).sqrt()
        top, left = draw(0, 1) * (1 - high).clamp(min=0), draw(0, 1) * (1 - wide).clamp(min=0)
        middles = (torch.arange(faces.shape[-1], device=faces.device) + 0.5) / faces.shape[-1]
        rows = (middles >= top[:, None]) & (middles < (top + high)[:, None])
        columns = (middles >= left[:, None]) & (middles < (left + wide)[:, None])
        hit = (rows[:, None, :, None] & columns[:, None, None, :]) & (draw(0, 1) < self.erase).view(-1, 1, 1, 1)
        noise = torch.rand(faces.shape, device=faces.device, generator=generator)
        return torch.where(hit, noise, faces)


@dataclass(frozen=True)
class AffineParams:
    """How each of N faces is moved and lit.

    Attributes:
        theta: Rows of the affine map from output to input in [-1, 1], float [N, 2, 3].
        contrast: A factor around the face's mean, float [N].
        brightness: Is added, float [N].
        power: Gamma, float [N], or None.
    """

    theta: torch.Tensor
    contrast: torch.Tensor
    brightness: torch.Tensor
    power: torch.Tensor | None

    def __call__(self, faces: torch.Tensor, pixels: int) -> torch.Tensor:
        """Move, light and enlarge faces.

        Args:
            faces: uint8 [N, h, w].
            pixels: The side they are enlarged to.

        Returns:
            float [N, 1, pixels, pixels] in [0, 1].
        """
        warped = _sample(faces, self.theta, pixels)
        if self.power is not None:
            warped = warped ** self.power.view(-1, 1, 1, 1)
        middle = warped.mean((1, 2, 3), keepdim=True)
        lit = (warped - middle) * self.contrast.view(-1, 1, 1, 1) + middle + self.brightness.view(-1, 1, 1, 1)
        return lit.clamp_(0, 1)


def enlarge(faces: torch.Tensor, pixels: int) -> torch.Tensor:
    """Enlarge faces bilinearly: what the exported graph does.

    Args:
        faces: uint8 [N, h, w].
        pixels: The new side.

    Returns:
        float [N, 1, pixels, pixels] in [0, 1].
    """
    scaled = faces[:, None].float() / 255
    return functional.interpolate(scaled, size=(pixels, pixels), mode="bilinear", align_corners=False)


def _sample(faces: torch.Tensor, theta: torch.Tensor, pixels: int) -> torch.Tensor:
    grid = functional.affine_grid(theta, [len(faces), 1, pixels, pixels], align_corners=False)
    # Outside the picture its edge repeats, as in the crop that recognition takes.
    return functional.grid_sample(
        faces[:, None].float() / 255, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
