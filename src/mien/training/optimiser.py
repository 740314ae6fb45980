"""AdamW with a smaller rate for each deeper layer, and a rate that warms up and falls along a cosine."""

import math

import torch
from timm.optim import param_groups_layer_decay
from torch import nn

from mien.training.networks import ExpressionNetwork
from mien.training.recipe import Recipe


def adamw(network: ExpressionNetwork, extra: nn.Module | None, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW with parameter groups of the backbone by layer (`lr_scale`), of the head and `extra` at the full rate.

    Vectors (norms, biases) are not decayed.

    Args:
        network: Is trained.
        extra: A further head, or None.
        recipe: Its rates and decays are used.

    Returns:
        The optimiser.
    """
    groups = param_groups_layer_decay(
        network.backbone,
        weight_decay=recipe.weight_decay,
        layer_decay=recipe.layer_decay,
        no_weight_decay_list=getattr(network.backbone, "no_weight_decay", tuple)(),
    )
    heads = [network.head] if extra is None else [network.head, extra]
    for head in heads:
        for name, parameter in head.named_parameters():
            decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
            groups.append({"params": [parameter], "param_names": [name], "lr_scale": 1.0, "weight_decay": decay})
    return torch.optim.AdamW(
        [
            {"params": group["params"], "lr_scale": group["lr_scale"], "weight_decay": group["weight_decay"]}
            for group in groups
        ],
        lr=recipe.learning_rate,
        fused=True,
    )


def set_rate(optimiser: torch.optim.Optimizer, recipe: Recipe, epochs_done: float) -> None:
    """Set every group's rate for a point of the schedule: linear warm-up, then a cosine down to zero.

    Args:
        optimiser: As `adamw` makes it.
        recipe: Its rates and epochs are used.
        epochs_done: With fractions.
    """
    if epochs_done < recipe.warmup_epochs:
        share = epochs_done / recipe.warmup_epochs
    else:
        way = (epochs_done - recipe.warmup_epochs) / max(recipe.epochs - recipe.warmup_epochs, 1e-9)
        share = 0.5 * (1 + math.cos(math.pi * min(way, 1.0)))
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * share * group["lr_scale"]
