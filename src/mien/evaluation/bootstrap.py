"""Bootstrap over pictures: how far chance in the choice of pictures reaches."""

import numpy as np

from mien.results.scores import Interval


def resampled(pictures: int, resamples: int, seed: int) -> np.ndarray:
    """How often each picture is drawn, int [resamples, pictures], each row summing to the number of pictures."""
    return np.random.default_rng(seed).multinomial(pictures, np.full(pictures, 1 / pictures), resamples)


def fraction_right(right: np.ndarray) -> Interval:
    """The mean of bool [N] and its 95% interval: of shares nothing but their sum counts, a binomial draw."""
    draws = np.random.default_rng(0).binomial(len(right), right.mean(), 2000) / len(right)
    return Interval.of(right.mean(), draws)
