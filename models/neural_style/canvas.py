"""The pictures before the slow painter: found by name, at the size it works at, and the canvas it begins with."""

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
LEAST = 32  # pixels of a picture's shorter side, so that every layer of a network has something to see
NOISE = 0.5, 0.2  # mean and standard deviation of a canvas of noise


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A picture from a file by the name it was asked for, and what went wrong in a sentence."""

    name: str = ""
    pixels: Pixels | None = None
    trouble: str = ""


NOTHING = Named()


def opened(name: str, before: Named) -> Named:
    """The picture in a file; the one before if it is the same, and also where it cannot be read."""
    if name == before.name:
        return before
    try:
        return Named(name, read(Path(name).expanduser()))
    except PictureError as error:
        return Named(name, before.pixels, str(error))


def fitted(pixels: Pixels, height: int) -> Tensor:
    """A picture [1, 3, height, W] in 0..1 of that height, or of its own if that is less; no side too short to see."""
    rows, columns = pixels.shape[:2]
    factor = max(min(1.0, height / rows), LEAST / min(rows, columns))
    size = max(LEAST, round(rows * factor)), max(LEAST, round(columns * factor))
    return maps_of(resized(pixels, *size)).permute(2, 0, 1)[None].contiguous()


def noise(seed: int, number: int, like: Tensor) -> Tensor:
    """A canvas of noise of a picture's shape, another one for each seed and each number."""
    mean, deviation = NOISE
    drawn = torch.from_numpy(normals(stream(seed, number), like.numel())).view(like.shape)
    return drawn.mul_(deviation).add_(mean).clamp_(0.0, 1.0)


def restretched(canvas: Tensor, like: Tensor) -> Tensor:
    """A canvas at the size of another picture."""
    if canvas.shape == like.shape:
        return canvas
    return F.interpolate(canvas, like.shape[2:], mode="bilinear", align_corners=False)


class Quick:
    """The fast painter, for a style without a file: what it makes of the content in the manner of its paintings."""

    def __init__(self, parameters: Mapping[str, Tensor], card: Card) -> None:
        self.paintings = tuple(card.labels)
        self._network = network_of(parameters)

    @torch.no_grad()
    def paint(self, picture: Tensor, painting: str) -> Tensor:
        """The picture [1, 3, H, W] in the manner of one of the `paintings`."""
        rows = torch.eye(len(self.paintings))[[self.paintings.index(painting)]]
        made: Tensor = self._network(picture, rows)
        return made
