"""VGG-16 feature extractor for the perceptual losses.

Simonyan & Zisserman 2015, configuration D, trained on ImageNet, without the fully connected layers. The weights are
frozen.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.vision import checkpoints
from models.vision.checkpoints import VisionError

MEAN = 0.485, 0.456, 0.406  # of ImageNet, RGB in 0..1
DEVIATION = 0.229, 0.224, 0.225

PLAN = {"1": (3, 64, 64), "2": (64, 128, 128), "3": (128, 256, 256, 256), "4": (256, 512, 512, 512)}
PLAN |= {"5": (512, 512, 512, 512)}
"""Channels of each of the five blocks: the input, then the output of each convolution."""

CONVOLUTIONS = {
    f"{group}_{n + 1}": channels[n : n + 2] for group, channels in PLAN.items() for n in range(len(channels) - 1)
}
"""Channels in and out of each convolution, in the order they run: "1_1" to "5_3"."""

LAYERS = tuple(f"relu{name}" for name in CONVOLUTIONS)


class Vgg(nn.Module):
    """Feature maps by layer: `vgg(pixels, ["relu1_2", "relu3_3"])`.

    `pixels` is [B, 3, H, W] in 0..1, RGB; a map of block k + 1 is [B, C, H / 2^k, W / 2^k]. Convolutions after layer
    `deepest` are omitted. `pooling` is "average" as in Gatys et al. (smoother gradients) or "max" as in training.
    """

    layers = LAYERS
    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        *,
        deepest: str = LAYERS[-1],
        pooling: Literal["average", "max"] = "average",
    ) -> None:
        super().__init__()
        self.pooling = pooling
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1))
        self.convolutions = nn.ModuleDict()
        for name, (before, after) in CONVOLUTIONS.items():
            part = nn.Conv2d(before, after, 3, padding=1)
            part.load_state_dict({key: tensors[f"conv{name}.{key}"] for key in ("weight", "bias")})
            self.convolutions[name] = part
            if f"relu{name}" == deepest:
                break
        self.requires_grad_(False)

    def halved(self) -> Vgg:
        """A copy with bfloat16 weights: less exact, and several times as fast if `bfloat16_is_faster`."""
        made = copy.deepcopy(self)
        made.convolutions.to(torch.bfloat16, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return made

    def forward(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The maps of the `wanted` layers, "relu1_1" to "relu5_3". Raises KeyError for others."""
        missing = [layer for layer in wanted if layer.removeprefix("relu") not in self.convolutions]
        if missing:
            raise KeyError(f"VGG-16 has no {', '.join(missing)} here; its layers: {', '.join(self.layers)}")
        maps: dict[str, Tensor] = {}
        x = (pixels - self.mean) / self.deviation
        if (dtype := next(self.convolutions.parameters()).dtype) != x.dtype:
            x = x.to(dtype, memory_format=torch.channels_last)
        group = "1"
        for name, convolution in self.convolutions.items():
            if len(maps) == len(set(wanted)):
                break
            if name[0] != group:
                group = name[0]
                x = F.avg_pool2d(x, 2) if self.pooling == "average" else F.max_pool2d(x, 2)
            x = F.relu_(convolution(x))
            if f"relu{name}" in wanted:
                maps[f"relu{name}"] = x
        return maps


def load(path: Path | None = None, *, deepest: str = LAYERS[-1]) -> Vgg:
    """Reads VGG-16 from a file (.npz with convX_Y.weight and .bias, or torchvision's vgg16 .pth) or downloads it.

    Raises VisionError if the file does not contain it or the download fails.
    """
    path = path or checkpoints.fetch(checkpoints.VGG16)
    found = checkpoints.read(path)
    places = dict(zip(CONVOLUTIONS, TORCHVISION, strict=True))
    tensors: dict[str, Tensor] = {}
    for name, (before, after) in CONVOLUTIONS.items():
        for key, shape in (("weight", (after, before, 3, 3)), ("bias", (after,))):
            tensor = found.get(f"conv{name}.{key}", found.get(f"features.{places[name]}.{key}"))
            if tensor is None or tuple(tensor.shape) != shape:
                raise VisionError(f"{path}: not VGG-16's convolutions (no conv{name}.{key} of shape {list(shape)})")
            tensors[f"conv{name}.{key}"] = tensor.float()
    return Vgg(tensors, deepest=deepest)


TORCHVISION = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
"""Indices of the convolutions in torchvision's `features`."""
