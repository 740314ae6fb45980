"""Which pictures an epoch shows, and in what order."""

import numpy as np
import torch


def epoch_order(labels: torch.Tensor, balance: float, generator: torch.Generator) -> torch.Tensor:
    """The order of an epoch's pictures.

    With `balance` 0 a permutation. Otherwise drawn so that a class appears in proportion to its size ** (1 - balance),
    with repeats only where a class is asked for more often than it has pictures.

    Args:
        labels: int64 [N].
        balance: In [0, 1].
        generator: On the CPU.

    Returns:
        Indices int64 [N], up to rounding.
    """
    if not balance:
        return torch.randperm(len(labels), generator=generator)
    present, sizes = torch.unique(labels, return_counts=True)
    wanted = sizes.double() ** (1 - balance)
    wanted *= len(labels) / wanted.sum()
    drawn = []
    for label, size, count in zip(present, sizes, wanted, strict=True):
        indices = (labels == label).nonzero()[:, 0]
        count = round(float(count))
        # Whole passes over the class, then a part of one: no picture is shown twice more often than another.
        passes = [indices[torch.randperm(int(size), generator=generator)] for _ in range(-(-count // int(size)))]
        drawn.append(torch.cat(passes)[:count])
    order = torch.cat(drawn)
    return order[torch.randperm(len(order), generator=generator)]


def class_weights(labels: np.ndarray, classes: int, reweight: float) -> np.ndarray:
    """Loss weights: size ** -reweight, scaled so that the mean over pictures is 1.

    Args:
        labels: int [N].
        classes: How many there are.
        reweight: In [0, 1]; 0 weighs all alike.

    Returns:
        float32 [classes]; 0 for a class without pictures.
    """
    sizes = np.bincount(labels, minlength=classes)
    weights = np.where(sizes > 0, np.maximum(sizes, 1.0) ** -reweight, 0.0)
    return (weights * len(labels) / (weights * sizes).sum()).astype(np.float32)
