"""The shapes of a study: a clip with its clock, and what each face of it showed, as arrays."""

from dataclasses import dataclass

import numpy as np

LONGEST_GAP = 1.0
"""Rows further apart than this, in seconds, leave a gap, unless the rows are usually that far apart."""
GAP_SPACINGS = 4.0
"""So many times the usual distance between rows is no gap yet, as with `mien predict --every`."""
UNUSUAL = 1.5
"""So many times as many frames passed over as usual, and as much time, means that a span was left out."""
SINGLE_FRAME = 0.04
"""How long the only frame of a clip stands, in seconds: that of 25 frames a second."""


@dataclass(frozen=True, eq=False)
class Clock:
    """How long frames stand. seconds: float64 [F]; parted: bool [F], a gap follows; gap: see `Clip`."""

    seconds: np.ndarray
    parted: np.ndarray
    gap: float


@dataclass(frozen=True, eq=False)
class Sight:
    """The frames in which a face is seen.

    frames: int [n], rising, places in the clip's `times`; probabilities: float64 [n, C], NaN where the expression was
    withheld; shown: int [n], the most probable class, -1 where none was told; strange: bool [n], the gate's verdict was
    another than "known"; centres, areas: float64 [n, 2] and [n], of the face's box in pixels.
    """

    frames: np.ndarray
    probabilities: np.ndarray
    shown: np.ndarray
    strange: np.ndarray
    centres: np.ndarray
    areas: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> "Sight":
        """The same for some of the frames: a mask or places."""
        return Sight(
            self.frames[chosen],
            self.probabilities[chosen],
            self.shown[chosen],
            self.strange[chosen],
            self.centres[chosen],
            self.areas[chosen],
        )


@dataclass(frozen=True, eq=False)
class Clip:
    """A video as its rows tell of it.

    source: its name in the rows; name: a shorter one that is still its own; times: float64 [F], each frame's, rising,
    in seconds; seconds: float64 [F], how long each frame stands; parted: bool [F], rows are missing after it; gap: the
    longest time out of sight, in seconds, that parts no sight from the next; tracks: the faces by their numbers.
    """

    source: str
    name: str
    times: np.ndarray
    seconds: np.ndarray
    parted: np.ndarray
    gap: float
    tracks: dict[int, Sight]

    @property
    def start(self) -> float:
        """The first frame's time, in seconds."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """When the last frame ends, in seconds."""
        return float(self.times[-1] + self.seconds[-1])

    @property
    def left_out(self) -> float:
        """Seconds in gaps between rows, such as spans that were excluded."""
        return max(self.end - self.start - float(self.seconds.sum()), 0.0)


def clock(times: np.ndarray, numbers: np.ndarray, longest_gap: float | None = None) -> Clock:
    """How long each frame stands: until the next one; where a gap or the end follows, as long as the one before it.

    A gap is where rows are further apart than the longest distance that is none, and, unless that is given, where more
    frames were passed over than usual: there a span was left out, and not a still picture shown.

    Args:
        times: float64 [F], rising, in seconds.
        numbers: [F], the frames' numbers in the video, rising.
        longest_gap: The longest distance that is no gap, in seconds; None for `LONGEST_GAP` or `GAP_SPACINGS` times the
            median distance, whichever is longer.

    Returns:
        The seconds, where gaps follow, and the longest distance that is none.
    """
    if len(times) < 2:
        return Clock(np.full(len(times), SINGLE_FRAME), np.zeros(len(times), bool), longest_gap or LONGEST_GAP)
    apart, passed = np.diff(times), np.diff(numbers)
    usual = float(np.median(apart))
    longest = max(LONGEST_GAP, GAP_SPACINGS * usual) if longest_gap is None else longest_gap
    parted = apart > longest
    if longest_gap is None:
        parted |= (passed > UNUSUAL * np.median(passed)) & (apart > UNUSUAL * usual)
    seconds = np.append(np.where(parted, np.nan, apart), np.nan)
    for place in np.flatnonzero(np.isnan(seconds)):
        seconds[place] = seconds[place - 1] if place else min(usual, longest)
    return Clock(seconds, np.append(parted, False), longest)
