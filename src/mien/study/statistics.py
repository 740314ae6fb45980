"""What each person, clip and group showed: time shares, mean probabilities and onsets, with bootstrap intervals.

Every figure is one sum divided by another, both weighed by how long frames stand and not by how many there are. A
person's is pooled over their clips; a group's is the mean of its people, each of whom counts alike.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mien.names import natural
from mien.study.bouts import SHORTEST, Bout, bouts, judged_frames, transitions
from mien.study.people import Stay

RESAMPLES = 2000
SEED = 0


class Over(StrEnum):
    """What an interval's bootstrap draws: people, the clips of the only person, or nothing, where there is one clip."""

    PEOPLE = "people"
    CLIPS = "clips"
    NONE = "none"


@dataclass(frozen=True)
class Estimate:
    """A figure and the ends of its 95% interval; NaN where there is none."""

    value: float
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True, eq=False)
class Told:
    """A person's stay in a clip in sums, from which all figures are made.

    in_sight, judged: seconds; shown: float64 [C], seconds of each class; weight: float64 [C], the sum of each class's
    probability times seconds; onsets: float64 [C]; bouts: in order.
    """

    stay: Stay
    group: str
    in_sight: float
    judged: float
    shown: np.ndarray
    weight: np.ndarray
    onsets: np.ndarray
    bouts: list[Bout]


@dataclass(frozen=True, eq=False)
class Part:
    """Whose figures these are.

    of: "all", "group", "person" or "clip" (a person in a clip); group, person, clip: "" where there are several.
    """

    of: str
    group: str
    person: str
    clip: str
    told: list[Told]

    @property
    def people(self) -> list[str]:
        """The people in it, by name."""
        return sorted({one.stay.person for one in self.told})


def tell(stay: Stay, group: str, classes: int, shortest: float = SHORTEST, count_strange: bool = False) -> Told:
    """Sum a stay up. Frames of strange faces are not judged unless `count_strange`.

    Args:
        stay: A person in a clip.
        group: Theirs, "" for none.
        classes: How many classes there are.
        shortest: Of a bout, in seconds.
        count_strange: Count the frames of faces that the gate calls strange.

    Returns:
        The sums.
    """
    judged = judged_frames(stay, count_strange)
    seconds, shown = stay.seconds[judged], stay.sight.shown[judged]
    found = bouts(stay, shortest, count_strange)
    onsets = np.zeros(classes)
    for _, label in transitions(found):
        onsets[label] += 1
    return Told(
        stay,
        group,
        float(stay.seconds.sum()),
        float(seconds.sum()),
        np.bincount(shown, seconds, classes).astype(float),
        (stay.sight.probabilities[judged] * seconds[:, None]).sum(0),
        onsets,
        found,
    )


def parts(told: Sequence[Told]) -> list[Part]:
    """All there are figures of: everybody, each group, each person (in each group) and each person in each clip.

    Args:
        told: Stays, summed up.

    Returns:
        The whole first.
    """
    whole = [Part("all", "", "", "", list(told))]
    groups = sorted({one.group for one in told if one.group}, key=natural)
    whole += [Part("group", group, "", "", [one for one in told if one.group == group]) for group in groups]
    for person in sorted({one.stay.person for one in told}, key=natural):
        theirs = [one for one in told if one.stay.person == person]
        for group in sorted({one.group for one in theirs}):
            whole.append(Part("person", group, person, "", [one for one in theirs if one.group == group]))
    return whole + [Part("clip", one.group, one.stay.person, one.stay.clip.name, [one]) for one in told]


def drawn_over(part: Part, people_in_study: int) -> Over:
    """What the bootstrap of a part draws: people, or the clips where it is about one person.

    A group of one person has no interval in a study of several: it would be of another kind than the others'.

    Args:
        part: Whose figures.
        people_in_study: How many there are.

    Returns:
        `Over.NONE` where there is no interval.
    """
    if len(part.people) > 1:
        return Over.PEOPLE
    about_one = part.of in ("person", "clip") or people_in_study == 1
    return Over.CLIPS if about_one and len({one.stay.clip.source for one in part.told}) > 1 else Over.NONE


def estimates(
    part: Part,
    over: Over,
    numerator: Callable[[Told], np.ndarray],
    denominator: Callable[[Told], float] = lambda one: one.judged,
    resamples: int = RESAMPLES,
) -> list[Estimate]:
    """A figure of each class: the ratio of two sums, with its percentile bootstrap interval.

    Args:
        part: Whose.
        over: What is drawn.
        numerator: Of a stay, float64 [K].
        denominator: Of a stay.
        resamples: How often.

    Returns:
        K estimates; NaN where nothing was judged.
    """
    unit: Callable[[Told], str] = (
        (lambda one: one.stay.person) if over is Over.PEOPLE else (lambda one: one.stay.clip.source)
    )
    units = sorted({unit(one) for one in part.told})
    above = np.array([sum(numerator(one) for one in part.told if unit(one) == name) for name in units])
    below = np.array([sum(denominator(one) for one in part.told if unit(one) == name) for name in units])
    kept = below > 0
    above, below = above[kept], below[kept]
    if not len(below):
        return [Estimate(np.nan)] * (above.shape[1] if above.ndim > 1 else 0)
    if over is Over.PEOPLE:
        values = above / below[:, None]
        return _with_intervals(values.mean(0), lambda drawn: drawn @ values / len(values), len(values), resamples)
    value = above.sum(0) / below.sum()
    if over is Over.NONE:
        return [Estimate(float(one)) for one in value]
    return _with_intervals(value, lambda drawn: (drawn @ above) / (drawn @ below)[:, None], len(below), resamples)


def _with_intervals(
    value: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray], units: int, resamples: int
) -> list[Estimate]:
    """The values with the middle 95% of what so many draws of the units come to."""
    if units < 2:
        return [Estimate(float(one)) for one in value]
    drawn = np.random.default_rng(SEED).multinomial(units, np.full(units, 1 / units), resamples)
    low, high = np.percentile(statistic(drawn), [2.5, 97.5], axis=0)
    return [Estimate(*map(float, ends)) for ends in zip(value, low, high, strict=True)]
