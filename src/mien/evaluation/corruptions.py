"""What spoils a picture, at the face's own scale: fifteen corruptions in five strengths each.

After ImageNet-C (Hendrycks and Dietterich 2019), whose blurs are brought from 224 px to a face's 48 px, with what faces
meet besides: light from one side, glasses and masks, a crop that is off. A new one is a function and a line in
`CORRUPTIONS`.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image
from scipy.ndimage import correlate

from mien.evaluation.crops import moved

STRENGTHS = 5
# Where FER2013's framing has them, in sides of the crop: positions of eyes and mouth on the portraits in examples/.
_EYES, _MOUTH = 0.38, 0.77
_GLASSES, _MASK = 25, 200
"""Greys of what covers them."""


@dataclass(frozen=True)
class Corruption:
    """One way to spoil a face.

    Attributes:
        name: Of the corruption.
        unit: Of its amounts.
        amounts: What the strengths 1 to 5 mean.
        spoil: Faces uint8 [N, s, s], an amount and a generator to spoiled faces of the same shape.
    """

    name: str
    unit: str
    amounts: tuple[float, float, float, float, float]
    spoil: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

    def __call__(self, faces: np.ndarray, strength: int, seed: int = 0) -> np.ndarray:
        """Spoil faces; the same seed draws the same chances at every strength.

        Args:
            faces: uint8 [N, s, s].
            strength: From 1 to 5.
            seed: Of what is drawn.

        Returns:
            uint8 [N, s, s].
        """
        generator = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        return self.spoil(faces, self.amounts[strength - 1], generator)


def fewer_pixels(faces: np.ndarray, side: float, generator: np.random.Generator) -> np.ndarray:
    """As a face that is only a few pixels wide in its picture: area means, then enlarged bilinearly.

    Args:
        faces: uint8 [N, s, s].
        side: Those pixels.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    size, small = faces.shape[1], round(side)
    fewer, more = _area_means(size, small), _bilinear(small, size)
    return _grey(more @ np.rint(fewer @ faces @ fewer.T) @ more.T)


def motion_blur(faces: np.ndarray, length: float, generator: np.random.Generator) -> np.ndarray:
    """The mean along a line, in a direction of each face's own.

    Args:
        faces: uint8 [N, s, s].
        length: Of the line, in pixels.
        generator: Draws the directions.

    Returns:
        uint8 [N, s, s].
    """
    angles = generator.uniform(0, np.pi, len(faces))
    along = np.linspace(-length / 2, length / 2, 33)
    return np.stack(
        [_filtered(face, _kernel(along * np.cos(a), along * np.sin(a))) for face, a in zip(faces, angles, strict=True)]
    )


def defocus(faces: np.ndarray, radius: float, generator: np.random.Generator) -> np.ndarray:
    """The mean over a disc: a lens out of focus.

    Args:
        faces: uint8 [N, s, s].
        radius: In pixels.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    grid = np.linspace(-radius, radius, 33)
    x, y = np.meshgrid(grid, grid)
    inside = np.hypot(x, y) <= radius
    kernel = _kernel(x[inside], y[inside])
    return np.stack([_filtered(face, kernel) for face in faces])


def jpeg(faces: np.ndarray, quality: float, generator: np.random.Generator) -> np.ndarray:
    """Written as JPEG at the face's size and read again.

    Args:
        faces: uint8 [N, s, s].
        quality: From 1 to 95.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    result = np.empty_like(faces)
    for number, face in enumerate(faces):
        content = BytesIO()
        Image.fromarray(face).save(content, "JPEG", quality=round(quality))
        result[number] = np.asarray(Image.open(content))
    return result


def noise(faces: np.ndarray, deviation: float, generator: np.random.Generator) -> np.ndarray:
    """Gaussian noise.

    Args:
        faces: uint8 [N, s, s].
        deviation: In grey levels.
        generator: Draws the noise.

    Returns:
        uint8 [N, s, s].
    """
    return _grey(faces + generator.normal(0, deviation, faces.shape))


def exposure(faces: np.ndarray, factor: float, generator: np.random.Generator) -> np.ndarray:
    """All light times a factor: below 1 too dark, above 1 too bright, where highlights are lost.

    Args:
        faces: uint8 [N, s, s].
        factor: 1 changes nothing.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    return _grey(faces * float(factor))


def low_contrast(faces: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """Less contrast around each face's mean: fog, a bad screen.

    Args:
        faces: uint8 [N, s, s].
        fraction: What is left of it; 1 changes nothing.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    middle = faces.mean((1, 2), keepdims=True)
    return _grey((faces - middle) * fraction + middle)


def side_light(faces: np.ndarray, lost: float, generator: np.random.Generator) -> np.ndarray:
    """Light falls off across the face, from left or right.

    Args:
        faces: uint8 [N, s, s].
        lost: The share of it that is lost at the far edge, in [0, 1].
        generator: Draws the side.

    Returns:
        uint8 [N, s, s].
    """
    ramp = 1 - lost * (np.arange(faces.shape[2]) + 0.5) / faces.shape[2]
    left = generator.random(len(faces)) < 0.5
    return _grey(faces * np.where(left[:, None], ramp, ramp[::-1])[:, None])


