"""How much better one recipe does than another: the arithmetic beside scipy's and scikit-learn's, and the words."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import accuracy_score, f1_score

from mien.experiments.differences import NOT_SHOWN, Difference, Family, scores_with_errors, verdict
from mien.results.reference import ReferenceRow

CLASSES = ("angry", "happy", "sad")
CONFUSION = np.array([[50, 7, 13], [4, 80, 6], [11, 9, 20]])


def run(confusion: np.ndarray) -> Any:
    raw = SimpleNamespace(confusion=confusion.tolist(), pictures=int(confusion.sum()), classes=dict.fromkeys(CLASSES))
    return SimpleNamespace(metrics=SimpleNamespace(raw=raw))


def moved(count: int, label: int = 0, to: int = 1) -> np.ndarray:
    """The confusion when `count` more pictures of a label that were called rightly are called otherwise."""
    found = CONFUSION.copy()
    found[label, label] -= count
    found[label, to] += count
    return found


def drawn(confusion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and what they were called."""
    labels, called = np.divmod(np.repeat(np.arange(confusion.size), confusion.ravel()), len(confusion))
    return labels, called


def test_scores_are_those_of_the_pictures_and_their_errors_those_of_a_bootstrap() -> None:
    scores, errors = scores_with_errors(CONFUSION)
    labels, called = drawn(CONFUSION)
    by_class = f1_score(labels, called, average=None)
    assert scores == pytest.approx([accuracy_score(labels, called), by_class.mean(), *by_class])
    assert errors[0] == pytest.approx((scores[0] * (1 - scores[0]) / 200) ** 0.5)
    generator = np.random.default_rng(0)
    draws = generator.multinomial(200, CONFUSION.ravel() / 200, size=4000).reshape(-1, 3, 3)
    spread = np.std([scores_with_errors(draw)[0] for draw in draws], axis=0)
    assert errors == pytest.approx(spread, rel=0.05)


def test_a_class_that_nobody_labelled_is_not_in_the_mean() -> None:
    confusion = np.array([[8, 2, 0], [3, 7, 0], [0, 0, 0]])
    labels, called = drawn(confusion)
    assert scores_with_errors(confusion)[0][1] == pytest.approx(f1_score(labels, called, average="macro"))


def test_the_interval_has_the_seeds_spread_and_the_pictures_error() -> None:
    """Two seeds of one recipe and three of another: 3 degrees of freedom, and then Satterthwaite's."""
    ours, other = [moved(0), moved(4)], [moved(20), moved(22), moved(27)]
    family = Family({"ours": [run(one) for one in ours], "other": [run(one) for one in other]})
    found = family.differences("ours", "other", comparisons=2)["accuracy"]
    shares = [np.array([np.trace(one) / 200 for one in of]) for of in (ours, other)]
    assert family.mean("ours", "accuracy") == pytest.approx(shares[0].mean())
    within = sum(((of - of.mean()) ** 2).sum() for of in shares) / 3
    by_seeds = within * (1 / 2 + 1 / 3)
    errors = [np.mean([(share * (1 - share) / 200) ** 0.5 for share in of]) for of in shares]
    variance = by_seeds + errors[0] ** 2 + errors[1] ** 2
    half = student.ppf(1 - 0.05 / 2 / 2, 3 * (variance / by_seeds) ** 2) * variance**0.5
    value = shares[0].mean() - shares[1].mean()
    assert (found.value, found.low, found.high) == pytest.approx((value, value - half, value + half))
    assert found.repeats == 3
    wider = family.differences("ours", "other", comparisons=8)["accuracy"]
    assert wider.high - wider.low > found.high - found.low


def test_without_a_second_seed_the_interval_is_over_pictures_alone() -> None:
    found = Family({"a": [run(moved(0))], "b": [run(moved(30))]}).differences("a", "b")["accuracy"]
    shares = [np.trace(moved(count)) / 200 for count in (0, 30)]
    half = 1.959964 * sum(share * (1 - share) / 200 for share in shares) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.15 - half, 0.15 + half))
    assert found.verdict == "higher here, but one seed each shows nothing of other seeds"


def test_a_published_row_has_an_error_of_its_own_and_counts_as_one_training() -> None:
    seeds = [moved(0), moved(6)]
    row = ReferenceRow("ViT-tiny Unaug", "unaug", 0.6, 0.5, 0.5, 0.5)
    found = Family({"ours": [run(one) for one in seeds]}).beside_published("ours", row, 1)
    shares = np.array([np.trace(one) / 200 for one in seeds])
    by_seeds = shares.var(ddof=1) * (1 / 2 + 1)
    error = np.mean([(share * (1 - share) / 200) ** 0.5 for share in shares])
    variance = by_seeds + error**2 + 0.6 * 0.4 / 200
    half = student.ppf(0.975, (variance / by_seeds) ** 2) * variance**0.5
    assert found["accuracy"].value == pytest.approx(shares.mean() - 0.6)
    assert found["accuracy"].high - found["accuracy"].value == pytest.approx(half)
    assert set(found) == {"accuracy", "macro F1"}


@pytest.mark.parametrize(
    ("low", "high", "repeats", "words"),
    [
        (0.001, 0.02, 2, "higher"),
        (-0.02, -0.001, 2, "lower"),
        (-0.001, 0.02, 2, NOT_SHOWN),
        (-0.02, 0.001, 0, NOT_SHOWN),
        (0.0, 0.02, 2, NOT_SHOWN),
        (-0.02, -0.001, 0, "lower here, but one seed each shows nothing of other seeds"),
    ],
)
def test_only_an_interval_without_zero_says_which_is_higher(low: float, high: float, repeats: int, words: str) -> None:
    assert Difference((low + high) / 2, low, high, repeats).verdict == words


def test_differences_are_told_in_points_by_what_they_show() -> None:
    found = {
        "a": Difference(0.02, 0.01, 0.03, 2),
        "b": Difference(-0.0001, -0.011, 0.01, 2),
        "c": Difference(0.0249, 0.0151, 0.035, 2),
    }
    assert verdict(found) == (f"higher (a +2.0 [+1.0, +3.0], c +2.5 [+1.5, +3.5]); {NOT_SHOWN} (b +0.0 [-1.1, +1.0])")
