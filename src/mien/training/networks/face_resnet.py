"""dlib's face recognition ResNet (github.com/davisking/dlib-models, CC0): it starts from faces, told apart by person.

He et al. 2016's residual blocks with half of their channels, no norm, and shortcuts without weights. Its file of
starting weights (`face_resnet_dlib`) keeps dlib's structure in its names: each convolution is followed by a scale.
"""

from typing import Any

import torch
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn
from torch.nn import functional

from mien.training.networks.architecture import Architecture, feature_map

# In dlib's order. A network without its last block keeps 3x3 locations at 112 pixels.
_BLOCKS = (
    *("conv32_1", "conv32_2", "conv32_3"),
    *("conv64_down", "conv64_1", "conv64_2", "conv64_3"),
    *("conv128_down", "conv128_1", "conv128_2"),
    *("conv256_down", "conv256_1", "conv256_2"),
)
_DOWN = "down"


class Scale(nn.Module):
    """Times a number and plus another one, a channel: a batch norm whose statistics were folded away."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Scale and shift maps.

        Args:
            maps: float [N, C, h, w].

        Returns:
            float [N, C, h, w].
        """
        return maps * self.weight[:, None, None] + self.bias[:, None, None]


class ScaledConvolution(nn.Module):
    """A convolution and its scale."""

    def __init__(self, before: int, channels: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, channels, kernel, stride, padding)
        self.scale = Scale(channels)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolve maps.

        Args:
            maps: float [N, before, h, w].

        Returns:
            float [N, channels, h', w'] by kernel, stride and padding.
        """
        return self.scale(self.conv(maps))


class Block(nn.Module):
    """Two convolutions, added to what came in; a block that halves adds its input's averages over 2x2."""

    def __init__(self, before: int, channels: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        self.conv1 = ScaledConvolution(before, channels, 3, 2 if halves else 1, 0 if halves else 1)
        self.conv2 = ScaledConvolution(channels, channels, 3, 1, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolve maps.

        Args:
            maps: float [N, before, h, w].

        Returns:
            float [N, channels, h', w'], at least 0; about half as high and wide in a block that halves.
        """
        inner = self.conv2(self.conv1(maps).relu())
        if self.halves:
            maps = functional.avg_pool2d(maps, 2)
        # The two may differ in channels and by a row and column: zeros fill up the smaller one.
        height, width = max(maps.shape[2], inner.shape[2]), max(maps.shape[3], inner.shape[3])
        channels = max(maps.shape[1], inner.shape[1])
        return (_filled(maps, channels, height, width) + _filled(inner, channels, height, width)).relu()


def _filled(maps: torch.Tensor, channels: int, height: int, width: int) -> torch.Tensor:
    return functional.pad(maps, (0, width - maps.shape[3], 0, height - maps.shape[2], 0, channels - maps.shape[1]))


class FaceResnet(nn.Module):
    """The network up to its last feature map, as timm builds one."""

    def __init__(self, in_chans: int = 3, num_classes: int = 0) -> None:
        super().__init__()
        self.num_classes, self.num_features = num_classes, 256
        self.conv32_down = ScaledConvolution(in_chans, 32, 7, 2, 0)
        channels = 32
        for name in _BLOCKS:
            before, channels = channels, int(name.removeprefix("conv").partition("_")[0])
            self.add_module(name, Block(before, channels, name.endswith(_DOWN)))

    def forward_features(self, faces: torch.Tensor) -> torch.Tensor:
        """The last feature map.

        Args:
            faces: float [N, in_chans, h, w].

        Returns:
            float [N, 256, h / 32, w / 32], about.
        """
        maps = functional.max_pool2d(self.conv32_down(faces).relu(), 3, 2)
        for name in _BLOCKS:
            maps = getattr(self, name)(maps)
        return maps

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Which tensors are a layer, for learning rates that fall from layer to layer (timm).

        Args:
            coarse: Is not looked at: timm gives it.

        Returns:
            Patterns of names.
        """
        return {"stem": r"^conv32_down", "blocks": [(f"^{name}\\.", (place,)) for place, name in enumerate(_BLOCKS)]}


# dlib takes RGB in 0 to 255 less _MEAN, divided by 256.
_MEAN = (122.782, 117.001, 104.298)
default_cfgs = generate_default_cfgs(
    {
        "face_resnet_dlib": {
            "mean": tuple(value / 255 for value in _MEAN),
            "std": (256 / 255,) * 3,
            "first_conv": "conv32_down.conv",
            "classifier": None,
        }
    }
)


@register_model
def face_resnet_dlib(pretrained: bool = False, **options: Any) -> FaceResnet:
    """The network by its name in timm's registry.

    Args:
        pretrained: Is false here: the weights come from a file.
        **options: Go to the network.

    Returns:
        The network.
    """
    return build_model_with_cfg(FaceResnet, "face_resnet_dlib", pretrained, pretrained_strict=False, **options)


FACE_RESNET = Architecture("face_resnet", "face_resnet_dlib", 0.4498, 256 / 255, feature_map, patch=32, least=56)
