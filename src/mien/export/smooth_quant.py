"""Make a transformer easier to round: activations that stick out are scaled down, the weights that take them up.

SmoothQuant, Xiao et al. 2023 (arXiv 2211.10438). Dynamic int8 has one scale for all of a layer's activations, and a few
channels with large values leave the others few steps. A layer norm can divide its channels by any factors if the linear
layer behind it multiplies by them: in floats the network stays the same.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from mien.training.affine import enlarge

BATCH = 64


@torch.inference_mode()
def smooth(network: nn.Module, faces: np.ndarray, pixels: int) -> None:
    """Change a network's layer norms and the linear layers behind them, where it has such pairs.

    The factor of channel j is sqrt(max |X_j| / max |W_j|), equation 4 of the paper with alpha 1/2.

    Args:
        network: In eval mode; it is changed in place.
        faces: What the activations' ranges are measured on: uint8 [N, 48, 48].
        pixels: Side of the enlarged faces.
    """
    pairs = list(_pairs(network))
    largest = {linear: torch.zeros(linear.in_features) for _, linear in pairs}

    def measure(linear: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(linear, nn.Linear)
        largest[linear] = torch.maximum(largest[linear], inputs[0].abs().flatten(0, -2).amax(0))

    hooks = [linear.register_forward_pre_hook(measure) for _, linear in pairs]
    for part in torch.from_numpy(faces).split(BATCH):
        network(enlarge(part, pixels))
    for hook in hooks:
        hook.remove()
    for norm, linear in pairs:
        factor = (largest[linear].clamp(min=1e-5) / linear.weight.abs().amax(0).clamp(min=1e-5)).sqrt()
        norm.weight.div_(factor)
        norm.bias.div_(factor)
        linear.weight.mul_(factor)


def _pairs(network: nn.Module) -> Iterator[tuple[nn.LayerNorm, nn.Linear]]:
    """Layer norms and the linear layers that alone read them, in blocks as timm builds them."""
    for block in network.modules():
        for norm, parent, linear in (("norm1", "attn", "qkv"), ("norm2", "mlp", "fc1")):
            first, second = getattr(block, norm, None), getattr(getattr(block, parent, None), linear, None)
            if isinstance(first, nn.LayerNorm) and isinstance(second, nn.Linear):
                yield first, second
