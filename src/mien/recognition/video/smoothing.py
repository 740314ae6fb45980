"""Smooth a face's probabilities over time: single frames flicker, expressions do not."""

import math

import numpy as np

MEMORY = 0.35
"""A reading's weight falls to a third after this long, in seconds: slower than flicker, quicker than a smile."""


class Smoother:
    """A running mean that follows time and not frames, so that a low frame rate is smoothed as a high one is.

    Attributes:
        time: Of the last reading, in seconds.
    """

    def __init__(self) -> None:
        self._value: np.ndarray | None = None
        self.time = 0.0

    def add(self, probabilities: np.ndarray, time: float) -> np.ndarray:
        """Take another reading.

        An exponential moving average with the time constant `MEMORY`: of a step, 1 - exp(-t / MEMORY) is seen after t
        seconds.

        Args:
            probabilities: float32 [classes].
            time: Of the reading, in seconds.

        Returns:
            The smoothed probabilities, float32 [classes].
        """
        if self._value is None:
            self._value = probabilities.astype(np.float32)
        share = 1 - math.exp(-max(time - self.time, 0.0) / MEMORY)
        self._value = self._value + np.float32(share) * (probabilities - self._value)
        self.time = time
        return self._value
