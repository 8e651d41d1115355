"""SqueezeNet as a feature extractor (Iandola et al. 2016), 5 MB instead of VGG-16's 550 MB.

Two editions are in use and differ in architecture: 1.0 (7x7 first convolution, pooling after fires 4 and 8) and 1.1
(3x3, pooling after fires 3 and 5).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.vision import checkpoints
from models.vision.checkpoints import VisionError
from models.vision.vgg import DEVIATION, MEAN

FIRES = range(2, 10)
LAYERS = ("relu1", *(f"fire{n}" for n in FIRES))
MEAN_255 = 123.0 / 255, 117.0 / 255, 104.0 / 255  # mean of the weights trained with Caffe, RGB
PARTS = "squeeze", "expand1", "expand3"
NAMES = "squeeze1x1", "expand1x1", "expand3x3"  # of the parts in the Caffe file
FILED = "squeeze", "expand1x1", "expand3x3"  # of the parts in torchvision's file


@dataclass(frozen=True, slots=True)
class Edition:
    """The differences between the editions."""

    kernel: int  # of the first convolution, which has stride 2
    channels: int
    pooled: tuple[int, ...]  # fires preceded by pooling, besides fire 2
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    swapped: bool = False  # input in BGR order


CAFFE = Edition(7, 96, (5, 9), MEAN_255, (1 / 255,) * 3, swapped=True)  # 1.0, the .npz of the Deep Compression authors
TORCHVISION = Edition(3, 64, (4, 6), MEAN, DEVIATION)  # 1.1


class SqueezeNet(nn.Module):
    """Feature maps by layer: `squeezenet(pixels, ["relu1", "fire4"])`, pixels [B, 3, H, W] in 0..1, RGB."""

    layers = LAYERS

    mean: Tensor
    deviation: Tensor

    def __init__(self, tensors: Mapping[str, Tensor], edition: Edition) -> None:
        super().__init__()
        self.edition = edition
        self.register_buffer("mean", torch.tensor(edition.mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(edition.deviation).view(1, 3, 1, 1))
        self.convolutions = nn.ModuleDict()
        for name in ("conv1", *(f"fire{n}_{part}" for n in FIRES for part in PARTS)):
            weight = tensors[f"{name}.weight"]
            after, before, size, _ = weight.shape
            first = name == "conv1"
            made = nn.Conv2d(before, after, size, stride=2 if first else 1, padding=0 if first else size // 2)
            made.load_state_dict({"weight": weight, "bias": tensors[f"{name}.bias"]})
            self.convolutions[name] = made
        self.requires_grad_(False)

    def forward(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The maps of the `wanted` layers: "relu1", "fire2" to "fire9". Raises KeyError for others."""
        missing = [layer for layer in wanted if layer not in LAYERS]
        if missing:
            raise KeyError(f"SqueezeNet has no {', '.join(missing)}; its layers: {', '.join(LAYERS)}")
        maps: dict[str, Tensor] = {}
        x = (pixels - self.mean) / self.deviation
        if self.edition.swapped:
            x = x.flip(1)
        x = F.relu(self.convolutions["conv1"](x))
        if "relu1" in wanted:
            maps["relu1"] = x
        for n in FIRES:
            if len(maps) == len(set(wanted)):
                break
            if n == FIRES[0] or n in self.edition.pooled:
                x = F.max_pool2d(x, 3, stride=2, ceil_mode=True)
            squeezed, wide, wider = (self.convolutions[f"fire{n}_{part}"] for part in PARTS)
            x = F.relu(squeezed(x))
            x = F.relu(torch.cat([wide(x), wider(x)], dim=1))
            if f"fire{n}" in wanted:
                maps[f"fire{n}"] = x
        return maps


def load(path: Path | None = None) -> SqueezeNet:
    """Reads SqueezeNet from a file (1.0: .npz with fireN/expand3x3.weight; 1.1: torchvision's .pth) or downloads it.

    Raises VisionError if the file does not contain it or the download fails.
    """
    path = path or checkpoints.fetch(checkpoints.SQUEEZENET)
    found = checkpoints.read(path)
    if "fire2/squeeze1x1.weight" in found:
        edition, places = CAFFE, {"conv1": "conv1"}
        for n in FIRES:
            places |= {f"fire{n}_{part}": f"fire{n}/{name}" for part, name in zip(PARTS, NAMES, strict=True)}
    else:
        edition, places = TORCHVISION, {"conv1": "features.0"}
        for n, at in zip(FIRES, (3, 4, 6, 7, 9, 10, 11, 12), strict=True):  # in torchvision's `features`
            places |= {f"fire{n}_{part}": f"features.{at}.{name}" for part, name in zip(PARTS, FILED, strict=True)}
    tensors: dict[str, Tensor] = {}
    for name, place in places.items():
        for key in ("weight", "bias"):
            tensor = found.get(f"{place}.{key}")
            if tensor is None:
                raise VisionError(f"{path}: not SqueezeNet 1.0 or 1.1 (no {place}.{key})")
            tensors[f"{name}.{key}"] = tensor.float()
    if tuple(tensors["conv1.weight"].shape) != (edition.channels, 3, edition.kernel, edition.kernel):
        raise VisionError(f"{path}: not SqueezeNet 1.0 or 1.1 (the first convolution has another shape)")
    return SqueezeNet(tensors, edition)
