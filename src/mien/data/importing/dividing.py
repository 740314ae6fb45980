"""Which pictures are for training, which choose the epoch, and which are reported on."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from mien.data.dataset import PARTS
from mien.data.splitting import kept_together
from mien.errors import DataError

TRAIN, VALIDATION, TEST = PARTS
_NAMED = 3
_WHOLE = 0.25
"""What a part's whole size counts beside that of its classes."""


@dataclass(frozen=True)
class Shares:
    """The fractions of all pictures that become validation and test part, where the data set does not say."""

    validation: float = 0.1
    test: float = 0.2

    def __post_init__(self) -> None:
        if not (0 < self.validation < 1 and 0 < self.test < 1 and self.validation + self.test < 1):
            raise DataError(
                f"the shares of validation ({self.validation}) and test ({self.test}) must lie above 0, "
                "and leave some to train on"
            )


@dataclass(frozen=True)
class Division:
    """parts: str [N], one of `dataset.PARTS`; notes: in words, what was given and what was drawn."""

    parts: np.ndarray
    notes: tuple[str, ...]


def divide(
    given: list[str | None], labels: np.ndarray, subjects: np.ndarray, groups: np.ndarray, shares: Shares, seed: int
) -> Division:
    """Three parts: as given, or drawn by chance, class by class, with all pictures of a person in one part.

    A data set with a training and a test part gets a validation part out of the former; one with a training and a
    validation part has the latter reported on, as its users do, and gets another one to choose by.

    Args:
        given: Each picture's part by the data set, or None.
        labels: int [N].
        subjects: str [N], "" where it is not known who is shown.
        groups: int [N], equal where the pixels are equal.
        shares: Of the parts that are drawn.
        seed: The same seed gives the same parts.

    Returns:
        Which picture belongs to which part.

    Raises:
        DataError: A person is in two of the given parts, only some pictures have a part, a part is unknown or there is
            none to train on, or there are too few people to keep apart.
    """
    there = set(given)
    if unknown := sorted(str(part) for part in there - {None, *PARTS}):
        raise DataError(f"unknown part '{unknown[0]}'; there are {', '.join(PARTS)}")
    if None in there and len(there) > 1:
        raise DataError(f"{given.count(None)} pictures are in no part, and others are; split them anew with --resplit")
    together = kept_together(subjects, groups)
    if there in ({None}, {TRAIN}):
        drawn = _draw(labels, together, (1 - shares.validation - shares.test, shares.validation, shares.test), seed)
        return Division(np.array(PARTS)[drawn], (f"parts were drawn by chance, seed {seed}",))
    if TRAIN not in there:
        raise DataError(f"it has a part {' and '.join(sorted(map(str, there)))} and none to train on; add --resplit")
    parts = np.array([str(part) for part in given], np.array(PARTS).dtype)  # which has room for every name
    _refuse_shared(parts, subjects)
    notes = [f"the data set's own parts {', '.join(part for part in PARTS if part in there)}"]
    if TEST not in there:
        parts[parts == VALIDATION] = TEST
        notes.append("its validation part is the test part here, which is reported on")
    if VALIDATION not in parts:
        rows = np.flatnonzero(parts == TRAIN)
        drawn = _draw(labels[rows], together[rows], (1 - shares.validation, shares.validation), seed)
        parts[rows[drawn == 1]] = VALIDATION
        notes.append(f"the validation part was drawn from the training part by chance, seed {seed}")
    return Division(parts, tuple(notes))


def _refuse_shared(parts: np.ndarray, subjects: np.ndarray) -> None:
    where = defaultdict(set)
    for part, subject in zip(parts.tolist(), subjects.tolist(), strict=True):
        if subject:
            where[subject].add(part)
    shared = sorted(subject for subject, found in where.items() if len(found) > 1)
    if shared:
        more = (
            f" and {len(shared) - _NAMED} more are" if len(shared) > _NAMED else " is" if len(shared) == 1 else " are"
        )
        raise DataError(
            f"{', '.join(shared[:_NAMED])}{more} in more than one part; split them anew with --resplit, so that nobody "
            "who was learned from is judged"
        )


def _draw(labels: np.ndarray, together: np.ndarray, shares: tuple[float, ...], seed: int) -> np.ndarray:
    """The part of each picture, int [N], a place in `shares`; what is together stays so.

    Groups come in an order of chance, the larger first; each goes where its classes, and pictures at all, are most
    wanting: of small classes a part may have none, and still has pictures. Raises DataError where it has not.
    """
    _, numbers, sizes = np.unique(together, return_inverse=True, return_counts=True)
    counts = np.zeros((len(sizes), int(labels.max()) + 1))
    np.add.at(counts, (numbers, labels), 1)
    wanting = np.outer(shares, counts.sum(0))
    order = np.random.default_rng(seed).permutation(len(sizes))
    chosen = np.zeros(len(sizes), np.int64)
    per_class = np.maximum(counts.sum(0), 1)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        of_classes = (wanting * (counts[group] / per_class)).sum(1) / counts[group].sum()
        of_all = wanting.sum(1) / (np.array(shares) * len(labels))
        chosen[group] = int((of_classes + _WHOLE * of_all).argmax())
        wanting[chosen[group]] -= counts[group]
    if len(np.unique(chosen)) < len(shares):
        raise DataError(
            f"{len(labels)} pictures of {len(sizes)} different people or faces are too few to divide into "
            f"{len(shares)} parts; add some, or say with larger --validation and --test how many are to be drawn"
        )
    return chosen[numbers]
