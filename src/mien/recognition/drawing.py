"""Pictures of what was recognised: boxes with the expression and its probability, and the map as a heat layer."""

import math

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
    image = Image.fromarray(drawn)
    draw = ImageDraw.Draw(image, "RGBA")
    for face in reversed(faces):  # the largest last, on top
        _draw_face(draw, face, image.size)
    return np.asarray(image)


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


def _draw_face(draw: ImageDraw.ImageDraw, face: Face, size: tuple[int, int]) -> None:
    colour = STRANGE if face.strange else face.kind.colour
    line = max(2, round(face.box.width / 60))
    corners = (face.box.left, face.box.top, face.box.right, face.box.bottom)
    draw.rectangle(corners, outline=colour, width=line)

    font = ImageFont.load_default(size=float(np.clip(face.box.width / 8, 11, max(size) / 25)))
    text = f"{face.adjective}{'?' if face.strange else ''} {face.confidence:.0%}"
    if face.withheld:
        text = "not judged"
    if isinstance(face, TrackedFace):
        text = f"{face.track}: {text}"
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    margin = (bottom - top) * 0.35
    high = bottom - top + 2 * margin
    # Above the box where there is room, otherwise inside it; never past the picture's edge.
    x = min(max(face.box.left, 0), max(size[0] - (right - left) - 2 * margin, 0))
    y = face.box.top - high if face.box.top >= high else max(face.box.top, 0)
    draw.rectangle((x, y, x + right - left + 2 * margin, y + high), fill=colour)
    draw.text((x + margin - left, y + margin - top), text, fill="white", font=font)
    if face.box.width >= 80 and not face.withheld:
        _draw_bars(draw, face, size[1])


def _draw_bars(draw: ImageDraw.ImageDraw, face: Face, picture_height: int) -> None:
    """Bars in the order of the classes, below the box, or at the picture's lower edge where there is no room."""
    wide, high = face.box.width / len(face.classes), face.box.height / 6
    floor = min(face.box.bottom + high, picture_height)
    for place, (expression, share) in enumerate(zip(described(face.classes), face.probabilities, strict=True)):
        x, top = face.box.left + place * wide, floor - max(high * float(share), 1)
        gap = 1 if wide > 4 else 0  # of many classes the bars stand without gaps
        draw.rectangle((x, floor - high, x + wide - gap, floor), fill=(0, 0, 0, 90))
        draw.rectangle((x + gap, top, x + wide - 2 * gap, floor), fill=expression.colour)
