"""What critic and generator minimise: WGAN-GP (Gulrajani et al. 2017), classification and cycle (Choi et al. 2018)."""

import torch
from torch import nn
from torch.nn import functional

from mien.synthesis.recipe import SynthesisRecipe

CRITIC_LOSSES = ("gap", "penalty", "real_class")
GENERATOR_LOSSES = ("realism", "made_class", "cycle")


def critic_loss(
    critic: nn.Module,
    real: torch.Tensor,
    made: torch.Tensor,
    labels: torch.Tensor,
    mix: torch.Tensor,
    recipe: SynthesisRecipe,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The critic's loss: WGAN-GP (Gulrajani et al. 2017, equation 3) and the cross entropy on real faces.

    `gap` is the estimate of the Wasserstein distance: realism of real faces less that of made ones.

    Args:
        critic: Faces and classes to realism [N] and logits [N, 7].
        real: float [N, 1, h, w].
        made: float [N, 1, h, w], the n-th, as of `real`, standing for class labels[n].
        labels: int64 [N].
        mix: float [N] in [0, 1], where between both the penalty is measured.
        recipe: Its weights are used.

    Returns:
        The loss float [], and its parts float [3] in the order of `CRITIC_LOSSES`, detached.
    """
    realism, logits = critic(real, labels)
    made_realism, _ = critic(made, labels)
    gap = realism.mean() - made_realism.mean()
    penalty = gradient_penalty(critic, real, made, labels, mix)
    real_class = functional.cross_entropy(logits, labels)
    loss = recipe.penalty * penalty + recipe.classification * real_class - gap
    return loss, torch.stack([gap, penalty, real_class]).detach()


def gradient_penalty(
    critic: nn.Module, real: torch.Tensor, made: torch.Tensor, labels: torch.Tensor, mix: torch.Tensor
) -> torch.Tensor:
    """Mean of (norm of the realism's gradient - 1) ** 2 at points between each real and made picture.

    From Gulrajani et al. 2017, section 4. Its own gradient is a second derivative: keep everything in it float32, and
    do not compile the critic (torch.compile refuses to differentiate twice).

    Args:
        critic: As in `critic_loss`.
        real: As in `critic_loss`.
        made: As in `critic_loss`.
        labels: As in `critic_loss`.
        mix: 1 is the real picture.

    Returns:
        A float [].
    """
    share = mix[:, None, None, None]
    between = (share * real + (1 - share) * made).detach().requires_grad_()
    realism, _ = critic(between, labels)
    (gradient,) = torch.autograd.grad(realism.sum(), between, create_graph=True)
    norm = (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()  # the root of zero has no gradient
    return (norm - 1).square().mean()


def generator_loss(
    realism: torch.Tensor,
    logits: torch.Tensor,
    target: torch.Tensor,
    faces: torch.Tensor,
    returned: torch.Tensor,
    recipe: SynthesisRecipe,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The generator's loss: realism, class and cycle (StarGAN, Choi et al. 2018, section 3).

    Args:
        realism: float [N], the critic's of the made faces.
        logits: float [N, 7], the critic's of the made faces.
        target: Their classes, int64 [N].
        faces: The sources, float [N, 1, h, w].
        returned: What came of them when they were translated and translated back.
        recipe: Its weights are used.

    Returns:
        The loss float [], and its parts float [3] in the order of `GENERATOR_LOSSES`, detached.
    """
    believed = realism.mean()
    made_class = functional.cross_entropy(logits, target)
    cycle = functional.l1_loss(returned, faces)
    loss = recipe.classification * made_class + recipe.cycle * cycle - believed
    return loss, torch.stack([believed, made_class, cycle]).detach()