def covered_eyes(faces: np.ndarray, high: float, generator: np.random.Generator) -> np.ndarray:
    """A dark bar over the eyes.

    Args:
        faces: uint8 [N, s, s].
        high: Its height, as a fraction of the face's.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    return _covered(faces, _EYES, high, 0.8, _GLASSES)


def covered_mouth(faces: np.ndarray, high: float, generator: np.random.Generator) -> np.ndarray:
    """A light cloth over the mouth.

    Args:
        faces: uint8 [N, s, s].
        high: Its height, as a fraction of the face's.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    return _covered(faces, _MOUTH, high, 0.7, _MASK)


def rotated(faces: np.ndarray, degrees: float, generator: np.random.Generator) -> np.ndarray:
    """The face is tilted, to either side, and was not brought upright.

    Args:
        faces: uint8 [N, s, s].
        degrees: How far.
        generator: Draws the side.

    Returns:
        uint8 [N, s, s].
    """
    return moved(faces, turn=degrees * generator.choice([-1, 1], len(faces)))


def shifted(faces: np.ndarray, fraction: float, generator: np.random.Generator) -> np.ndarray:
    """The crop lies off, in a direction of each face's own.

    Args:
        faces: uint8 [N, s, s].
        fraction: How far, in sides of the crop.
        generator: Draws the directions.

    Returns:
        uint8 [N, s, s].
    """
    angle = generator.uniform(0, 2 * np.pi, len(faces))
    return moved(faces, fraction * np.cos(angle), fraction * np.sin(angle))


def tone_curve(faces: np.ndarray, gamma: float, generator: np.random.Generator) -> np.ndarray:
    """Black and white stay, what lies between (skin) becomes darker (above 1) or lighter (below 1).

    Args:
        faces: uint8 [N, s, s].
        gamma: The power; 1 changes nothing.
        generator: Not needed.

    Returns:
        uint8 [N, s, s].
    """
    curve = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return curve[faces]


CORRUPTIONS = (
    Corruption("fewer pixels", "px wide", (40, 32, 24, 16, 12), fewer_pixels),
    Corruption("motion blur", "px long", (2, 3, 5, 7, 9), motion_blur),
    Corruption("defocus blur", "px radius", (0.7, 1, 1.5, 2, 3), defocus),
    Corruption("JPEG", "quality", (40, 25, 15, 10, 5), jpeg),
    Corruption("noise", "grey levels", (8, 16, 24, 36, 50), noise),
    Corruption("dark", "of the light", (0.6, 0.4, 0.25, 0.15, 0.08), exposure),
    Corruption("bright", "of the light", (1.3, 1.6, 2, 2.5, 3.2), exposure),
    Corruption("low contrast", "of the contrast", (0.6, 0.4, 0.25, 0.15, 0.08), low_contrast),
    Corruption("side light", "lost at the far edge", (0.4, 0.6, 0.75, 0.85, 0.95), side_light),
    Corruption("covered eyes", "of the height", (0.08, 0.12, 0.17, 0.21, 0.25), covered_eyes),
    Corruption("covered mouth", "of the height", (0.12, 0.19, 0.25, 0.31, 0.38), covered_mouth),
    Corruption("turn", "degrees", (8, 15, 25, 35, 45), rotated),
    Corruption("crop shift", "of the side", (0.04, 0.08, 0.12, 0.17, 0.22), shifted),
    Corruption("darker skin", "as power", (1.3, 1.6, 2, 2.5, 3.2), tone_curve),
    Corruption("lighter skin", "as power", (0.77, 0.62, 0.5, 0.4, 0.31), tone_curve),
)


def _area_means(size: int, small: int) -> np.ndarray:
    """Float [small, size]: how much of each of `size` pixels a side the mean of each of `small` larger ones takes."""
    edges = np.arange(small + 1) * (size / small)
    first, last = edges[:-1, None], edges[1:, None]
    pixels = np.arange(size)
    return (np.minimum(last, pixels + 1) - np.maximum(first, pixels)).clip(0) * (small / size)


def _bilinear(small: int, size: int) -> np.ndarray:
    """Float [size, small]: the shares of `small` pixels a side in each of `size`; beyond the ends the edge repeats."""
    positions = ((np.arange(size) + 0.5) * (small / size) - 0.5).clip(0, small - 1)
    return (1 - np.abs(positions[:, None] - np.arange(small))).clip(0)


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A filter from points in pixels around its centre; each gives its weight to the four pixels around it."""
    reach = int(np.ceil(max(np.abs(x).max(), np.abs(y).max()))) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    for down in (0, 1):
        for right in (0, 1):
            weight = (1 - np.abs(x - column - right)) * (1 - np.abs(y - row - down))
            np.add.at(kernel, (row + down + reach, column + right + reach), weight)
    return kernel / kernel.sum()


def _filtered(face: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return _grey(correlate(face.astype(np.float32), kernel, mode="nearest"))


def _covered(faces: np.ndarray, centre: float, high: float, wide: float, grey: int) -> np.ndarray:
    size = faces.shape[1]
    top, bottom = round((centre - high / 2) * size), round((centre + high / 2) * size)
    left, right = round((1 - wide) / 2 * size), round((1 + wide) / 2 * size)
    result = faces.copy()
    result[:, max(top, 0) : bottom, left:right] = grey
    return result


def _grey(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
