"""Whether a model's confidence can be believed: reliability, calibration error, what leaving out the unsure buys."""

import numpy as np

from mien.evaluation.bootstrap import resampled
from mien.results.scores import Bin, Calibration, Interval, Selective

BINS = 15
COVERAGES = tuple(step / 20 for step in range(1, 21))


def calibration(labels: np.ndarray, probabilities: np.ndarray, temperature: float | None) -> Calibration:
    """Judge how confidence and accuracy compare.

    Args:
        labels: int [N].
        probabilities: float [N, K], made with the temperature.
        temperature: What the model divides its logits by; None without one.

    Returns:
        Errors and reliability with and, where there is one, without the temperature.
    """
    before = None if temperature is None else reheated(probabilities, 1 / temperature)
    return Calibration(
        temperature=temperature,
        error=error(labels, probabilities),
        reliability=reliability(labels, probabilities),
        error_before=None if before is None else error(labels, before),
        reliability_before=None if before is None else reliability(labels, before),
        selective=selective(labels, probabilities),
    )


def reheated(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities that another temperature would have given: softmax(log p / temperature).

    Args:
        probabilities: float [N, K].
        temperature: Above 0; on top of the one they were made with.

    Returns:
        float64 [N, K], rows sum to 1.
    """
    scores = np.log(np.maximum(probabilities.astype(float), 1e-30)) / temperature
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def reliability(labels: np.ndarray, probabilities: np.ndarray) -> list[Bin]:
    """Confidence and accuracy in equal bins of confidence.

    Args:
        labels: int [N].
        probabilities: float [N, K].

    Returns:
        The bins, from 0 to 1.
    """
    sums = _bin_sums(labels, probabilities, np.ones((1, len(labels))))[:, 0]
    return [Bin(int(count), *(float(value / max(count, 1)) for value in rest)) for count, *rest in sums.T]


def calibration_error(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3): mean |accuracy - confidence| of bins, by their size.

    Args:
        labels: int [N].
        probabilities: float [N, K].

    Returns:
        In [0, 1].
    """
    _, confidence, right = _bin_sums(labels, probabilities, np.ones((1, len(labels))))[:, 0]
    return float(np.abs(right - confidence).sum() / len(labels))


def error(labels: np.ndarray, probabilities: np.ndarray, resamples: int = 1000, seed: int = 0) -> Interval:
    """Expected calibration error and its 95% bootstrap interval over pictures.

    The interval leans upwards: chance in a bin can only widen the gap there, also where a model is calibrated.

    Args:
        labels: int [N].
        probabilities: float [N, K].
        resamples: Draws of the bootstrap.
        seed: Of these draws.

    Returns:
        In [0, 1].
    """
    draws = resampled(len(labels), resamples, seed)
    weights = np.concatenate([np.ones((1, len(labels)), int), draws])
    _, confidence, right = _bin_sums(labels, probabilities, weights)
    errors = np.abs(right - confidence).sum(1) / len(labels)
    return Interval.of(errors[0], errors[1:])


def selective(labels: np.ndarray, probabilities: np.ndarray) -> Selective:
    """Accuracy over coverage when the least certain pictures are left out.

    Args:
        labels: int [N].
        probabilities: float [N, K].

    Returns:
        Accuracies, and the areas under the risk-coverage curve (Geifman and El-Yaniv 2017).
    """
    order = np.argsort(-probabilities.max(1), kind="stable")
    right = (probabilities.argmax(1) == labels)[order]
    answered = np.arange(1, len(labels) + 1)
    accuracy = np.cumsum(right) / answered
    best = np.cumsum(np.sort(right)[::-1]) / answered
    indices = [max(round(coverage * len(labels)), 1) - 1 for coverage in COVERAGES]
    found = tuple(float(accuracy[index]) for index in indices)
    return Selective(COVERAGES, found, float(1 - accuracy.mean()), float(1 - best.mean()))


def _bin_sums(labels: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pictures, confidence and right answers summed by bins: [3, draws, BINS], for weights [draws, N]."""
    confidence = probabilities.max(1).astype(float)
    right = probabilities.argmax(1) == labels
    bin_index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    member = bin_index[:, None] == np.arange(BINS)
    return np.stack([weights @ (member * value[:, None]) for value in (np.ones(len(labels)), confidence, right)])
