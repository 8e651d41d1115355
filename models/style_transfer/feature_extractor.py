"""Which network looks: VGG-16, SqueezeNet, a painter's, or one that never learned; the last two are always there."""

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
"""Networks by name: where they are published, and how their file is read."""


class FeatureExtractor(Protocol):
    """A frozen network that sees: feature maps of pictures, by the names of its layers."""

    @property
    def layers(self) -> Sequence[str]:
        """The names of its layers, from the picture inward."""
        ...

    def __call__(self, pixels: Tensor, wanted: Collection[str]) -> dict[str, Tensor]:
        """The `wanted` layers' maps [B, C, h, w] of pictures [B, 3, H, W] in 0..1, red green blue."""
        ...

    def to(self, device: torch.device) -> FeatureExtractor:
        """The same network on another device."""
        ...


def load(weights: str, *, prefer: Sequence[str] = (*PUBLISHED, PAINTER)) -> FeatureExtractor:
    """The network that `weights` names.

    "vgg16" and "squeezenet" are in the user's cache once `arabesque weights get` has fetched them; a path ends in .npz
    or .pth; "untrained" is made of random numbers; all else are weights of a painter, by name or path. "auto" is the
    first of `prefer` that is on this machine. Nothing is fetched here. Raises WeightsError.
    """
    if weights == AUTO:
        weights = next(name for name in prefer if name not in PUBLISHED or place(PUBLISHED[name][0]).is_file())
    if weights == UNTRAINED:
        return Untrained()
    if weights in PUBLISHED:
        checkpoint, load_ = PUBLISHED[weights]
        if not place(checkpoint).is_file():
            raise WeightsError(
                f"{weights}: not on this machine yet: `arabesque weights get vision/{weights}` fetches it "
                f"(up to {checkpoint.most / 1e6:.0f} MB); or name a file of yours (.npz, .pth)"
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
    """VGG-16 or SqueezeNet, whichever it is."""
    names = checkpoints.read(path).keys()
    small = any("squeeze" in name for name in names)
    return squeezenet.load(path) if small else vgg.load(path)


def _read(path: Path, how: Callable[[Path], FeatureExtractor]) -> FeatureExtractor:
    try:
        return how(path)
    except VisionError as error:
        raise WeightsError(str(error)) from None
