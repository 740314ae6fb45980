"""Statistics of batch norms: measured anew, or put back where an export folded them away."""

from collections.abc import Iterator

import torch
from torch import nn

from mien.data.dataset import FaceData
from mien.training.recipe import Recipe

_SAMPLE, _BATCH = 2048, 128
# Runs that differ in their seed only begin at the same weights, and may be averaged.
_ONE_SEED = 0


@torch.no_grad()
def measure_norms(network: nn.Module, training: FaceData, recipe: Recipe) -> None:
    """Measure the statistics anew on augmented training faces: those of two networks do not average.

    The network is not to be trained on afterwards: its norms then weigh all batches alike.

    Args:
        network: Its statistics are replaced.
        training: The faces that it learns from.
        recipe: Its augmentation and seed are used.
    """
    norms = _norms(network)
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    network.train()
    for faces in _augmented(training, recipe, recipe.seed):
        network(faces)
    network.eval()


@torch.no_grad()
def restore_norms(network: nn.Module, training: FaceData, recipe: Recipe) -> None:
    """Give norms that only add (`model_weights`) statistics to train with; what the network computes stays the same.

    What each norm takes in is measured on augmented training faces, and its weight and bias undo the normalisation: in
    training, where a batch's own statistics stand in for them, the network then computes about the same, too.

    Args:
        network: Its norms are changed.
        training: The faces that it will learn from.
        recipe: Its augmentation is used.
    """
    norms = _norms(network)
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def watch(norm: nn.BatchNorm2d, given: tuple[torch.Tensor]) -> None:
        taken = given[0].double()
        count = torch.full_like(sums[norm][0], taken.numel() / taken.shape[1])
        sums[norm] += torch.stack([count, taken.sum((0, 2, 3)), taken.square().sum((0, 2, 3))])

    hooks = [norm.register_forward_pre_hook(watch) for norm in norms]
    network.eval()
    for faces in _augmented(training, recipe, _ONE_SEED):
        network(faces)
    for hook in hooks:
        hook.remove()
    for norm, (count, total, squares) in sums.items():
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        # before: y = (x - old mean) * slope + bias
        old_mean, old_variance = torch.as_tensor(norm.running_mean), torch.as_tensor(norm.running_var)
        slope = norm.weight / (old_variance + norm.eps).sqrt()
        norm.bias.copy_(norm.bias + (mean - old_mean) * slope)
        norm.weight.copy_(slope * (variance + norm.eps).sqrt())
        old_mean.copy_(mean)
        old_variance.copy_(variance)


def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _augmented(training: FaceData, recipe: Recipe, seed: int) -> Iterator[torch.Tensor]:
    """Batches of some training faces as the network sees them, float [N, 1, pixels, pixels]."""
    generator = torch.Generator().manual_seed(seed)
    indices = torch.randperm(len(training), generator=generator)[:_SAMPLE]
    faces = torch.from_numpy(training.faces)
    for part in indices.split(_BATCH):
        yield recipe.affine(faces[part], recipe.pixels, generator)
