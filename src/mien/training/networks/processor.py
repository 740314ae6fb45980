"""Two of torch's kernels that are slow on a processor, gone round; the network computes the same."""

from typing import Any

import torch
from timm.layers import Attention
from torch import nn


def suit_processor(network: nn.Module) -> None:
    """Have `network` trained fast on a processor, in place; weights and their names stay.

    Attention becomes two matrix products and a softmax: the fused kernel's backward pass is made for many more patches
    than a face has. Depthwise convolutions with a stride stay in float32 under autocast: what their backward pass saves
    in bfloat16 it loses many times over.

    Args:
        network: It is changed.
    """
    for module in network.modules():
        layer: Any = module  # timm and torch have what is set here as final
        if isinstance(module, Attention):
            layer.fused_attn = False
        elif type(module) is nn.Conv2d and module.groups > 1 and module.stride != (1, 1):
            layer.__class__ = _Float32Conv2d  # its weights are also the optimiser's and the average's: not made anew


class _Float32Conv2d(nn.Conv2d):
    def forward(self, input: torch.Tensor) -> torch.Tensor:
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())
