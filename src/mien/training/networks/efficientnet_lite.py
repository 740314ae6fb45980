"""EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation): a teacher of MobileNetV2's size."""

from mien.training.networks.architecture import Architecture, feature_map

LITE0 = Architecture("efficientnet_lite0", "tf_efficientnet_lite0", 0.5, 0.5, feature_map, patch=32)
