"""Pictures of what was recognised: boxes with the expression and its probability, and the map as a heat layer."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.expressions import described
from mien.recognition.faces import Face, Square, TrackedFace

# The heat layer's strongest place covers the picture by this much.
HEAT_OPACITY = 0.6
# The map is brought to this size before it is laid over the picture, so that it fills its square to the edge.
LAYER_SIDE = 96
# Matplotlib's "inferno" from 0 to 1, in even steps; between them the colours are interpolated.
INFERNO = np.array(
    [
        *([0, 0, 4], [11, 7, 36], [33, 12, 74], [61, 9, 101], [87, 16, 110], [113, 25, 110]),
        *([138, 34, 106], [163, 44, 97], [188, 55, 84], [208, 69, 69], [227, 89, 51], [241, 113, 31]),
        *([249, 140, 10], [252, 170, 15], [249, 201, 50], [242, 232, 101], [252, 255, 164]),
    ]
)
# Box and name of a face that the gate found strange.
STRANGE = "#6b7280"


def annotate(picture: np.ndarray, faces: list[Face], show_map: bool = False) -> np.ndarray:
    """Draw on a copy of a picture: a box around each face, its expression, and a bar for each class.

    Args:
        picture: uint8 RGB [H, W, 3].
        faces: The largest first, as a recogniser gives them.
        show_map: Lay each face's map of its expression over it, for models that have one.

    Returns:
        uint8 RGB [H, W, 3].
    """
    drawn = picture.copy()
    if show_map:
        for face in faces:
            if face.map is not None and not face.withheld:
                drawn = lay_heat(drawn, face.square, heat(face))
    for face in reversed(faces):  # the largest last, on top
        _draw_face(drawn, face)
    return drawn


def heat(face: Face) -> np.ndarray:
    """Where the face shows its expression: the class's scores above their mean.

    Args:
        face: Of a model with maps.

    Returns:
        float32 [h, w] in [0, 1].

    Raises:
        ValueError: The model has no maps.
    """
    if face.map is None:
        raise ValueError("this face was read by a model without maps")
    scores = face.map[int(face.probabilities.argmax())]
    above = np.maximum(scores - scores.mean(), 0)
    return above / max(float(above.max()), 1e-9)


def lay_heat(picture: np.ndarray, square: Square, strength: np.ndarray) -> np.ndarray:
    """Colour a copy of a picture where a face was cropped from it.

    Args:
        picture: uint8 RGB [H, W, 3].
        square: The face's square.
        strength: float32 [h, w] in [0, 1], one value a place of the upright crop.

    Returns:
        uint8 RGB [H, W, 3].
    """
    reach = square.side / 2 * (abs(math.cos(square.roll)) + abs(math.sin(square.roll)))
    left, right = (min(max(round(square.x + way), 0), picture.shape[1]) for way in (-reach, reach))
    top, bottom = (min(max(round(square.y + way), 0), picture.shape[0]) for way in (-reach, reach))
    result = picture.copy()
    if left < right and top < bottom:
        part = result[top:bottom, left:right]
        cover = _cover(Square(square.x - left, square.y - top, square.side, square.roll), strength, *part.shape[:2])
        share = (cover * HEAT_OPACITY)[:, :, None]
        part[:] = np.rint(part * (1 - share) + _inferno(cover) * share)
    return result


def _cover(square: Square, strength: np.ndarray, height: int, width: int) -> np.ndarray:
    """The strength as it lies in a picture: float32 [height, width] in [0, 1], 0 outside the square."""
    layer = Image.fromarray(strength.astype(np.float32)).resize((LAYER_SIDE, LAYER_SIDE), Image.Resampling.BILINEAR)
    step = LAYER_SIDE / square.side
    cos, sin = math.cos(square.roll) * step, math.sin(square.roll) * step
    # from the picture to the layer
    matrix = (
        *(cos, sin, LAYER_SIDE / 2 - cos * square.x - sin * square.y),
        *(-sin, cos, LAYER_SIDE / 2 + sin * square.x - cos * square.y),
    )
    cover = layer.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(cover).clip(0, 1)


def _inferno(values: np.ndarray) -> np.ndarray:
    """RGB float [h, w, 3] for values in [0, 1]."""
    steps = np.linspace(0, 1, len(INFERNO))
    return np.stack([np.interp(values, steps, INFERNO[:, channel]) for channel in range(3)], axis=-1)


@dataclass(frozen=True)
class _Label:
    """What stands above a face: its text, where its plate lies in the picture, and the text's place on the plate."""

    text: str
    font: Any
    x: float
    y: float
    wide: float
    high: float
    inside: tuple[float, float]


