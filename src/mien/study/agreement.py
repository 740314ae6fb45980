"""How well two judges agree: Cohen's kappa on classes, an intraclass correlation on intensities."""

import numpy as np


def kappa(confusion: np.ndarray) -> float:
    """Cohen's kappa (Cohen 1960, Educational and Psychological Measurement 20, 37-46).

    Args:
        confusion: float64 [C, C], how much (pictures, seconds) the one judge called i and the other j.

    Returns:
        From -1 to 1, 0 for what chance alone gives; NaN where both used one class only or nothing was judged.
    """
    total = confusion.sum()
    if total <= 0:
        return np.nan
    observed = np.trace(confusion) / total
    expected = float(confusion.sum(0) @ confusion.sum(1)) / total**2
    return np.nan if expected >= 1 - 1e-12 else float((observed - expected) / (1 - expected))


def one_against_others(confusion: np.ndarray, label: int) -> np.ndarray:
    """The confusion float64 [2, 2] of one class and all others.

    Args:
        confusion: float64 [C, C], as for `kappa`.
        label: The class's place.

    Returns:
        float64 [2, 2]: the class first, all others second.
    """
    both = confusion[label, label]
    row, column = confusion[label].sum(), confusion[:, label].sum()
    return np.array([[both, row - both], [column - both, confusion.sum() - row - column + both]])


def icc_2_1(scores: np.ndarray) -> float:
    """The intraclass correlation ICC(2,1): two-way random effects, absolute agreement, single judges.

    Shrout and Fleiss 1979, Psychological Bulletin 86, 420-428, case 2.

    Args:
        scores: float64 [N, K], N targets each judged by the same K judges.

    Returns:
        At most 1; NaN for fewer than three targets, or where all scores are alike.
    """
    targets, judges = scores.shape
    if targets < 3 or judges < 2:
        return np.nan
    grand = scores.mean()
    between_targets = judges * ((scores.mean(1) - grand) ** 2).sum() / (targets - 1)
    between_judges = targets * ((scores.mean(0) - grand) ** 2).sum() / (judges - 1)
    residual = scores - scores.mean(1, keepdims=True) - scores.mean(0, keepdims=True) + grand
    error = (residual**2).sum() / ((targets - 1) * (judges - 1))
    below = between_targets + (judges - 1) * error + judges * (between_judges - error) / targets
    return np.nan if below <= 1e-15 else float((between_targets - error) / below)
