"""One temperature that makes a network's confidence match its accuracy (Guo et al. 2017)."""

import numpy as np
import torch
from torch.nn import functional

MOST = 100.0
"""The highest temperature, and one over it the lowest: of a few pictures the best one may be without end."""


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The T that minimises the negative log likelihood of softmax(logits / T) (Guo et al. 2017, section 4.2).

    Above 1 softens an overconfident network. Fit it on pictures that the network did not learn from.

    Args:
        logits: float [N, K].
        labels: int [N].

    Returns:
        Above 0.
    """
    scores, targets = torch.from_numpy(logits).double(), torch.from_numpy(labels)
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(scores / log_temperature.exp(), targets)
        loss.backward()
        return loss

    optimiser.step(closure)
    return float(log_temperature.detach().exp().clamp(1 / MOST, MOST))
