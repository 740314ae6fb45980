"""Networks for the data's own 48 pixels, trained from nothing: large and slow, but good teachers.

At 44 pixels both are documented at 73% on PrivateTest (github.com/WuJie1010/Facial-Expression-Recognition.Pytorch), in
hundreds of epochs. timm's are made for 224 pixels and would leave one or four locations.
"""

from torch import nn

from mien.training.networks.architecture import Architecture, feature_map


def _small_stem(backbone: nn.Module) -> None:
    """He et al. 2016's stem for small pictures: 3x3, no stride, no pool; 6x6 locations at 48 pixels."""
    backbone.conv1 = nn.Conv2d(1, 64, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(backbone.conv1.weight, mode="fan_out", nonlinearity="relu")
    backbone.maxpool = nn.Identity()


def _no_hidden_layers(backbone: nn.Module) -> None:
    """Without the two layers of 4,096 units, and without the last pool: 3x3 locations at 48 pixels."""
    backbone.pre_logits = nn.Identity()
    backbone.features[-1] = nn.Identity()  # type: ignore[operator,assignment]


RESNET18 = Architecture("resnet18_native", "resnet18", 0.5, 0.25, feature_map, patch=8, change=_small_stem)
VGG19 = Architecture("vgg19_native", "vgg19_bn", 0.5, 0.25, feature_map, patch=16, change=_no_hidden_layers)
