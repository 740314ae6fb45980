"""What a data set holds: class counts, exact copies within and across its parts, votes, blank pictures; and a chart."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.class_chart import class_chart
from mien.data.dataset import PARTS, FaceData, Problem
from mien.plotting import save


@dataclass(frozen=True)
class PartStatistics:
    """One part of the split, in pictures.

    Attributes:
        pictures: How many.
        classes: How many by class.
        repeated: Whose exact pixels came before within this part.
        also_in: By other part, whose exact pixels occur there too.
    """

    pictures: int
    classes: dict[str, int]
    repeated: int
    also_in: dict[str, int]


@dataclass(frozen=True)
class Statistics:
    """A whole data set, in pictures.

    Attributes:
        layout: What was read, in words.
        pictures: How many.
        parts: By name.
        repeated: Whose exact pixels came before, in any part.
        disputed: That have a copy with another label.
        blank: Names of those of one grey level throughout.
        voted: That FER+'s raters agree on somewhat; None without votes.
        problems: What was left out.
    """

    layout: str
    pictures: int
    parts: dict[str, PartStatistics]
    repeated: int
    disputed: int
    blank: tuple[str, ...]
    voted: int | None
    problems: tuple[Problem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, for JSON.

        Returns:
            Values by field.
        """
        return asdict(self)


def statistics(data: FaceData) -> Statistics:
    """Count what is in a data set.

    Args:
        data: All its parts.

    Returns:
        The counts.
    """
    parts = {name: data.where(data.parts == name) for name in PARTS if (data.parts == name).any()}
    pixels = data.faces.reshape(len(data), -1)
    return Statistics(
        layout=data.layout,
        pictures=len(data),
        parts={name: _part(name, parts) for name in parts},
        repeated=_repeated(data),
        disputed=_disputed(data),
        blank=tuple(data.ids[pixels.min(1) == pixels.max(1)].tolist()),
        voted=None if data.votes is None else int((data.votes.sum(1) > 0).sum()),
        problems=data.problems,
    )


def _part(name: str, parts: dict[str, FaceData]) -> PartStatistics:
    part = parts[name]
    counts = np.bincount(part.labels, minlength=len(part.classes))
    return PartStatistics(
        pictures=len(part),
        classes=dict(zip(part.classes, counts.tolist(), strict=True)),
        repeated=_repeated(part),
        also_in={
            other: len(part) - len(part.without_copies_of(rest)) for other, rest in parts.items() if other != name
        },
    )


def _repeated(data: FaceData) -> int:
    return len(data) - len(np.unique(data.groups))


def _disputed(data: FaceData) -> int:
    pairs = np.unique(np.stack([data.groups, data.labels], 1), axis=0)
    groups, labels = np.unique(pairs[:, 0], return_counts=True)
    return int(np.isin(data.groups, groups[labels > 1]).sum())


def plot(counted: Statistics, path: Path) -> None:
    """Draw the class counts of each part as bars into a PNG.

    Args:
        counted: What `statistics` gave.
        path: Where it goes.

    Raises:
        StorageError: The disk refuses.
    """
    counts = {name: np.array(list(part.classes.values())) for name, part in counted.parts.items()}
    classes = tuple(next(iter(counted.parts.values())).classes)
    save(class_chart({name: (of, 0 * of) for name, of in counts.items()}, classes), path)
