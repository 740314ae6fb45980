"""Several views of one face, whose answers are averaged: as it is, mirrored, and cut five ways (ten-crop)."""

from collections.abc import Iterator

import numpy as np
from PIL import Image

CROP = 44
"""The side of ten-crop's cuts of a 48-pixel face, as in the networks it is known from."""
COUNTS = (1, 2, 10)


def augmented(faces: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Views of faces to average over.

    Args:
        faces: uint8 [N, 48, 48].
        count: 1: as they are; 2: mirrored too; 10: the corners and the middle, enlarged to the whole again, each
            mirrored too.

    Yields:
        `count` views, uint8 [N, 48, 48] each.
    """
    for whole in [faces] if count < 10 else _cuts(faces):
        yield whole
        if count > 1:
            yield np.ascontiguousarray(whole[:, :, ::-1])


def _cuts(faces: np.ndarray) -> Iterator[np.ndarray]:
    side = faces.shape[1]
    rest = side - CROP
    for top, left in ((0, 0), (0, rest), (rest, 0), (rest, rest), (rest // 2, rest // 2)):
        cut = faces[:, top : top + CROP, left : left + CROP]
        yield np.stack(
            [np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)) for face in cut]
        )
