"""The averaged weights of a network in training."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


class MovingAverage(AveragedModel):
    """An exponential moving average of a network's weights and buffers; starts from the network as it is given.

    torch's own update moves its counter to the device at each step, for which the processor must wait, and walks
    through both networks' modules, which takes the processor longer than a GPU takes for the whole update.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        super().__init__(network)
        self._decay = decay
        pairs = list(zip(_tensors(self.module), _tensors(network), strict=True))
        self._averaged = [(mine, other) for mine, other in pairs if mine.is_floating_point()]
        self._taken_over = [(mine, other) for mine, other in pairs if not mine.is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Move every weight by 1 - decay of its way to the network's; whole numbers are taken over."""
        averages, values = zip(*self._averaged, strict=True)
        torch._foreach_lerp_(averages, values, 1 - self._decay)
        for mine, other in self._taken_over:
            mine.copy_(other)
        self.n_averaged += 1


def _tensors(module: nn.Module) -> list[torch.Tensor]:
    """Views of its weights and buffers, which see what is later written into them."""
    return [tensor.detach() for tensor in (*module.parameters(), *module.buffers())]
