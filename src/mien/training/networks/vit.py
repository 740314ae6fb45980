"""Vision transformers (Dosovitskiy et al. 2021), pooled by the average over normed patch tokens.

The class token stays for the attention it was trained with and is left out of the pool.
"""

from collections.abc import Callable

import torch
from torch import nn

from mien.training.networks.architecture import Architecture, tokens_to_grid

# dynamic_img_size: position embeddings are resampled in the forward pass, so that early epochs may use fewer pixels.
# A patch drop rate above zero makes timm build the layer; every stage of a recipe then sets its own rate.
_OPTIONS = {"global_pool": "avg", "fc_norm": False, "dynamic_img_size": True, "patch_drop_rate": 0.5}


def _locations(patch: int) -> Callable[[nn.Module, torch.Tensor], torch.Tensor]:
    def locations(backbone: nn.Module, faces: torch.Tensor) -> torch.Tensor:
        tokens = backbone.forward_features(faces)[:, backbone.num_prefix_tokens :]  # type: ignore[operator]
        return tokens_to_grid(tokens, faces.shape[2] // patch, faces.shape[3] // patch)

    return locations


def _vit(name: str, timm_name: str, mean: float, std: float, patch: int) -> Architecture:
    return Architecture(name, timm_name, mean, std, _locations(patch), patch, sized=True, options=_OPTIONS)


TINY = _vit("vit_tiny", "vit_tiny_patch16_224", 0.5, 0.5, 16)
SMALL = _vit("vit_small", "vit_small_patch16_224", 0.5, 0.5, 16)
# DINOv2's ViT-small has 14-pixel patches: an 8x8 grid at 112 pixels. Mean and std are ImageNet's, averaged.
SMALL_DINOV2 = _vit("vit_small_dinov2", "vit_small_patch14_dinov2", 0.449, 0.226, 14)
