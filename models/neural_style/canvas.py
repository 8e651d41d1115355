"""Pictures for neural style: loading by name, resizing to the working size, and initial canvases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from models.compute.chance import normals, stream
from models.files.picture_file import PictureError, read
from models.files.store import Card
from models.style_transfer.adjustments import Pixels, resized
from models.style_transfer.weights import network_of
from models.vision.pixels import maps_of

CAMERA = "camera"
LEAST = 32  # least shorter side in pixels, so that no layer's feature map is empty
NOISE = 0.5, 0.2  # mean and standard deviation of a noise canvas


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A picture file by the name given in a knob, its pixels, and the error if it could not be read."""

    name: str = ""
    pixels: Pixels | None = None
    trouble: str = ""


NOTHING = Named()


def opened(name: str, before: Named) -> Named:
    """Reads the picture file `name`; keeps the pixels of `before` if the name is unchanged or the file unreadable."""
    if name == before.name:
        return before
    try:
        return Named(name, read(Path(name).expanduser()))
    except PictureError as error:
        return Named(name, before.pixels, str(error))


def fitted(pixels: Pixels, height: int) -> Tensor:
    """Pixels to [1, 3, H, W] in 0..1, reduced to `height` rows if higher; each side is at least LEAST."""
    rows, columns = pixels.shape[:2]
    factor = max(min(1.0, height / rows), LEAST / min(rows, columns))
    size = max(LEAST, round(rows * factor)), max(LEAST, round(columns * factor))
    return maps_of(resized(pixels, *size)).permute(2, 0, 1)[None].contiguous()


def noise(seed: int, number: int, like: Tensor) -> Tensor:
    """A noise canvas of the shape of `like`, determined by seed and number."""
    mean, deviation = NOISE
    drawn = torch.from_numpy(normals(stream(seed, number), like.numel())).view(like.shape)
    return drawn.mul_(deviation).add_(mean).clamp_(0.0, 1.0)


def restretched(canvas: Tensor, like: Tensor) -> Tensor:
    """The canvas resized to the size of `like`, bilinear."""
    if canvas.shape == like.shape:
        return canvas
    return F.interpolate(canvas, like.shape[2:], mode="bilinear", align_corners=False)


class Quick:
    """The feed-forward style network, which provides styles by painting name instead of by file."""

    def __init__(self, parameters: Mapping[str, Tensor], card: Card) -> None:
        self.paintings = tuple(card.labels)
        self._network = network_of(parameters)

    @torch.no_grad()
    def paint(self, picture: Tensor, painting: str) -> Tensor:
        """The picture [1, 3, H, W] stylised as one of the `paintings`."""
        rows = torch.eye(len(self.paintings))[[self.paintings.index(painting)]]
        painted: Tensor = self._network(picture, rows)
        return painted
