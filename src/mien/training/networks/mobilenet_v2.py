"""MobileNetV2 (Sandler et al. 2018): the small convolutional network; its features also feed the novelty gate."""

import torch
from torch import nn

from mien.training.networks.architecture import Architecture


def _locations(backbone: nn.Module, faces: torch.Tensor) -> torch.Tensor:
    return backbone.forward_features(faces)  # type: ignore[operator]


# Mean and std: ImageNet's three channels averaged.
MOBILENET_V2 = Architecture("mobilenet_v2", "mobilenetv2_100", 0.449, 0.226, _locations, patch=32)
