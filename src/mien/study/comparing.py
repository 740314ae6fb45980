"""The model's word beside a human's annotations, on the same seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mien.errors import DataError
from mien.study.bouts import judged_frames
from mien.study.listings import Annotation
from mien.study.people import Stay


@dataclass(eq=False)
class Compared:
    """A person in a clip as the human and the model saw them.

    confusion: float64 [C, C], seconds that the human called i and the model j; annotated: seconds; intensities: for
    each annotated span with an intensity its class, the human's and the model's mean probability, both in [0, 1].
    """

    stay: Stay
    confusion: np.ndarray
    annotated: float = 0.0
    intensities: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def compared(self) -> float:
        """Seconds that were both annotated and judged."""
        return float(self.confusion.sum())

    @property
    def shares(self) -> np.ndarray:
        """float64 [C, 2]: the share of the compared time of each class, the human's and the model's."""
        return np.stack([self.confusion.sum(1), self.confusion.sum(0)], 1) / max(self.compared, 1e-12)


def compare(
    annotations: Sequence[Annotation], stays: Sequence[Stay], classes: int, count_strange: bool = False
) -> tuple[list[Compared], list[DataError]]:
    """Lay annotations over the frames that the model judged, each frame by the part of it that a span covers.

    Time without annotation, and time in which the model judged nothing, is not compared.

    Args:
        annotations: What a human saw.
        stays: People in clips.
        classes: How many classes there are.
        count_strange: Count the frames of faces that the gate calls strange.

    Returns:
        A comparison for each person and clip, and what is wrong: annotations of people who are not in the clip, or
        without a person where there are several.
    """
    found: dict[tuple[str, str], Compared] = {}
    problems: dict[str, DataError] = {}
    for one in annotations:
        try:
            stay = _stay(one, stays)
        except DataError as error:
            problems.setdefault(str(error), error)
            continue
        key = stay.clip.source, stay.person
        _lay(one, found.setdefault(key, Compared(stay, np.zeros((classes, classes)))), count_strange)
    return list(found.values()), list(problems.values())


def _stay(one: Annotation, stays: Sequence[Stay]) -> Stay:
    there = [stay for stay in stays if stay.clip.source == one.clip.source]
    chosen = [stay for stay in there if stay.person == one.person] if one.person else there
    if len(chosen) == 1:
        return chosen[0]
    name = one.clip.name
    if not there:
        raise DataError(f"{name} is annotated, but nobody is seen in it; its agreement is left out")
    if one.person:
        raise DataError(f"{name} is annotated for {one.person}, who is not seen in it; that is left out")
    raise DataError(f"{name} shows {len(there)} people: say in a column person whom the annotations are of")


def _lay(one: Annotation, onto: Compared, count_strange: bool) -> None:
    stay = onto.stay
    judged = judged_frames(stay, count_strange)
    starts, seconds = stay.times[judged], stay.seconds[judged]
    common = (np.minimum(starts + seconds, one.end) - np.maximum(starts, one.start)).clip(0)
    sight = stay.sight[judged]
    onto.annotated += one.end - one.start
    onto.confusion[one.label] += np.bincount(sight.shown, common, len(onto.confusion))
    if one.intensity is not None and common.sum() > 0:
        mean = float(np.average(sight.probabilities[:, one.label], weights=common))
        onto.intensities.append((one.label, one.intensity, mean))
