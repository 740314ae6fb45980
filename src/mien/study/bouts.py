"""Bouts: spans in which a person shows one expression; their onsets, durations, and what follows what."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mien.study.people import Stay

SHORTEST = 0.25
"""A bout shorter than this, in seconds, is taken for flicker and given to its longer neighbour."""
ROUNDING = 1e-9
"""Seconds by which sums of frames' lengths may be off."""


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

    Args:
        stay: A person in a clip.
        shortest: Of a bout, in seconds.
        count_strange: Count the frames of faces that the gate calls strange.

    Returns:
        None overlap; empty where nothing is judged.
    """
    judged = judged_frames(stay, count_strange)
    sight = stay.sight[judged]
    if not len(sight.frames):
        return []
    starts, ends = stay.times[judged], stay.times[judged] + stay.seconds[judged]
    breaks = np.flatnonzero(starts[1:] - ends[:-1] > stay.clip.gap) + 1
    # a gap of the clip itself parts sights too, however short the absence
    passed = np.concatenate([[0], np.cumsum(stay.clip.parted[:-1])])[sight.frames]
    breaks = np.union1d(breaks, np.flatnonzero(np.diff(passed)) + 1)
    found: list[Bout] = []
    for part in np.split(np.arange(len(starts)), breaks.astype(int)):
        runs = _absorb(_runs(starts[part], ends[part], sight.shown[part]), shortest)
        found += _as_bouts(runs, starts[part], ends[part], sight.probabilities[part])
    return found


def _as_bouts(runs: list[_Run], starts: np.ndarray, ends: np.ndarray, probabilities: np.ndarray) -> list[Bout]:
    """The runs of one sight with their probabilities, from the frames of that sight."""
    found = []
    edges = np.searchsorted(starts, [run.start for run in runs])
    for place, (run, first, after) in enumerate(zip(runs, edges, [*edges[1:], len(starts)], strict=True)):
        values = probabilities[first:after, run.label]
        mean = float(np.average(values, weights=ends[first:after] - starts[first:after]))
        is_last = place == len(runs) - 1
        found.append(Bout(run.start, run.end, run.label, mean, float(values.max()), place == 0, is_last))
    return found


def judged_frames(stay: Stay, count_strange: bool = False) -> np.ndarray:
    """Bool [n]: the frames that count: an expression is told, and the gate knows the face or strange ones count.

    Args:
        stay: A person in a clip.
        count_strange: Count the frames of faces that the gate calls strange.

    Returns:
        One value for each of the stay's frames.
    """
    told = stay.sight.shown >= 0
    return told if count_strange else told & ~stay.sight.strange


def transitions(found: Sequence[Bout]) -> list[tuple[int, int]]:
    """For each bout that follows on another within one sight: the label before, and its own.

    Args:
        found: A stay's bouts, in order.

    Returns:
        Pairs of classes' places.
    """
    return [(before.label, after.label) for before, after in pairwise(found) if not after.first]


def _runs(starts: np.ndarray, ends: np.ndarray, labels: np.ndarray) -> list[_Run]:
    """Spans of one label; each goes on to the next one's start."""
    edges = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)]])
    until = np.append(starts[edges[1:-1]], ends[-1])
    return [
        _Run(float(starts[first]), float(end), int(labels[first])) for first, end in zip(edges[:-1], until, strict=True)
    ]


def _absorb(runs: list[_Run], shortest: float) -> list[_Run]:
    """The runs after each that is too short, the shortest first, went to its longer neighbour, the one before if alike.

    Neighbours that then show the same are one. A heap keeps an hour of flicker a matter of moments.
    """
    before = list(range(-1, len(runs) - 1))
    after = [*range(1, len(runs)), -1]
    gone = [False] * len(runs)
    lengths = [(run.end - run.start, place) for place, run in enumerate(runs)]
    heapq.heapify(lengths)

    def take(place: int, other: int) -> None:
        """Give the span of a neighbour to a run."""
        runs[place].start = min(runs[place].start, runs[other].start)
        runs[place].end = max(runs[place].end, runs[other].end)
        gone[other] = True
        left, right = before[other], after[other]
        if left >= 0:
            after[left] = right
        if right >= 0:
            before[right] = left

    while lengths:
        length, place = heapq.heappop(lengths)
        if gone[place] or length != runs[place].end - runs[place].start:
            continue  # merged, or longer by now: then it stands in the heap again
        beside = [other for other in (before[place], after[place]) if other >= 0]
        if length >= shortest - ROUNDING or not beside:
            break
        winner = max(beside, key=lambda other: runs[other].end - runs[other].start)
        take(winner, place)
        for other in (before[winner], after[winner]):
            if other >= 0 and runs[other].label == runs[winner].label:
                take(winner, other)
        heapq.heappush(lengths, (runs[winner].end - runs[winner].start, winner))
    return [run for run, is_gone in zip(runs, gone, strict=True) if not is_gone]
