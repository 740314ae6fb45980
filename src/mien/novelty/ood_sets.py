"""Pictures that are no upright, whole face: made from nothing, made from real faces, or read from a folder.

A new kind is one function and one line in `MADE` or `SPOILED`.
"""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, shift

from mien.novelty.occluders import behind_hands, masked
from mien.recognition.cropping import SIZE, crop_picture
from mien.recognition.faces import Square
from mien.recognition.media_files import find_pictures
from mien.recognition.pictures import read_picture

# ImageNet's classes are sorted by these ids; animals come first, up to the pufferfish. CIFAR-10's are folders.
_IMAGENET = re.compile(r"n\d{8}_")
_LAST_ANIMAL = "n02655020"
_CIFAR_ANIMALS = frozenset({"bird", "cat", "deer", "dog", "frog", "horse"})
FINER = 4
"""Drawings are made so many times as fine, and then averaged: their edges are soft."""


@dataclass(frozen=True)
class OODSet:
    """Out-of-distribution pictures of one kind as the model would get them.

    Attributes:
        name: Of the kind.
        faces: uint8 [N, 48, 48].
        far: Nothing in them is like a face; otherwise near (a face spoiled, or another animal's), as the gate's
            verdicts.
    """

    name: str
    faces: np.ndarray
    far: bool


def all_ood_sets(faces: np.ndarray, folders: list[Path], people: frozenset[str], count: int, seed: int) -> list[OODSet]:
    """Every set, the far ones first: made from nothing, made from faces, and read from folders.

    The same arguments give the same pictures.

    Args:
        faces: uint8 [N, 48, 48], to be spoiled.
        folders: Of pictures.
        people: Names of files that are left out.
        count: Pictures of each kind that is made.
        seed: Draws them.

    Returns:
        The sets.

    Raises:
        PictureError: A folder has no pictures.
    """
    sets = [OODSet(name, make(count, _generator(seed, name)), True) for name, make in MADE.items()]
    for folder in folders:
        sets += from_folder(folder, people)
    for name, spoil in SPOILED.items():
        generator = _generator(seed, name)
        chosen = generator.choice(len(faces), min(count, len(faces)), replace=False)
        sets.append(OODSet(name, spoil(faces[chosen], generator), False))
    return sorted(sets, key=lambda one: not one.far)


def from_folder(folder: Path, people: frozenset[str] = frozenset()) -> list[OODSet]:
    """A folder's pictures, each one's middle square, as a set named after the folder.

    It is a near set where the folder's name is one of `NEAR`. Where files bear ImageNet's ids ("n02123045_tabby.jpg")
    or lie in folders named as CIFAR-10's classes, the animals among them are a near set of their own.

    Args:
        folder: Searched with all that is below it.
        people: Names of files that are left out.

    Returns:
        One set or two; none where all files are left out.

    Raises:
        PictureError: There are no pictures.
    """
    objects: list[np.ndarray] = []
    animals: list[np.ndarray] = []
    for path in find_pictures([folder]):
        if path.name not in people:
            (animals if _is_animal(path) else objects).append(middle(read_picture(path)))
    kinds = [(f"animals ({folder.name})", animals, False), (folder.name, objects, folder.name.lower() not in NEAR)]
    return [OODSet(name, np.stack(found), far) for name, found, far in kinds if found]


def _is_animal(path: Path) -> bool:
    if _IMAGENET.match(path.name):
        return path.name[: len(_LAST_ANIMAL)] <= _LAST_ANIMAL
    return path.parent.name in _CIFAR_ANIMALS


def middle(picture: np.ndarray) -> np.ndarray:
    """The largest square in the middle of a picture, brought to the model's size as a face would be.

    Args:
        picture: uint8 RGB [H, W, 3].

    Returns:
        uint8 [48, 48].
    """
    height, width = picture.shape[:2]
    return crop_picture(picture, Square(width / 2, height / 2, min(width, height)))


# From nothing -------------------------------------------------------------------------------------------------------


