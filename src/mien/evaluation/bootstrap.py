"""Bootstrap over pictures: how far chance in the choice of pictures reaches."""

import numpy as np

from mien.results.scores import Interval


def resampled(pictures: int, resamples: int, seed: int) -> np.ndarray:
    """How often the bootstrap draws each picture.

    Args:
        pictures: How many there are.
        resamples: How many draws of all.
        seed: Of the draws.

    Returns:
        int [resamples, pictures], each row summing to `pictures`.
    """
    return np.random.default_rng(seed).multinomial(pictures, np.full(pictures, 1 / pictures), resamples)


def fraction_right(right: np.ndarray) -> Interval:
    """The fraction of true values and its 95% bootstrap interval: nothing but their sum counts, a binomial draw.

    Args:
        right: bool [N], at least one.

    Returns:
        All in [0, 1].
    """
    draws = np.random.default_rng(0).binomial(len(right), right.mean(), 2000) / len(right)
    return Interval.of(right.mean(), draws)
