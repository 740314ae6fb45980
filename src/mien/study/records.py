"""The records of a study's tables; what their columns mean stands in `tables`."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from mien.recognition.circumplex import coordinates
from mien.study.agreement import icc_2_1, kappa, one_against_others
from mien.study.bouts import Bout, transitions
from mien.study.comparing import Compared
from mien.study.statistics import RESAMPLES, SEED, Estimate, Over, Part, Told, estimates
from mien.study.study import Study

Records = Iterator[dict[str, Any]]


def all_tables(study: Study) -> dict[str, list[dict[str, Any]]]:
    """The records of every table that the study has, by its name.

    Args:
        study: The study.

    Returns:
        Records by the names of `tables.TABLES`.
    """
    made = {
        "clips": list(clips(study)),
        "summary": list(summary(study)),
        "bouts": list(bouts(study)),
        "transitions": list(transition_counts(study)),
    }
    if study.settings.events is not None:
        made["time_courses"] = list(time_courses(study))
    if study.compared is not None:
        made["agreement"] = list(agreement(study))
    if study.settings.circumplex:
        made["circumplex"] = list(circumplex(study))
    return made


def whose(part: Part) -> dict[str, str]:
    """The columns that say whose figures a record holds.

    Args:
        part: Whose figures.

    Returns:
        By column.
    """
    return {"of": part.of, "group": part.group, "person": part.person, "clip": part.clip}


def spread(name: str, estimate: Estimate) -> dict[str, float]:
    """A figure and the ends of its interval as columns.

    Args:
        name: The figure's column.
        estimate: The figure.

    Returns:
        By column.
    """
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def clips(study: Study) -> Records:
    """A record a clip.

    Args:
        study: The study.

    Yields:
        In the clips' order.
    """
    for clip in study.rows.clips:
        frames = [sight.frames for sight in clip.tracks.values()]
        seen = np.unique(np.concatenate(frames)) if frames else np.empty(0, int)
        yield {
            "clip": clip.name,
            "source": clip.source,
            "start": clip.start,
            "end": clip.end,
            "frames": len(clip.times),
            "seconds": clip.seconds.sum(),
            "gap_seconds": clip.left_out,
            "face_seconds": clip.seconds[seen].sum(),
            "faces": len(clip.tracks),
        }


def summary(study: Study) -> Records:
    """A record for each part of the study and each class.

    Args:
        study: The study.

    Yields:
        All classes of a part, then the next part.
    """
    for part, over in study.parts:
        in_sight, judged = sum(one.in_sight for one in part.told), sum(one.judged for one in part.told)
        shares = estimates(part, over, lambda one: one.shown)
        means = estimates(part, over, lambda one: one.weight)
        onsets = estimates(part, over, lambda one: one.onsets * 60)
        for label, name in enumerate(study.classes):
            found = [bout for one in part.told for bout in one.bouts if bout.label == label]
            durations = [bout.duration for bout in found]
            yield (
                whose(part)
                | {
                    "expression": name,
                    "people": len(part.people),
                    "clips": len({one.stay.clip.source for one in part.told}),
                    "in_sight": in_sight,
                    "judged": judged,
                    "not_judged": (in_sight - judged) / in_sight if in_sight else np.nan,
                    "seconds": sum(one.shown[label] for one in part.told),
                }
                | spread("share", shares[label])
                | spread("mean_probability", means[label])
                | spread("onsets_per_minute", onsets[label])
                | {
                    "bouts": len(found),
                    "onsets": int(sum(one.onsets[label] for one in part.told)),
                    "mean_duration": np.mean(durations) if found else np.nan,
                    "median_duration": np.median(durations) if found else np.nan,
                    "interval_over": str(over if np.isfinite(shares[label].low) else Over.NONE),
                }
            )


def bouts(study: Study) -> Records:
    """A record a bout, in the clips' and people's order.

    Args:
        study: The study.

    Yields:
        One after another in time.
    """
    for one in study.told:
        who = {"group": one.group, "person": one.stay.person, "clip": one.stay.clip.name}
        for bout in one.bouts:
            yield who | _bout(bout, study.classes)


def _bout(bout: Bout, classes: Sequence[str]) -> dict[str, Any]:
    return {
        "expression": classes[bout.label],
        "start": bout.start,
        "end": bout.end,
        "duration": bout.duration,
        "mean_probability": bout.mean,
        "peak_probability": bout.peak,
        "first_in_sight": int(bout.first),
        "last_in_sight": int(bout.last),
    }


def counts(told: Sequence[Told], classes: int) -> np.ndarray:
    """How often bouts of class i are followed by bouts of class j, int [C, C].

    Args:
        told: Stays, summed up.
        classes: How many classes there are.

    Returns:
        Rows: what was before; columns: what followed.
    """
    found = np.zeros((classes, classes), int)
    for one in told:
        for before, after in transitions(one.bouts):
            found[before, after] += 1
    return found


def transition_counts(study: Study) -> Records:
    """A record for each part of the study and each pair of classes that follow each other in it.

    Args:
        study: The study.

    Yields:
        Pairs that occur.
    """
    for part, _ in study.parts:
        found = counts(part.told, len(study.classes))
        for before, after in np.argwhere(found):
            count = int(found[before, after])
            names = {"before": study.classes[before], "after": study.classes[after]}
            yield whose(part) | names | {"count": count, "probability": count / found[before].sum()}


def time_courses(study: Study) -> Records:
    """A record for each event's name, group, class and bin.

    Args:
        study: The study.

    Yields:
        The bins in order.
    """
    for course in study.courses:
        for label, name in enumerate(study.classes):
            for place, time in enumerate(course.times):
                at = place, label
                value = Estimate(course.value[at], course.low[at], course.high[at])
                head = {"event": course.name, "group": course.group, "expression": name, "time": time}
                counted = {"people": int(course.people[place]), "events": course.events}
                yield head | spread("mean_probability", value) | counted


def agreement(study: Study) -> Records:
    """Records for all classes and each, of everything that was compared and of each person and clip.

    Args:
        study: The study.

    Yields:
        All together first, then each person in each clip.
    """
    compared = study.compared or []
    if compared:
        yield from _agreement(study, compared, {"of": "all", "person": "", "clip": ""})
    for one in compared:
        yield from _agreement(study, [one], {"of": "clip", "person": one.stay.person, "clip": one.stay.clip.name})


def _agreement(study: Study, compared: Sequence[Compared], whose: dict[str, str]) -> Records:
    confusion = sum((one.confusion for one in compared), np.zeros_like(compared[0].confusion))
    total = confusion.sum()
    head = whose | {"compared": total, "annotated": sum(one.annotated for one in compared)}
    agreed = np.trace(confusion) / total if total else np.nan
    yield head | spread("kappa", _kappa(compared, kappa)) | {"agreement": agreed} | _icc(compared, None)
    for label, name in enumerate(study.classes):
        pair = one_against_others(confusion, label)
        if total and pair[0].sum() + pair[:, 0].sum() > 0:
            yield (
                head
                | {"expression": name}
                | spread("kappa", _kappa(compared, partial(_kappa_of_one, label=label)))
                | {
                    "agreement": np.trace(pair) / total,
                    "human_share": pair[0].sum() / total,
                    "model_share": pair[:, 0].sum() / total,
                }
                | _icc(compared, label)
            )


def _kappa_of_one(confusion: np.ndarray, label: int) -> float:
    return kappa(one_against_others(confusion, label))


def _kappa(compared: Sequence[Compared], of: Callable[[np.ndarray], float]) -> Estimate:
    """Kappa, with a bootstrap over people or, of one person, over clips."""
    confusions = np.array([one.confusion for one in compared])
    value = of(confusions.sum(0))
    people = {one.stay.person for one in compared}
    units = [one.stay.person if len(people) > 1 else one.stay.clip.source for one in compared]
    names = sorted(set(units))
    if len(names) < 2:
        return Estimate(value)
    by_unit = np.array([confusions[[unit == name for unit in units]].sum(0) for name in names])
    drawn = np.random.default_rng(SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), RESAMPLES)
    values = np.array([of(one) for one in np.tensordot(drawn, by_unit, 1)])
    values = values[np.isfinite(values)]
    return Estimate(value, *map(float, np.percentile(values, [2.5, 97.5]))) if len(values) else Estimate(value)


def _icc(compared: Sequence[Compared], label: int | None) -> dict[str, Any]:
    """The ICC over judged spans' intensities where the human gave any, else over shares of people in clips."""
    spans = [(human, model) for one in compared for of, human, model in one.intensities if label in (None, of)]
    if any(one.intensities for one in compared):
        values, of = np.array(spans).reshape(-1, 2), "intensities"
    elif label is None:
        return {}
    else:
        values, of = np.array([one.shares[label] for one in compared if one.compared > 0]), "shares"
    return {"icc": icc_2_1(values) if len(values) else np.nan, "icc_values": len(values), "icc_of": of}


def circumplex(study: Study) -> Records:
    """A record for each part of the study: valence and arousal, derived from the mean probabilities.

    Args:
        study: The study.

    Yields:
        In the parts' order.
    """
    places = coordinates(study.classes)
    for part, over in study.parts:
        valence, arousal = estimates(part, over, lambda one: one.weight @ places)
        derived = spread("valence_derived", valence) | spread("arousal_derived", arousal)
        yield whose(part) | derived | {"interval_over": str(over if np.isfinite(valence.low) else Over.NONE)}
