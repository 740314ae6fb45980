"""What is trained: the network with its loss, so that one module goes through any launcher."""

import torch
from torch import nn
from torch.nn import functional

from mien.data.dataset import VOTED
from mien.training.networks import ExpressionNetwork


class Objective(nn.Module):
    """Faces, class targets and FER+ votes to one loss.

    Cross entropy with label smoothing and class weights; with `fer_plus` above zero a second linear head learns the
    share of FER+'s raters for each emotion. That head guides the features and is left out of the model.
    """

    weights: torch.Tensor

    def __init__(
        self, network: ExpressionNetwork, weights: torch.Tensor, label_smoothing: float, fer_plus: float
    ) -> None:
        super().__init__()
        self.network = network
        self.label_smoothing, self.fer_plus = label_smoothing, fer_plus
        self.register_buffer("weights", weights)
        self.votes_head = nn.Linear(network.head.in_features, len(VOTED)) if fer_plus else None

    def forward(self, faces: torch.Tensor, targets: torch.Tensor, votes: torch.Tensor | None) -> torch.Tensor:
        """Faces float [N, 1, h, w] in [0, 1]; targets float [N, classes], rows sum to 1; votes float [N, 8], or None.

        Rows of votes sum to 1, or to less where faces without votes were mixed in.
        """
        logits, features = self.network(faces)
        # Weighted first: a mixed face's loss is then the mean of its two classes' weighted losses, by their shares.
        weighted = targets * self.weights
        even = weighted.sum(1, keepdim=True) / targets.shape[1]
        smoothed = torch.lerp(weighted, even.expand_as(weighted), self.label_smoothing)
        loss = functional.cross_entropy(logits.float(), smoothed)
        if self.votes_head is not None and votes is not None:
            loss = loss + self.fer_plus * functional.cross_entropy(self.votes_head(features).float(), votes)
        return loss
