"""Holding out: by class, by chance that can be repeated, and never across identical pictures."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.data import dataset
from mien.data.splitting import hold_out
from mien.errors import DataError


def of(labels: np.ndarray, groups: np.ndarray) -> dataset.FaceData:
    """Data whose pictures are told apart by their id only."""
    count = len(labels)
    return dataset.FaceData(
        faces=np.zeros((count, 48, 48), np.uint8),
        labels=labels,
        parts=np.full(count, "train"),
        ids=np.arange(count).astype(str),
        groups=groups,
    )


@st.composite
def data_with_copies(draw: st.DrawFn) -> dataset.FaceData:
    """Up to 120 pictures in up to 7 classes, of which some are copies, some of these with another label."""
    count = draw(st.integers(1, 120))
    labels = draw(st.lists(st.integers(0, 6), min_size=count, max_size=count))
    groups = draw(st.lists(st.integers(0, count), min_size=count, max_size=count))
    return of(np.array(labels, np.int64), np.array(groups, np.int64))


@settings(deadline=None)
@given(data_with_copies(), st.floats(0.01, 0.99), st.integers(0, 9))
def test_divides_everything_and_no_group(data: dataset.FaceData, share: float, seed: int) -> None:
    kept, held = hold_out(data, share, seed)
    assert sorted([*kept.ids, *held.ids], key=int) == data.ids.tolist()
    assert not set(kept.groups) & set(held.groups)
    assert len(kept) > 0
    assert set(held.parts) <= {"validation"}
    assert set(kept.parts) == {"train"}


@settings(deadline=None)
@given(st.lists(st.integers(2, 40), min_size=7, max_size=7), st.floats(0.05, 0.9), st.integers(0, 9))
def test_each_class_gives_its_share(sizes: list[int], share: float, seed: int) -> None:
    labels = np.repeat(np.arange(7), sizes)
    _, held = hold_out(of(labels, np.arange(len(labels))), share, seed)
    expected = [min(max(round(share * size), 1), size - 1) for size in sizes]
    assert np.bincount(held.labels, minlength=7).tolist() == expected


def test_copies_do_not_distort_the_share() -> None:
    """A class of 100 pictures, of which 30 are one and the same, still gives 20."""
    groups = np.concatenate([np.zeros(30, int), np.arange(1, 71)])
    for seed in range(20):
        _, held = hold_out(of(np.zeros(100, np.int64), groups), 0.2, seed)
        assert len(held) == 20


def test_the_seed_decides(tiny_data: Path) -> None:
    train = dataset.load(tiny_data, "kaggle").part("train")
    first, again, other = (hold_out(train, 0.4, seed)[1].ids.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0])
def test_an_impossible_share_is_an_error(tiny_data: Path, share: float) -> None:
    with pytest.raises(DataError, match="must lie between 0 and 1"):
        hold_out(dataset.load(tiny_data), share, 0)
