"""Move the crop over a face: what a detector that errs would have cut."""

import numpy as np
from scipy.ndimage import affine_transform


def moved(
    faces: np.ndarray,
    right: np.ndarray | float = 0.0,
    down: np.ndarray | float = 0.0,
    scale: np.ndarray | float = 1.0,
    turn: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Show faces as another crop of the same pictures would, bilinear, the edge repeated.

    Each amount is one number, or one for each face. What lies outside the original crop is not known: repeating its
    edge makes large moves look worse than a real picture would.

    Args:
        faces: uint8 [N, s, s].
        right: How far the crop's centre lies off, in sides of the crop.
        down: The same, towards the chin.
        scale: Its side over the right one; above 1 shows more of the surroundings.
        turn: Degrees that it is turned, clockwise as the viewer sees it.

    Returns:
        uint8 [N, s, s].
    """
    count, side = len(faces), faces.shape[1]
    values = (np.broadcast_to(np.asarray(value, float), count) for value in (right, down, scale, np.deg2rad(turn)))
    middle = (side - 1) / 2
    result = np.empty_like(faces)
    for number, (x, y, size, angle) in enumerate(zip(*values, strict=True)):
        cos, sin = size * np.cos(angle), size * np.sin(angle)
        matrix = np.array([[cos, sin], [-sin, cos]])  # rows before columns, as arrays have them
        start = (middle * (1 - sin - cos) + y * side, middle * (1 - cos + sin) + x * side)
        values = affine_transform(faces[number], matrix, start, output=np.float32, order=1, mode="nearest")
        result[number] = np.rint(values)
    return result
