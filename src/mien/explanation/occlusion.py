"""Occlusion maps (Zeiler and Fergus 2014): what a class loses when a patch of the face is blurred."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

PATCH = 8
BLUR = 8.0
"""Standard deviation in pixels that leaves nothing of a 48-px face but its light and dark sides."""


def blurred(faces: np.ndarray) -> np.ndarray:
    """Faces with their features gone: what stands where a pixel is taken away.

    Args:
        faces: uint8 [N, s, s].

    Returns:
        uint8 [N, s, s].
    """
    values = gaussian_filter(faces.astype(np.float32), (0, BLUR, BLUR), mode="nearest", truncate=3)
    return np.rint(values).astype(np.uint8)


def occlusion(predict: Callable[[np.ndarray], np.ndarray], faces: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How far the log probability of a class falls when a patch is blurred (Zeiler and Fergus 2014, section 4.2).

    Args:
        predict: Faces uint8 [M, s, s] to probabilities [M, classes]; it is asked once a patch.
        faces: uint8 [N, s, s].
        classes: int [N].

    Returns:
        float [N, s / 8, s / 8].
    """
    count, side = len(faces), faces.shape[1]
    here = np.arange(count)
    gone, plain = blurred(faces), _log(predict(faces)[here, classes])
    grid = range(0, side, PATCH)
    found = np.empty((count, len(grid), len(grid)))
    for row, top in enumerate(grid):
        for column, left in enumerate(grid):
            patch = np.s_[:, top : top + PATCH, left : left + PATCH]
            covered = faces.copy()
            covered[patch] = gone[patch]
            found[:, row, column] = plain - _log(predict(covered)[here, classes])
    return found


def _log(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities, 1e-12))
