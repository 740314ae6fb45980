"""CoaT-Lite tiny (Xu et al. 2021): four stages of convolutional attention; its last tokens are the locations."""

import torch
from torch import nn

from mien.training.networks.architecture import Architecture, tokens_to_grid


def _locations(backbone: nn.Module, faces: torch.Tensor) -> torch.Tensor:
    tokens = backbone.forward_features(faces)[:, 1:]  # type: ignore[operator]
    return tokens_to_grid(tokens, faces.shape[2] // 32, faces.shape[3] // 32)


TINY = Architecture(
    "coat_lite_tiny", "coat_lite_tiny", 0.449, 0.226, _locations, patch=32, sized=True, options={"global_pool": "avg"}
)
