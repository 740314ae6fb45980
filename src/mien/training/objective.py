"""What is trained: the network with its loss, so that one module goes through any launcher."""

import torch
from torch import nn
from torch.nn import functional

from mien.data.dataset import VOTED
from mien.training.networks import ExpressionNetwork


class Objective(nn.Module):
    """Faces, labels and FER+ votes to one loss.

    Cross entropy with label smoothing and class weights; with `fer_plus` above zero a second linear head learns the
    share of FER+'s raters for each emotion. That head guides the features and is left out of the model.
    """

    def __init__(
        self, network: ExpressionNetwork, weights: torch.Tensor, label_smoothing: float, fer_plus: float
    ) -> None:
        super().__init__()
        self.network = network
        self.label_smoothing, self.fer_plus = label_smoothing, fer_plus
        self.register_buffer("weights", weights)
        self.votes_head = nn.Linear(network.head.in_features, len(VOTED)) if fer_plus else None

    def forward(self, faces: torch.Tensor, labels: torch.Tensor, votes: torch.Tensor | None) -> torch.Tensor:
        """Float [N, 1, h, w] in [0, 1], int64 [N], and float [N, 8] (rows sum to 1, or to 0 where nobody voted)."""
        logits, features = self.network(faces)
        losses = functional.cross_entropy(
            logits.float(), labels, reduction="none", label_smoothing=self.label_smoothing
        )
        loss = (losses * self.weights[labels]).mean()  # type: ignore[index]
        if self.votes_head is not None and votes is not None:
            loss = loss + self.fer_plus * functional.cross_entropy(self.votes_head(features).float(), votes)
        return loss
