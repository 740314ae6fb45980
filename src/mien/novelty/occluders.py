"""Draw masks and hands over faces: what covers a face in earnest, for a gate that is to know covered faces."""

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from mien.recognition.cropping import SIZE

FINER = 4
"""Shapes are made so many times as fine, and then averaged: their edges are soft."""


def masked(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Cloth of any tone, folds and pattern before nose, mouth and chin.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws the cloth.

    Returns:
        uint8 [N, 48, 48].
    """
    return np.stack([_over(face, _mask_shape(generator), _cloth(generator), generator) for face in faces])


def behind_hands(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Three or four fingers of about the face's own tone before mouth or eyes.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws the fingers.

    Returns:
        uint8 [N, 48, 48].
    """
    return np.stack([_behind_hand(face, generator) for face in faces])


def _over(face: np.ndarray, shape: np.ndarray, thing: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A thing before a face where shape, in [0, 1], says so; half of the time a little out of focus."""
    values = face * (1 - shape) + thing * shape
    if generator.random() < 0.5:
        values = gaussian_filter(values, generator.uniform(0, 0.7))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _mask_shape(generator: np.random.Generator) -> np.ndarray:
    """From the nose's bridge to below the chin, its upper edge bent, its lower edge round."""
    middle = SIZE / 2 + generator.normal(0, 2)
    top = generator.uniform(0.42, 0.60) * SIZE
    bridge, side = top + generator.uniform(-3, 3), top + generator.uniform(-2, 9)
    half, low = generator.uniform(0.26, 0.46) * SIZE, generator.uniform(0.7, 0.95) * SIZE
    chin, bend = generator.uniform(0.88, 1.15) * SIZE, generator.uniform(1, 2.5)
    across = np.linspace(-1, 1, 9)
    upper = np.stack([middle + half * across, side + (bridge - side) * (1 - np.abs(across) ** bend)], 1)
    corner, narrow = generator.uniform(0.75, 1.02), generator.uniform(0.5, 0.9)
    across = np.array([0.6, 0.2, -0.2, -0.6])
    lower = np.stack([middle + narrow * half * across, chin - (chin - low) * across**2], 1)
    corners = np.array([[middle + corner * half, low], [middle - corner * half, low]])
    return _polygon(np.concatenate([upper, corners[:1], lower, corners[1:]]))


def _cloth(generator: np.random.Generator) -> np.ndarray:
    """Grey levels float [48, 48]: a tone, light across it, folds, and at times a pattern or pleats."""
    down, across = np.mgrid[:SIZE, :SIZE] / (SIZE - 1) - 0.5
    folds = gaussian_filter(generator.normal(size=(SIZE, SIZE)), (generator.uniform(1, 3), generator.uniform(4, 10)))
    round_, slope, fall = generator.uniform((-60, -40, -40), (60, 40, 40))
    cloth = generator.uniform(15, 245) + generator.uniform(0, 18) * folds / folds.std()
    cloth += 4 * round_ * across**2 + slope * across + fall * down
    if generator.random() < 0.3:
        spots = gaussian_filter(generator.normal(size=(SIZE, SIZE)), generator.uniform(0.6, 2))
        cloth += np.where(spots > spots.std() * generator.uniform(0.3, 1.5), generator.uniform(-150, 150), 0)
    if generator.random() < 0.4:
        place = down * SIZE + 4 * generator.uniform(-6, 6) * across**2
        cloth += generator.uniform(-25, 25) * np.cos(2 * np.pi * place / generator.uniform(4, 8))
    return cloth


def _behind_hand(face: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    skin = np.median(face[18:34, 14:34]) * generator.uniform(0.8, 1.15)
    height = generator.uniform(0.55, 0.8) if generator.random() < 0.5 else generator.uniform(0.25, 0.45)
    angle, wide, long = generator.uniform((-0.6, 4.5, 0.6 * SIZE), (0.6, 7.5, 1.1 * SIZE))
    along, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    palm = np.array([SIZE / 2 + generator.uniform(-6, 6), height * SIZE])
    places = np.moveaxis(np.mgrid[:SIZE, :SIZE][::-1], 0, -1) + 0.5
    values = face.astype(np.float64)
    count = int(generator.integers(3, 5))
    for number in range(count):
        middle = palm + aside * (number - (count - 1) / 2) * wide
        reach = along * long * generator.uniform(0.8, 1) / 2
        edge = aside * wide / 2
        corners = [way + side for way, side in ((-reach, -edge), (reach, -edge), (reach, edge), (-reach, edge))]
        shape = _polygon(middle + np.stack(corners))
        roundness = np.clip((places - middle) @ aside / (wide / 2), -1, 1)
        finger = skin * (1 - 0.25 * roundness**2) + generator.normal(0, 3, (SIZE, SIZE))
        values = values * (1 - shape) + finger * shape
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _polygon(corners: np.ndarray) -> np.ndarray:
    """How much of each pixel lies in it, float [48, 48] in [0, 1]; corners [N, 2], x before y, in pixels."""
    sheet = Image.new("L", (FINER * SIZE, FINER * SIZE), 0)
    ImageDraw.Draw(sheet).polygon([(x, y) for x, y in (FINER * corners).tolist()], fill=255)
    return np.asarray(sheet.reduce(FINER)) / 255
