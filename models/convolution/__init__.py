"""The seeing machine: what convolutions make of a live picture, set by hand and learned."""

from models.convolution.features import FeatureMaps
from models.convolution.kernels import Kernels

__all__ = ["FeatureMaps", "Kernels"]
