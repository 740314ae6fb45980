"""MobileNetV2 (Sandler et al. 2018): the small convolutional network; its features also feed the novelty gate."""

from mien.training.networks.architecture import Architecture, feature_map

# Mean and std: ImageNet's three channels averaged.
MOBILENET_V2 = Architecture("mobilenet_v2", "mobilenetv2_100", 0.449, 0.226, feature_map, patch=32)
