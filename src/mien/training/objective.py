"""What is trained: the network with its loss, so that one module goes through any launcher."""

import torch
from torch import nn
from torch.nn import functional

from mien.data.votes import VOTED
from mien.training.networks import ExpressionNetwork
from mien.training.recipe import Distillation


class Objective(nn.Module):
    """Faces, class targets and FER+ votes to one loss.

    Cross entropy with label smoothing and class weights; with `fer_plus` above zero a second linear head learns the
    share of FER+'s raters for each emotion. That head guides the features and is left out of the model. With
    `distillation` its share of the class loss is the cross entropy with the teachers' answers instead, both softened by
    the temperature and scaled by its square, so that gradients keep their size (Hinton et al. 2015, section 2).

    Args:
        network: Is trained.
        weights: Of the classes in the loss, float [classes].
        label_smoothing: Share of each target that all classes get alike, in [0, 1).
        fer_plus: Weight of the second head's loss; 0 leaves the head out.
        distillation: How much of the loss the teachers make; None for none.
    """

    weights: torch.Tensor

    def __init__(
        self,
        network: ExpressionNetwork,
        weights: torch.Tensor,
        label_smoothing: float,
        fer_plus: float,
        distillation: Distillation | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.distillation = distillation
        self.label_smoothing, self.fer_plus = label_smoothing, fer_plus
        self.register_buffer("weights", weights)
        self.votes_head = nn.Linear(network.head.in_features, len(VOTED)) if fer_plus else None

    def forward(
        self,
        faces: torch.Tensor,
        targets: torch.Tensor,
        votes: torch.Tensor | None,
        taught: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The loss of a batch.

        Args:
            faces: float [N, 1, h, w] in [0, 1].
            targets: float [N, classes]; rows sum to 1.
            votes: float [N, 8], or None; rows sum to 1, or to less where faces without votes were mixed in.
            taught: What the teachers say, float [N, classes], rows sum to 1, softened already; needed with
                `distillation`.

        Returns:
            A float [].
        """
        logits, features = self.network(faces)
        # Weighted first: a mixed face's loss is then the mean of its two classes' weighted losses, by their shares.
        weighted = targets * self.weights
        even = weighted.sum(1, keepdim=True) / targets.shape[1]
        smoothed = torch.lerp(weighted, even.expand_as(weighted), self.label_smoothing)
        loss = functional.cross_entropy(logits.float(), smoothed)
        if self.distillation is not None and taught is not None:
            temperature = self.distillation.temperature
            learned = functional.cross_entropy(logits.float() / temperature, taught) * temperature**2
            loss = torch.lerp(loss, learned, self.distillation.weight)
        if self.votes_head is not None and votes is not None:
            loss = loss + self.fer_plus * functional.cross_entropy(self.votes_head(features).float(), votes)
        return loss
