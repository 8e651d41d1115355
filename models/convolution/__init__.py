"""Convolutions on live video: hand-set kernels, and the feature maps of trained networks."""

from models.convolution.features import FeatureMaps
from models.convolution.kernels import Kernels

__all__ = ["FeatureMaps", "Kernels"]
