"""Bouts: spans in which a person shows one expression; their onsets, durations, and what follows what."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mien.study.people import Stay

SHORTEST = 0.25
"""A bout shorter than this, in seconds, is taken for flicker and given to its longer neighbour."""


@dataclass(frozen=True)
class Bout:
    """A span in which a person shows one expression.

    start, end: seconds on the clip's clock; label: the class; mean, peak: its probability over the bout, weighed by
    time, and the highest; first, last: whether it is the first or last of a sight: then it may have begun before the
    face was seen, or gone on after.
    """

    start: float
    end: float
    label: int
    mean: float
    peak: float
    first: bool
    last: bool

    @property
    def duration(self) -> float:
        """Its length in seconds."""
        return self.end - self.start


@dataclass
class _Run:
    start: float
    end: float
    label: int


def bouts(stay: Stay, shortest: float = SHORTEST, count_strange: bool = False) -> list[Bout]:
    """The bouts of a person in a clip, in order.

    A bout goes on where the face is missing or not judged for no longer than the clip's `gap`; a longer absence ends
    the sight. Bouts shorter than `shortest` seconds are given to their longer neighbour, the shortest first, but where
    they have none.
    """
    judged = judged_frames(stay, count_strange)
    sight = stay.sight[judged]
    if not len(sight.frames):
        return []
    starts, ends = stay.times[judged], stay.times[judged] + stay.seconds[judged]
    breaks = np.flatnonzero(starts[1:] - ends[:-1] > stay.clip.gap) + 1
    # a gap of the clip itself parts sights too, however short the absence
    jumps = np.diff(stay.clip.times) > stay.clip.gap
    passed = np.concatenate([[0], np.cumsum(jumps)])[sight.frames]
    breaks = np.union1d(breaks, np.flatnonzero(np.diff(passed)) + 1)
    found: list[Bout] = []
    for part in np.split(np.arange(len(starts)), breaks.astype(int)):
        runs = _absorb(_runs(starts[part], ends[part], sight.shown[part]), shortest)
        weights = ends[part] - starts[part]
        for place, run in enumerate(runs):
            inside = (starts[part] >= run.start) & (starts[part] < run.end)
            values = sight.probabilities[part][inside, run.label]
            mean = float(np.average(values, weights=weights[inside]))
            edges = place == 0, place == len(runs) - 1
            found.append(Bout(run.start, run.end, run.label, mean, float(values.max()), *edges))
    return found


def judged_frames(stay: Stay, count_strange: bool = False) -> np.ndarray:
    """Bool [n]: the frames that count: an expression is told, and the gate knows the face or strange ones count."""
    told = stay.sight.shown >= 0
    return told if count_strange else told & ~stay.sight.strange


def transitions(found: Sequence[Bout]) -> list[tuple[int, int]]:
    """For each bout that follows on another within one sight: the label before, and its own."""
    return [(before.label, after.label) for before, after in pairwise(found) if not after.first]


def _runs(starts: np.ndarray, ends: np.ndarray, labels: np.ndarray) -> list[_Run]:
    """Spans of one label; each goes on to the next one's start."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]])
    until = np.append(starts[edges[1:-1]], ends[-1])
    return [
        _Run(float(starts[first]), float(end), int(labels[first])) for first, end in zip(edges, until, strict=False)
    ]


def _absorb(runs: list[_Run], shortest: float) -> list[_Run]:
    while len(runs) > 1:
        place = min(range(len(runs)), key=lambda index: runs[index].end - runs[index].start)
        if runs[place].end - runs[place].start >= shortest - 1e-9:
            break
        beside = [index for index in (place - 1, place + 1) if 0 <= index < len(runs)]
        runs[place].label = runs[max(beside, key=lambda index: runs[index].end - runs[index].start)].label
        runs = _merged(runs)
    return runs


def _merged(runs: list[_Run]) -> list[_Run]:
    merged = [runs[0]]
    for run in runs[1:]:
        if run.label == merged[-1].label:
            merged[-1].end = run.end
        else:
            merged.append(run)
    return merged
