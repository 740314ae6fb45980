"""Pictures of what was recognised: boxes with the expression and its probability, and the map as a heat layer."""

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mien.expressions import BY_NAME, EXPRESSIONS
from mien.recognition.faces import Face, Square, TrackedFace

# The heat layer's strongest place covers the picture by this much.
HEAT_OPACITY = 0.6
# The map is brought to this size before it is laid over the picture, so that it fills its square to the edge.
LAYER_SIDE = 96
# Box and name of a face that the gate found strange.
STRANGE = "#6b7280"


def annotate(picture: np.ndarray, faces: list[Face], show_map: bool = False) -> np.ndarray:
    """A copy of uint8 RGB [H, W, 3] with a box around each face, its expression, and a bar for each of the seven.

    show_map: lay each face's map of its expression over it, for models that have one.
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
    """Where the face shows its expression: float32 [h, w] in [0, 1], the class's scores above their mean.

    Raises ValueError for a face of a model without maps.
    """
    if face.map is None:
        raise ValueError("this face was read by a model without maps")
    scores = face.map[int(face.probabilities.argmax())]
    above = np.maximum(scores - scores.mean(), 0)
    return above / max(float(above.max()), 1e-9)


def lay_heat(picture: np.ndarray, square: Square, strength: np.ndarray) -> np.ndarray:
    """Lay float32 [h, w] in [0, 1], one value a place of the upright crop, over the picture where the crop was cut."""
    layer = cv2.resize(strength, (LAYER_SIDE, LAYER_SIDE), interpolation=cv2.INTER_LINEAR)
    step = square.side / LAYER_SIDE
    cos, sin = math.cos(square.turn) * step, math.sin(square.turn) * step
    middle = (LAYER_SIDE - 1) / 2
    # From the layer's pixel indices to the picture's; OpenCV counts from the first pixel's centre.
    matrix = np.array(
        [
            [cos, -sin, square.x - 0.5 - middle * (cos - sin)],
            [sin, cos, square.y - 0.5 - middle * (sin + cos)],
        ]
    )
    size = (picture.shape[1], picture.shape[0])
    cover = cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_LINEAR)
    colours = cv2.applyColorMap((np.clip(cover, 0, 1) * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[:, :, ::-1]
    share = (np.clip(cover, 0, 1) * HEAT_OPACITY)[:, :, None]
    return np.rint(picture * (1 - share) + colours * share).astype(np.uint8)


def _draw_face(draw: ImageDraw.ImageDraw, face: Face, size: tuple[int, int]) -> None:
    colour = STRANGE if face.strange else BY_NAME[face.expression].colour
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
    """Seven bars in the order of the classes, below the box, or at the picture's lower edge where there is no room."""
    wide, high = face.box.width / len(EXPRESSIONS), face.box.height / 6
    floor = min(face.box.bottom + high, picture_height)
    for place, (expression, share) in enumerate(zip(EXPRESSIONS, face.probabilities, strict=True)):
        x = face.box.left + place * wide
        draw.rectangle((x, floor - high, x + wide - 1, floor), fill=(0, 0, 0, 90))
        draw.rectangle((x + 1, floor - max(high * float(share), 1), x + wide - 2, floor), fill=expression.colour)
