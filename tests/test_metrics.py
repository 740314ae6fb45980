"""The scores: against scikit-learn, against intervals known from theory, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.metrics import confusion_matrix as sklearn_confusion

from mien.evaluation.metrics import accuracy_and_macro_f1, calibration_error, confusion_matrix, score
from mien.expressions import NAMES

CLASSES = len(NAMES)


@st.composite
def predictions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels [N] and probabilities [N, 7]; often some class has no label or is never called."""
    count = draw(st.integers(1, 60))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    present = draw(st.lists(st.integers(0, CLASSES - 1), min_size=1, max_size=CLASSES, unique=True))
    labels = generator.choice(present, count)
    logits = generator.normal(size=(count, CLASSES)) * draw(st.floats(0.1, 5))
    logits[np.arange(count), labels] += draw(st.floats(-2, 4))
    powers = np.exp(logits)
    return labels, (powers / powers.sum(1, keepdims=True)).astype(np.float32)


@given(predictions())
@settings(max_examples=60, deadline=None)
def test_agrees_with_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, probabilities = drawn
    called = probabilities.argmax(1)
    scores = score(labels, probabilities, resamples=50)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, called, labels=range(CLASSES), zero_division=0
    )
    assert scores.accuracy.value == pytest.approx(accuracy_score(labels, called))
    labelled = support > 0
    assert scores.macro_precision.value == pytest.approx(precision[labelled].mean())
    assert scores.macro_recall.value == pytest.approx(recall[labelled].mean())
    assert scores.macro_f1.value == pytest.approx(f1[labelled].mean())
    for place, name in enumerate(NAMES):
        of = scores.classes[name]
        assert (of.precision, of.recall, of.f1) == pytest.approx((precision[place], recall[place], f1[place]))
        assert of.support == support[place]
    assert scores.confusion == sklearn_confusion(labels, called, labels=range(CLASSES)).tolist()
    assert scores.pictures == len(labels)
    both = scores.accuracy.value, scores.macro_f1.value
    assert accuracy_and_macro_f1(np.array(scores.confusion)) == pytest.approx(both)


@given(predictions())
@settings(max_examples=30, deadline=None)
def test_accuracy_lies_in_its_interval(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    accuracy = score(*drawn, resamples=500).accuracy
    assert 0 <= accuracy.low <= accuracy.value <= accuracy.high <= 1


def made_with(accuracy: float, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, CLASSES, count)
    called = np.where(generator.random(count) < accuracy, labels, (labels + 1) % CLASSES)
    return labels, np.eye(CLASSES)[called]


def test_the_interval_is_as_wide_as_theory_says() -> None:
    accuracy = score(*made_with(0.7, 4000, 0)).accuracy
    expected = 2 * 1.96 * np.sqrt(0.7 * 0.3 / 4000)
    assert accuracy.high - accuracy.low == pytest.approx(expected, rel=0.1)


def test_the_intervals_cover_the_truth() -> None:
    """With 7 equal classes each mistaken for the next, every score's true value is the true accuracy."""
    names = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
    covered = dict.fromkeys(names, 0)
    for seed in range(100):
        scores = score(*made_with(0.7, 700, seed), resamples=300)
        for name in names:
            interval = getattr(scores, name)
            covered[name] += interval.low <= 0.7 <= interval.high
    # 95 expected of 100; fewer than 87 would happen by chance less than once in a thousand.
    assert min(covered.values()) >= 87


def test_the_same_seed_gives_the_same_intervals() -> None:
    data = made_with(0.6, 200, 1)
    assert score(*data, seed=3) == score(*data, seed=3)
    assert score(*data, seed=3).macro_f1 != score(*data, seed=4).macro_f1


def test_perfect_predictions() -> None:
    labels = np.arange(CLASSES).repeat(3)
    scores = score(labels, np.eye(CLASSES)[labels])
    for interval in (scores.accuracy, scores.macro_precision, scores.macro_recall):
        assert (interval.value, interval.high) == (1, 1)
    assert scores.accuracy.low == 1
    assert scores.calibration_error == 0


def confident(share: float, right: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """`right` + `wrong` pictures called class 0 with probability `share`."""
    probabilities = np.full((right + wrong, CLASSES), (1 - share) / (CLASSES - 1))
    probabilities[:, 0] = share
    return np.array([0] * right + [1] * wrong), probabilities


def test_calibration_by_hand() -> None:
    assert calibration_error(*confident(0.75, 75, 25)) == pytest.approx(0)
    assert calibration_error(*confident(0.9, 50, 50)) == pytest.approx(0.4)
    assert calibration_error(*confident(0.3, 100, 0)) == pytest.approx(0.7)
    assert calibration_error(*confident(1.0, 0, 10)) == pytest.approx(1)


def test_calibration_weighs_bins_by_size_and_does_not_let_them_cancel() -> None:
    over, under = confident(0.9, 15, 15), confident(0.5, 7, 3)  # gaps: .4 on 30 pictures, .2 on 10
    both = (np.concatenate([over[0], under[0]]), np.concatenate([over[1], under[1]]))
    assert calibration_error(*both) == pytest.approx((0.4 * 30 + 0.2 * 10) / 40)


def test_calibration_lets_gaps_cancel_within_a_bin() -> None:
    """Two confidences of one bin of fifteen are averaged, as the definition has it."""
    low, high = confident(0.81, 9, 1), confident(0.85, 8, 2)
    both = (np.concatenate([low[0], high[0]]), np.concatenate([low[1], high[1]]))
    assert calibration_error(*both) == pytest.approx(0.85 - 0.83)


def test_confusion_rows_are_labels() -> None:
    confusion = confusion_matrix(np.array([2, 2, 5]), np.array([3, 3, 5]))
    assert confusion.shape == (CLASSES, CLASSES)
    assert (confusion[2, 3], confusion[5, 5], confusion.sum()) == (2, 1, 3)
