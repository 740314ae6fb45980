"""Valence and arousal derived from an expression's probabilities: a projection, not a measurement.

Each class has a place in the plane of pleasure and arousal; the derived place of a face is the mean of the classes'
places, weighed by their probabilities. The places are the mean ratings of the words "angry", "disgusted", "fearful",
"happy", "sad" and "surprised" for pleasure and arousal, in [-1, 1], in Russell, J. A. and Mehrabian, A. (1977),
"Evidence for a three-factor theory of emotions", Journal of Research in Personality 11, 273-294; "neutral" is the
middle. The plane is the circumplex of Russell, J. A. (1980), "A circumplex model of affect", Journal of Personality and
Social Psychology 39, 1161-1178. The ratings are of words, not of faces: nothing is in the result that the probabilities
do not say.
"""

from collections.abc import Sequence

import numpy as np

from mien.errors import MienError
from mien.expressions import NAMES, PLEASURE_AND_AROUSAL

VALENCE, AROUSAL = "valence_derived", "arousal_derived"
"""The columns' names: wherever the values are shown they are called derived."""


def coordinates(classes: Sequence[str]) -> np.ndarray:
    """The classes' places, float64 [7, 2]: valence and arousal, each in [-1, 1].

    Args:
        classes: In any order.

    Returns:
        One row a class, in their order.

    Raises:
        MienError: The classes are not the seven that have published places.
    """
    if set(classes) != set(NAMES) or len(classes) != len(NAMES):
        raise MienError(
            f"valence and arousal are derived for {', '.join(NAMES)} alone; leave the circumplex out for other classes"
        )
    return np.array([PLEASURE_AND_AROUSAL[name] for name in classes])


def derived(probabilities: np.ndarray, classes: Sequence[str] = NAMES) -> np.ndarray:
    """Valence and arousal, float64 [..., 2], derived from probabilities [..., 7] in the order of `classes`.

    Args:
        probabilities: Each row sums to 1.
        classes: In the order of the probabilities.

    Returns:
        Valence and arousal, each in [-1, 1].
    """
    return probabilities @ coordinates(classes)
