"""The averaged weights of a network in training."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


class MovingAverage(AveragedModel):
    """An exponential moving average of weights and buffers; starts from the network as it is given.

    torch's own update moves its counter to the device at each step, for which the processor must wait.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network, use_buffers=True)
        self._decay = decay

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move every weight by 1 - decay of its way to the one of `model`; whole numbers are taken over."""
        averages, values = [], []
        for mine, other in zip(_tensors(self.module), _tensors(model), strict=True):
            if mine.is_floating_point():
                averages.append(mine)
                values.append(other)
            else:
                mine.copy_(other)
        torch._foreach_lerp_(averages, values, 1 - self._decay)
        self.n_averaged += 1


def _tensors(module: nn.Module) -> list[torch.Tensor]:
    return [tensor.detach() for tensor in (*module.parameters(), *module.buffers())]
