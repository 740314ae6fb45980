"""Time courses: how probable each class was before and after an event, on average over people."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.study.bouts import judged_frames
from mien.study.listings import Event
from mien.study.people import Stay
from mien.study.statistics import RESAMPLES, SEED


@dataclass(frozen=True, eq=False)
class Course:
    """A course around one kind of event.

    times: float64 [B], the bins' middles, in seconds after the event; value, low, high: float64 [B, C], the mean
    probability over people and its 95% bootstrap interval over them, NaN where nobody was judged (or only one was);
    people: int [B], how many were; events: how many were used.
    """

    name: str
    group: str
    times: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    people: np.ndarray
    events: int


def course(
    name: str,
    group: str,
    events: Sequence[Event],
    stays: Sequence[Stay],
    window: tuple[float, float],
    step: float,
    count_strange: bool = False,
) -> Course:
    """Average the classes' probabilities around events of one name.

    Within a bin frames count by how long they stand, a person's events alike, and people alike.

    Args:
        name: The events'.
        group: Whose stays these are; "" for all.
        events: The events.
        stays: People in clips.
        window: Seconds from before (negative) to after the event.
        step: A bin's length in seconds.
        count_strange: Count the frames of faces that the gate calls strange.

    Returns:
        The course, of NaN where nobody was judged.
    """
    count = max(round((window[1] - window[0]) / step), 1)
    edges = np.linspace(window[0], window[1], count + 1)
    of: dict[str, list[np.ndarray]] = {}
    used = set()
    for number, event in enumerate(events):
        for stay in stays:
            if stay.clip.source == event.clip.source:
                one = _one(stay, event.time + edges, count_strange)
                if np.isfinite(one).any():
                    of.setdefault(stay.person, []).append(one)
                    used.add(number)
    classes = stays[0].sight.probabilities.shape[1] if stays else 0
    by_person = np.array([_mean(np.array(ones)) for _, ones in sorted(of.items())])
    if not len(by_person):
        by_person = np.full((1, count, classes), np.nan)
    value, people = _mean(by_person), np.isfinite(by_person[:, :, 0]).sum(0)
    low, high = _interval(by_person)
    return Course(name, group, (edges[1:] + edges[:-1]) / 2, value, low, high, people, len(used))


def _one(stay: Stay, edges: np.ndarray, count_strange: bool) -> np.ndarray:
    """The mean probabilities float64 [B, C] between the edges on the clip's clock, NaN where nothing was judged."""
    judged = judged_frames(stay, count_strange)
    starts = stay.times[judged]
    ends, probabilities = starts + stay.seconds[judged], stay.sight.probabilities[judged]
    near = (ends > edges[0]) & (starts < edges[-1])
    starts, ends, probabilities = starts[near], ends[near], probabilities[near]
    common = (np.minimum(ends[None], edges[1:, None]) - np.maximum(starts[None], edges[:-1, None])).clip(0)
    total = common.sum(1, keepdims=True)
    return np.where(total > 1e-9, common @ probabilities / np.maximum(total, 1e-9), np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is there, NaN where nothing is."""
    there = np.isfinite(values)
    count = there.sum(0)
    return np.where(count > 0, np.where(there, values, 0).sum(0) / np.maximum(count, 1), np.nan)


def _interval(by_person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    there = np.isfinite(by_person).astype(float)
    people = len(by_person)
    drawn = np.random.default_rng(SEED).multinomial(people, np.full(people, 1 / people), RESAMPLES)
    above = np.tensordot(drawn, np.where(there > 0, by_person, 0), 1)
    below = np.tensordot(drawn, there, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(below > 0, above / below, np.nan)
    enough = there.sum(0) > 1
    low, high = np.full(enough.shape, np.nan), np.full(enough.shape, np.nan)
    if enough.any():
        low[enough], high[enough] = np.nanpercentile(means[:, enough], [2.5, 97.5], axis=0)
    return low, high
