"""Selects the feature extractor: VGG-16, SqueezeNet, a style network, or an untrained network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from models.files.store import SUFFIX, WeightsError
from models.style_transfer.backbone import StyleBackbone
from models.style_transfer.weights import network_of, read
from models.vision import checkpoints, squeezenet, vgg
from models.vision.checkpoints import Checkpoint, VisionError, place
from models.vision.untrained import Untrained

AUTO = "auto"
UNTRAINED = "untrained"
PAINTER = "paintings"

PUBLISHED: Mapping[str, tuple[Checkpoint, Callable[[Path], FeatureExtractor]]] = {
    "vgg16": (checkpoints.VGG16, vgg.load),
    "squeezenet": (checkpoints.SQUEEZENET, squeezenet.load),
}
"""Downloadable networks by name: the checkpoint and the function that reads it."""


class FeatureExtractor(Protocol):
    """A frozen network that returns feature maps by layer name."""

    @property
    def layers(self) -> Sequence[str]:
        """Layer names, in order from the input."""
        ...

    def __call__(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """Maps [B, C, h, w] of the `wanted` layers for pictures [B, 3, H, W] in 0..1, RGB."""
        ...

    def to(self, device: torch.device) -> FeatureExtractor:
        """The same network on another device."""
        ...


def load(weights: str, *, prefer: Sequence[str] = (*PUBLISHED, PAINTER)) -> FeatureExtractor:
    """Loads the network that `weights` names; nothing is downloaded.

    - "vgg16", "squeezenet": from the user's cache, where `arabesque weights get` stores them;
    - a path *.npz or *.pth: VGG-16 or SqueezeNet from that file;
    - "untrained": fixed random weights;
    - "auto": the first of `prefer` that is on this machine;
    - any other text: weights of the painter, by name or path.

    Raises WeightsError if it cannot be loaded.
    """
    if weights == AUTO:
        weights = next(name for name in prefer if name not in PUBLISHED or place(PUBLISHED[name][0]).is_file())
    if weights == UNTRAINED:
        return Untrained()
    if weights in PUBLISHED:
        checkpoint, load_ = PUBLISHED[weights]
        if not place(checkpoint).is_file():
            raise WeightsError(
                f"{weights}: not downloaded yet: run `arabesque weights get vision/{weights}` "
                f"(up to {checkpoint.most / 1e6:.0f} MB), or name a file (.npz, .pth)"
            )
        return _read(place(checkpoint), load_)
    path = Path(weights).expanduser()
    if path.suffix in (".npz", ".pth"):
        return _read(path, _of_either)
    if path.suffix and path.suffix != SUFFIX:
        known = ", ".join((*PUBLISHED, UNTRAINED))
        raise WeightsError(f"{weights}: expected {known}, or a file *.npz, *.pth or *{SUFFIX}")
    return StyleBackbone(network_of(read(weights)[0]))


def _of_either(path: Path) -> FeatureExtractor:
    """VGG-16 or SqueezeNet, recognised by its tensor names."""
    names = checkpoints.read(path).keys()
    small = any("squeeze" in name for name in names)
    return squeezenet.load(path) if small else vgg.load(path)


def _read(path: Path, reader: Callable[[Path], FeatureExtractor]) -> FeatureExtractor:
    try:
        return reader(path)
    except VisionError as error:
        raise WeightsError(str(error)) from None
