"""Hold pictures out of a part, for training to choose an epoch by, so that the reported part chooses nothing."""

from dataclasses import replace

import numpy as np

from mien.data.dataset import FaceData
from mien.errors import DataError


def hold_out(data: FaceData, share: float, seed: int) -> tuple[FaceData, FaceData]:
    """Divide data by chance into what is kept and what is held out; the latter becomes part `validation`.

    Each class gives `share` of its pictures, rounded, and at least one. Identical pictures, and those of one person
    where people are known, stay on one side, even where their labels differ (they then count for the first one's
    class); a class that has too few different pictures or people gives fewer. The same data, share and seed give the
    same division.

    Args:
        data: All of it.
        share: In (0, 1).
        seed: Of the draw.

    Returns:
        What is kept, and what is held out.

    Raises:
        DataError: The share lies elsewhere.
    """
    if not 0 < share < 1:
        raise DataError(f"the share to hold out must lie between 0 and 1, not {share}")
    generator = np.random.default_rng(seed)
    together = data.groups if data.subjects is None else kept_together(data.subjects, data.groups)
    groups, first, sizes = np.unique(together, return_index=True, return_counts=True)
    labels = data.labels[first]
    held: list[int] = []
    for label in np.unique(labels):
        places = generator.permutation(np.flatnonzero(labels == label))
        room = max(round(share * int(sizes[places].sum())), 1)
        for place in places[:-1]:  # whatever happens, one group stays to learn from
            if sizes[place] <= room:
                held.append(groups[place])
                room -= int(sizes[place])
    mask = np.isin(together, held)
    kept, chosen = data.where(~mask), data.where(mask)
    return kept, replace(chosen, parts=np.full(len(chosen), "validation"))


def kept_together(subjects: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Number what must stay in one part: pictures of one person, and identical ones.

    Args:
        subjects: str [N], "" where it is not known who is shown.
        groups: int [N], equal where the pixels are equal.

    Returns:
        int64 [N], equal for what stays together.
    """
    parent = list(range(len(groups)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    first: dict[object, int] = {}
    for row, (subject, group) in enumerate(zip(subjects.tolist(), groups.tolist(), strict=True)):
        for key in ("pixels", group), ("subject", subject):
            if key[1] != "":
                parent[root(row)] = root(first.setdefault(key, row))
    return np.array([root(row) for row in range(len(groups))], np.int64)