def _draw_face(drawn: np.ndarray, face: Face) -> None:
    """Draw on a picture in place. Pillow gets only the part that changes: its pictures are copies, there and back."""
    height, width = drawn.shape[:2]
    label = _label(face, width, height)
    left, top, right, bottom = _bounds(face, label, width, height)
    if left >= right or top >= bottom:
        return
    part = Image.fromarray(drawn[top:bottom, left:right])
    draw = ImageDraw.Draw(part, "RGBA")
    colour = STRANGE if face.strange else face.kind.colour
    corners = (face.box.left - left, face.box.top - top, face.box.right - left, face.box.bottom - top)
    draw.rectangle(corners, outline=colour, width=_line(face))
    x, y = label.x - left, label.y - top
    draw.rectangle((x, y, x + label.wide, y + label.high), fill=colour)
    draw.text((x + label.inside[0], y + label.inside[1]), label.text, fill="white", font=label.font)
    if _has_bars(face):
        _draw_bars(draw, face, height, left, top)
    drawn[top:bottom, left:right] = np.asarray(part)


def _label(face: Face, width: int, height: int) -> _Label:
    font = _font(float(np.clip(face.box.width / 8, 11, max(width, height) / 25)))
    text = f"{face.adjective}{'?' if face.strange else ''} {face.confidence:.0%}"
    if face.withheld:
        text = "not judged"
    if isinstance(face, TrackedFace):
        text = f"{face.track}: {text}"
    left, top, right, bottom = font.getbbox(text)
    margin = (bottom - top) * 0.35
    wide, high = right - left + 2 * margin, bottom - top + 2 * margin
    # Above the box where there is room, otherwise inside it; never past the picture's edge.
    x = min(max(face.box.left, 0), max(width - wide, 0))
    y = face.box.top - high if face.box.top >= high else max(face.box.top, 0)
    return _Label(text, font, x, y, wide, high, (margin - left, margin - top))


@lru_cache(64)
def _font(size: float) -> Any:
    return ImageFont.load_default(size=size)


def _bounds(face: Face, label: _Label, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the part of the picture that a face is drawn on, in whole pixels."""
    box, line, bars = face.box, _line(face), face.box.height / 6
    left, right = min(box.left, label.x), max(box.right, label.x + label.wide)
    top = min(box.top, label.y, _floor(face, height) - bars)
    bottom = max(box.bottom + bars, label.y + label.high)
    return (
        max(math.floor(left) - line, 0),
        max(math.floor(top) - line, 0),
        min(math.ceil(right) + line + 1, width),
        min(math.ceil(bottom) + line + 1, height),
    )


def _line(face: Face) -> int:
    return max(2, round(face.box.width / 60))


def _has_bars(face: Face) -> bool:
    return face.box.width >= 80 and not face.withheld


def _floor(face: Face, picture_height: int) -> float:
    """Where the bars stand: below the box, or at the picture's lower edge where there is no room."""
    return min(face.box.bottom + face.box.height / 6, picture_height)


def _draw_bars(draw: ImageDraw.ImageDraw, face: Face, picture_height: int, left: int, top: int) -> None:
    """Bars in the order of the classes, on a part of the picture that begins at left and top."""
    wide, high = face.box.width / len(face.classes), face.box.height / 6
    floor = _floor(face, picture_height)
    for place, (expression, share) in enumerate(zip(described(face.classes), face.probabilities, strict=True)):
        x, ceiling = face.box.left + place * wide - left, floor - max(high * float(share), 1) - top
        gap = 1 if wide > 4 else 0  # of many classes the bars stand without gaps
        draw.rectangle((x, floor - high - top, x + wide - gap, floor - top), fill=(0, 0, 0, 90))
        draw.rectangle((x + gap, ceiling, x + wide - 2 * gap, floor - top), fill=expression.colour)
