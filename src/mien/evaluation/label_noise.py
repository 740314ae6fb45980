"""How far FER2013's labels can be trusted, by FER+'s ten raters, and what a model's accuracy means beside them."""

from dataclasses import dataclass

import numpy as np

from mien.data.dataset import FaceData
from mien.data.votes import RATED, VOTED
from mien.errors import DataError
from mien.evaluation.bootstrap import fraction_right
from mien.expressions import NAMES, described
from mien.results.scores import ClassNoise, LabelNoise

NO_VOTES, NO_MAJORITY, CONTEMPT, UNKNOWN, NO_FACE = "no votes", "no majority", "contempt", "unknown", "no face"
_LEFT_OUT = {"contempt": CONTEMPT, "unknown": UNKNOWN, "nf": NO_FACE}


def majority(raters: np.ndarray, classes: tuple[str, ...] = NAMES) -> tuple[np.ndarray, np.ndarray]:
    """The majority of FER+'s raters (Barsoum et al. 2016).

    A single vote is dropped as an outlier, as FER+ does; what is left must have more than half of all votes cast.

    Args:
        raters: Votes int [N, 10], columns `RATED`.
        classes: The classes' names, in order.

    Returns:
        Indices in `classes`, int [N], -1 for none; and the reasons, str [N], empty where there is a majority for one of
        the classes.
    """
    kept = np.where(raters > 1, raters, 0)
    first = kept.argmax(1)
    cast = raters.sum(1)
    carried = kept.max(1) * 2 > cast
    nouns = [kind.noun for kind in described(classes)]  # FER+'s words
    places = np.array([nouns.index(name) if name in nouns else -1 for name in RATED])
    why = np.array(["" if name in nouns else _LEFT_OUT.get(name, name) for name in RATED])[first]
    why = np.where(carried, why, NO_MAJORITY)
    why = np.where(cast == 0, NO_VOTES, why)
    return np.where(why == "", places[first], -1), why


def agreement(raters: np.ndarray) -> np.ndarray:
    """The chance that two raters of a picture said the same.

    Args:
        raters: Votes int [N, 10].

    Returns:
        float [N] in [0, 1]; nan below two votes.
    """
    cast = raters.sum(1).astype(float)
    pairs = cast * (cast - 1)
    return np.divide((raters * (raters - 1)).sum(1), pairs, out=np.full(len(raters), np.nan), where=pairs > 0)


def label_noise(part: FaceData, probabilities: np.ndarray) -> LabelNoise:
    """Judge a model beside labels and raters.

    Args:
        part: Faces with votes.
        probabilities: float [N, classes] of them.

    Returns:
        Accuracy against both, and how far they agree.

    Raises:
        DataError: There are no votes or no majorities.
    """
    raters = _raters(part)
    called = probabilities.argmax(1)
    chosen, why = majority(raters, part.classes)
    judged = chosen >= 0
    if not judged.any():
        raise DataError("FER+'s raters have no majority on any of these pictures")
    same = agreement(raters)
    classes = {}
    for label, name in enumerate(part.classes):
        here = part.labels == label
        rated = here & ~np.isnan(same)
        theirs = judged & (chosen == label)
        classes[name] = ClassNoise(
            pictures=int(here.sum()),
            agreement=_mean(same[rated]),
            judged=int((here & judged).sum()),
            majority=_mean(chosen[here & judged] == label),
            accuracy_majority=_mean(called[theirs] == label),
        )
    reasons = dict.fromkeys((NO_MAJORITY, CONTEMPT, UNKNOWN, NO_FACE, NO_VOTES, *why[why != ""].tolist()))
    return LabelNoise(
        pictures=len(part),
        judged=int(judged.sum()),
        left_out={reason: int((why == reason).sum()) for reason in reasons},
        accuracy=fraction_right((called == part.labels)[judged]),
        accuracy_majority=fraction_right((called == chosen)[judged]),
        label_is_majority=fraction_right((part.labels == chosen)[judged]),
        classes=classes,
    )


@dataclass(frozen=True)
class Disagreement:
    """A picture that the model calls otherwise than its label.

    Attributes:
        index: In the part.
        label: Its class's name.
        called: The class that the model gives it.
        confidence: The model's, in [0, 1].
        majority: The class that FER+'s raters give it; None without a majority.
        votes: FER+'s words for what was voted and how often, most first.
    """

    index: int
    label: str
    called: str
    confidence: float
    majority: str | None
    votes: tuple[tuple[str, int], ...]


def disagreements(part: FaceData, probabilities: np.ndarray, most: int = 100) -> list[Disagreement]:
    """Where the model contradicts the label.

    Args:
        part: Faces with votes.
        probabilities: float [N, classes] of them.
        most: How many to return at most.

    Returns:
        The most confident first.

    Raises:
        DataError: The part has no votes.
    """
    raters = _raters(part)
    called, confidence = probabilities.argmax(1), probabilities.max(1)
    chosen, _ = majority(raters, part.classes)
    wrong = np.flatnonzero(called != part.labels)
    found = []
    for index in wrong[np.argsort(-confidence[wrong], kind="stable")][:most]:
        votes = sorted(
            ((name, int(count)) for name, count in zip(RATED, raters[index], strict=True) if count),
            key=lambda vote: -vote[1],
        )
        found.append(
            Disagreement(
                index=int(index),
                label=part.classes[part.labels[index]],
                called=part.classes[called[index]],
                confidence=float(confidence[index]),
                majority=part.classes[chosen[index]] if chosen[index] >= 0 else None,
                votes=tuple(votes),
            )
        )
    return found


def where_rated(part: FaceData, probabilities: np.ndarray) -> LabelNoise | None:
    """`label_noise`, where the data set has votes.

    Args:
        part: Faces.
        probabilities: float [N, classes] of them.

    Returns:
        None where the data set has no votes.

    Raises:
        DataError: There are votes but no majorities.
    """
    return None if part.raters is None else label_noise(part, probabilities)


def accuracy_majority(part: FaceData, probabilities: np.ndarray) -> float | None:
    """Accuracy against the raters' majority.

    Args:
        part: Faces.
        probabilities: float [N, classes] of them.

    Returns:
        In [0, 1]; None where there is no majority on any picture.
    """
    if part.raters is None:
        return None
    chosen, _ = majority(part.raters, part.classes)
    judged = chosen >= 0
    return float((probabilities.argmax(1) == chosen)[judged].mean()) if judged.any() else None


def _raters(part: FaceData) -> np.ndarray:
    if part.raters is None:
        raise DataError(f"this data has no FER+ votes; put the index fer2013.csv with votes_{VOTED[0]}, ... beside it")
    return part.raters


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else 0.0