def noise(count: int, generator: np.random.Generator) -> np.ndarray:
    """Independent pixels and soft clouds, of any mean and contrast.

    Args:
        count: How many.
        generator: Draws them.

    Returns:
        uint8 [count, 48, 48].
    """
    grain = generator.normal(size=(count, SIZE, SIZE))
    for picture, width in zip(grain, generator.choice([0, 0, 1, 2, 4], count), strict=True):
        if width:
            picture[:] = gaussian_filter(picture, float(width), mode="mirror")
            picture /= picture.std()
    light, contrast = generator.uniform(40, 215, (2, count, 1, 1))
    return _to_bytes(light + grain * contrast / 4)


def flat(count: int, generator: np.random.Generator) -> np.ndarray:
    """One tone or a slope of light, with a sensor's little noise: a wall, the sky, a covered lens.

    Args:
        count: How many.
        generator: Draws them.

    Returns:
        uint8 [count, 48, 48].
    """
    down, across = np.mgrid[:SIZE, :SIZE] / (SIZE - 1) - 0.5
    angle, slope = generator.uniform(0, 2 * np.pi, (count, 1, 1)), generator.uniform(0, 60, (count, 1, 1))
    light = generator.uniform(0, 255, (count, 1, 1))
    ramp = slope * (down * np.sin(angle) + across * np.cos(angle))
    return _to_bytes(light + ramp + generator.normal(0, 1.5, (count, SIZE, SIZE)))


def textures(count: int, generator: np.random.Generator) -> np.ndarray:
    """Stripes, checks, dots and bricks of any scale and direction, with wear.

    Args:
        count: How many.
        generator: Draws them.

    Returns:
        uint8 [count, 48, 48].
    """
    rows, columns = np.mgrid[:SIZE, :SIZE]
    pictures = np.empty((count, SIZE, SIZE))
    for number in range(count):
        angle, period = generator.uniform(0, np.pi), generator.uniform(4, 24)
        along = (rows * np.sin(angle) + columns * np.cos(angle)) / period
        aside = (columns * np.sin(angle) - rows * np.cos(angle)) / period
        match generator.integers(4):
            case 0:
                pattern = np.sin(2 * np.pi * along)
            case 1:
                pattern = np.sign(np.sin(2 * np.pi * along) * np.sin(2 * np.pi * aside))
            case 2:
                pattern = np.where(np.hypot(along % 1 - 0.5, aside % 1 - 0.5) < 0.3, 1.0, -1.0)
            case _:
                shifted = aside / 2 + 0.5 * (np.floor(along) % 2)
                pattern = np.where((along % 1 < 0.15) | (shifted % 1 < 0.08), 1.0, -1.0)
        wear = gaussian_filter(generator.normal(size=(SIZE, SIZE)), 3, mode="mirror")
        pictures[number] = generator.uniform(60, 200) + generator.uniform(20, 90) * (pattern + 1.5 * wear)
    return _to_bytes(pictures)


def drawings(count: int, generator: np.random.Generator) -> np.ndarray:
    """Dark strokes on light paper, or light on dark: lines, curves, boxes and signs.

    Args:
        count: How many.
        generator: Draws them.

    Returns:
        uint8 [count, 48, 48].
    """
    pictures = np.empty((count, SIZE, SIZE), np.uint8)
    for picture in pictures:
        paper, ink = (245, 20) if generator.random() < 0.5 else (20, 235)
        sheet = Image.new("L", (FINER * SIZE, FINER * SIZE), paper)
        for _ in range(generator.integers(2, 7)):
            _stroke(ImageDraw.Draw(sheet), ink, generator)
        picture[:] = np.asarray(sheet.reduce(FINER))
    return pictures


