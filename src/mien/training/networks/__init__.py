"""The networks that can be trained, one small file a family; a new one is a file and a line in `ARCHITECTURES`.

Every network is a timm backbone that ends in features per location, their mean, and one linear head. Hence the class
activation map is exact: the logit is the mean over locations of the head's score at each.
"""

from typing import Any, Literal

import timm
import torch
from timm.layers import PatchDropout, PatchEmbed
from torch import nn

from mien.errors import ModelError
from mien.expressions import NAMES
from mien.training.networks import (
    coat_lite,
    efficientnet_lite,
    face_mobilenet,
    face_resnet,
    mobilenet_v2,
    native,
    vit,
)
from mien.training.networks.architecture import Architecture

ARCHITECTURES: dict[str, Architecture] = {
    architecture.name: architecture
    for architecture in (
        vit.TINY,
        vit.SMALL,
        vit.SMALL_DINOV2,
        mobilenet_v2.MOBILENET_V2,
        coat_lite.TINY,
        efficientnet_lite.LITE0,
        face_resnet.FACE_RESNET,
        face_mobilenet.FACE_MOBILENET,
        native.RESNET18,
        native.VGG19,
    )
}


class ExpressionNetwork(nn.Module):
    """Grey faces, float [N, 1, h, w] in [0, 1], to logits [N, classes] and pooled features [N, D]."""

    def __init__(self, architecture: Architecture, backbone: nn.Module, classes: int = len(NAMES)) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = backbone
        self.head = nn.Linear(backbone.num_features, classes)  # type: ignore[arg-type]
        nn.init.trunc_normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def locations(self, faces: torch.Tensor) -> torch.Tensor:
        """Features before the pool.

        Args:
            faces: float [N, 1, h, w] in [0, 1].

        Returns:
            float [N, D, rows, columns].
        """
        normalised = (faces - self.architecture.mean) / self.architecture.std
        return self.architecture.locations(self.backbone, normalised)

    def drop_patches(self, share: float) -> None:
        """Leave some of the patches out of every training pass.

        Args:
            share: Of all patches, in [0, 1); 0 leaves none out.

        Raises:
            ModelError: The network has no patches.
        """
        layers = [module for module in self.backbone.modules() if isinstance(module, PatchDropout)]
        if share and not layers:
            raise ModelError(f"{self.architecture.name} has no patches to drop; leave patch_drop out of its recipe")
        for layer in layers:
            layer.prob = share

    def forward(self, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and pooled features.

        Args:
            faces: float [N, 1, h, w] in [0, 1].

        Returns:
            float [N, classes] and float [N, D].
        """
        features = self.locations(faces).mean((2, 3))
        return self.head(features), features

    def explain(self, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Logits, features and the exact map, whose mean is the logit.

        The head is applied at every location and then averaged, which equals pooling first because it is linear.

        Args:
            faces: float [N, 1, h, w] in [0, 1].

        Returns:
            float [N, classes], float [N, D] and float [N, classes, rows, columns].
        """
        locations = self.locations(faces)
        scores = self.head(locations.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return scores.mean((2, 3)), locations.mean((2, 3)), scores


def build(
    name: str,
    pixels: int,
    weights: dict[str, torch.Tensor] | Literal["timm"] | None = None,
    drop_path: float = 0.0,
    classes: int = len(NAMES),
) -> ExpressionNetwork:
    """Build a registered network with a fresh head.

    Args:
        name: Of `ARCHITECTURES`.
        pixels: Side of its input.
        weights: Tensors under timm's names, of which timm takes what fits (`weights.start_from` counts them), "timm"
            for timm's own download, or None to start from nothing.
        drop_path: Chance that a residual path is left out in a training pass, at the deepest layer.
        classes: How many are to be told apart.

    Returns:
        The network, in training mode on the CPU.

    Raises:
        ModelError: The name is unknown, the patches do not divide the size, or the weights do not fit or are none that
            the network can start from.
    """
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        raise ModelError(f"unknown network '{name}'; there are {', '.join(ARCHITECTURES)}")
    if reason := architecture.refuses(pixels):
        raise ModelError(reason)
    if architecture.change is not None and weights is not None:
        raise ModelError(f"{name} starts from nothing; train it with --weights none")
    options = dict(architecture.options)
    if architecture.sized:
        options["img_size"] = pixels
    if drop_path:  # not every network has paths to drop
        options["drop_path_rate"] = drop_path
    try:
        backbone: Any = timm.create_model(
            architecture.timm_name,
            pretrained=weights is not None,
            pretrained_cfg_overlay={"state_dict": weights} if isinstance(weights, dict) else None,
            in_chans=1,  # timm sums the colour channels' stem weights: grey in, a third of the stem's work
            num_classes=0,
            **options,
        )
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError, AssertionError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        given = "these weights" if isinstance(weights, dict) else f"weights '{weights or 'none'}'"
        raise ModelError(
            f"{architecture.timm_name} cannot be built with {given}, drop_path {drop_path}: {reason}"
        ) from error
    backbone.pretrained_cfg["state_dict"] = None  # a second copy of all weights
    if architecture.change is not None:
        architecture.change(backbone)
    for module in backbone.modules():
        if isinstance(module, PatchEmbed):
            module.strict_img_size = False  # early epochs may use fewer pixels than the last ones
    network = ExpressionNetwork(architecture, backbone, classes)
    network.drop_patches(0)
    return network