def _stroke(draw: ImageDraw.ImageDraw, ink: int, generator: np.random.Generator) -> None:
    """A line, a box, part of an ellipse, or a sign, on a sheet that is `FINER` times as fine."""
    start, end = (generator.integers(2, SIZE - 2, (2, 2)) * FINER + FINER // 2).tolist()
    width = FINER * int(generator.integers(1, 4))
    match generator.integers(4):
        case 0:
            draw.line((*start, *end), ink, width)
        case 1:
            (left, right), (top, bottom) = (sorted(along) for along in zip(start, end, strict=True))
            half = width // 2
            draw.rectangle((left - half, top - half, right + half, bottom + half), outline=ink, width=width)
        case 2:
            across, down = (generator.integers(3, 20, 2) * FINER).tolist()
            first, last = np.deg2rad(np.sort(generator.integers(0, 361, 2)))
            turn = np.deg2rad(generator.uniform(0, 180))
            along = np.linspace(first, last, 64)
            x, y = across * np.cos(along), down * np.sin(along)
            curve = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], 1) + start
            draw.line([tuple(point) for point in curve.tolist()], ink, width, joint="curve")
        case _:
            sign = chr(int(generator.integers(ord("0"), ord("Z") + 1)))
            high = float(generator.uniform(0.6, 1.6)) * 30 * FINER
            draw.text(start, sign, ink, ImageFont.load_default(high), anchor="ls", stroke_width=width // 4)


# From real faces ----------------------------------------------------------------------------------------------------


def upside_down(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Faces turned over, top to bottom.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Not needed.

    Returns:
        uint8 [N, 48, 48].
    """
    return faces[:, ::-1].copy()


def half_covered(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A plain or grainy thing before 45% to 60% of the face, from any of the four sides.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws what covers them.

    Returns:
        uint8 [N, 48, 48].
    """
    covered = faces.copy()
    for face in covered:
        part = _side(face, int(generator.integers(4)), generator.uniform(0.45, 0.6))
        part[:] = _to_bytes(generator.normal(generator.uniform(0, 255), generator.uniform(0, 25), part.shape))
    return covered


def half_faces(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A crop moved aside by 45% to 60% of its side; the picture's edge repeats, as in the crop of the contract.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws way and distance.

    Returns:
        uint8 [N, 48, 48].
    """
    moved = np.empty_like(faces)
    for face, out in zip(faces, moved, strict=True):
        angle, far = generator.integers(4) * np.pi / 2, generator.uniform(0.45, 0.6) * SIZE
        way = (far * np.sin(angle), far * np.cos(angle))
        out[:] = np.rint(shift(face.astype(np.float32), way, order=1, mode="nearest"))
    return moved


def blurred(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """So far out of focus (3.5 to 6 pixels) that no expression is left.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws the blur.

    Returns:
        uint8 [N, 48, 48].
    """
    widths = generator.uniform(3.5, 6, len(faces))
    blurs = (
        gaussian_filter(face.astype(np.float32), width, mode="mirror", truncate=3)
        for face, width in zip(faces, widths, strict=True)
    )
    return _to_bytes(np.stack(list(blurs)))


def dark(faces: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """At 2% to 8% of the light, with a sensor's noise.

    Args:
        faces: uint8 [N, 48, 48].
        generator: Draws light and noise.

    Returns:
        uint8 [N, 48, 48].
    """
    light = generator.uniform(0.02, 0.08, (len(faces), 1, 1))
    return _to_bytes(faces * light + generator.normal(0, 3, faces.shape))


MADE: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "noise": noise,
    "flat fields": flat,
    "textures": textures,
    "drawings": drawings,
}
NEAR = frozenset({"pets", "cats", "dogs", "animals", "anime", "drawn", "masked"})
"""Folders of such a name hold what is like a face."""
SPOILED: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "upside-down faces": upside_down,
    "half-covered faces": half_covered,
    "half faces": half_faces,
    "blurred faces": blurred,
    "dark faces": dark,
    "masked faces": masked,
    "faces behind hands": behind_hands,
}


def _side(face: np.ndarray, side: int, fraction: float) -> np.ndarray:
    """The view of a face that covers `fraction` of it from one side: 0 top, 1 bottom, 2 left, 3 right."""
    length = round(fraction * SIZE)
    return (face[:length], face[-length:], face[:, :length], face[:, -length:])[side]


def _to_bytes(pictures: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pictures), 0, 255).astype(np.uint8)


def _generator(seed: int, name: str) -> np.random.Generator:
    """Chance of a kind's own, so that a new kind leaves the others' pictures as they are."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
