"""The seeing machine that has learned: what the layers of a trained network find in the live picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal, Self

import cv2
import numpy as np
import torch
from torch import Tensor

from models.base import Event, Frame, Knob, Measure
from models.compute.device import device as device_of
from models.compute.threads import threads
from models.convolution.grid import COLOURS, RANGES, Colours, Range, brightness, coloured, grid
from models.style_transfer import feature_extractor
from models.style_transfer.feature_extractor import FeatureExtractor
from models.vision.pixels import maps_of, mixed, resized

ALL = -1
LEAST = 32  # pixels on the shorter side of what the network looks at

Order = Literal["number", "strongest"]
ORDERS: tuple[Order, ...] = ("number", "strongest")


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMapsState:
    """The picture seen last, and what was said of its maps: their number, height and width."""

    seen: Frame | None = None
    told: tuple[int, int, int] = (0, 0, 0)


class FeatureMaps:
    """The feature maps of one layer as a picture: one channel of it, or many in a grid.

    `eyes` may be VGG-16, SqueezeNet or a painter's network; the deeper a layer, the larger what each of its channels
    answers to, from edges and colours to textures and parts of things (Zeiler & Fergus 2014).
    """

    kind: ClassVar[str] = "feature_maps"
    sees: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = {
        "maps": Knob("How many channels the layer has", kind="int", default=0, access="r"),
        "map_height": Knob("Rows of each map", unit="cells", kind="int", default=0, access="r"),
        "map_width": Knob("Columns of each map", unit="cells", kind="int", default=0, access="r"),
    }

    def __init__(self, eyes: FeatureExtractor, *, device: str = "auto") -> None:
        self.device = device_of(device)
        self.eyes = eyes.to(self.device)

    @classmethod
    def load(cls, weights: str = feature_extractor.AUTO, device: str = "auto") -> Self:
        """A network by name, file, or "auto" (see `feature_extractor.load`). Raises WeightsError."""
        return cls(
            feature_extractor.load(weights, prefer=("squeezenet", "vgg16", feature_extractor.PAINTER)), device=device
        )

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs with this network's layers."""
        layers = tuple(self.eyes.layers)
        return {**knobs, "layer": replace(knobs["layer"], choices=layers, default=layers[0])}

    def start(self, seed: int) -> FeatureMapsState:
        """Nothing seen yet; there is no chance in it."""
        del seed
        return FeatureMapsState()

    def step(
        self,
        state: FeatureMapsState,
        heard: Sequence[Event] = (),
        /,
        *,
        layer: Annotated[str, Knob("Which layer's maps", kind="choice")] = "",
        channel: Annotated[int, Knob("Which of its maps, large; -1 is many in a grid", ALL, 2047)] = ALL,
        first: Annotated[int, Knob("The grid's first channel", 0, 2047)] = 0,
        count: Annotated[int, Knob("How many are in the grid", 1, 1024, "", "log")] = 25,
        columns: Annotated[int, Knob("The grid's columns; 0 is what fits best", 0, 64)] = 0,
        order: Annotated[Order, Knob(
            "The grid by channel number, or what answers most first", choices=ORDERS
        )] = "number",
        scale: Annotated[Range, Knob("Each map from black to white, or all on one scale", choices=RANGES)] = "each",
        gain: Annotated[float, Knob("Brightness of the maps", 0.1, 20.0, "x", "log")] = 1.5,
        colours: Annotated[Colours, Knob(
            "In which colours; camera lets its picture through where a map answers", choices=COLOURS
        )] = "grey",
        soft: Annotated[bool, Knob("Enlarged softly; off shows every cell as a square")] = True,
        mix: Annotated[float, Knob("0 is the camera, 1 the maps", 0.0, 1.0)] = 1.0,
        resolution: Annotated[int, Knob(
            "Height at which the network looks; never more than the camera's", LEAST, 1080, "pixels", "log"
        )] = 240,
        rate: Annotated[float, Knob("Pictures in a second at most; 0 is as many as come", 0.0, 240.0, "1/s")] = 0.0,
        govern: Annotated[bool, Knob("Lower the resolution where the rate cannot be held otherwise")] = True,
    ) -> tuple[Sequence[Event], FeatureMapsState]:  # fmt: skip
        """What the network sees in the newest picture, or in the one seen last, at the size it came in."""
        del rate, govern  # the runner's
        seen = next((event for event in reversed(heard) if isinstance(event, Frame)), state.seen)
        if seen is None:
            return (), state
        layer = layer if layer in self.eyes.layers else self.eyes.layers[0]
        maps = self._maps(seen, layer, resolution)
        told = len(maps), maps.shape[1], maps.shape[2]
        shown = _chosen(maps, channel, first, count, order)
        height, width = seen.pixels.shape[:2]
        picture = grid(brightness(shown.numpy(), scale, gain), height, width, columns=columns, soft=soft)
        made = mixed(seen.pixels, coloured(picture, colours, seen.pixels), mix)
        events: list[Event] = [Frame(made, seen.number)]
        if told != state.told:
            events += [Measure(name, figure) for name, figure in zip(self.measures, told, strict=True)]
        return events, FeatureMapsState(seen, told)

    def _maps(self, seen: Frame, layer: str, resolution: int) -> Tensor:
        """The maps [C, h, w] of a layer; a picture too small for the network is made large enough."""
        pixels = resized(seen.pixels, resolution)
        short = min(pixels.shape[:2])
        if short < LEAST:
            pixels = np.asarray(cv2.resize(pixels, None, fx=LEAST / short, fy=LEAST / short), np.uint8)
        with torch.inference_mode(), threads(pixels.shape[0] * pixels.shape[1]):
            x = maps_of(pixels).to(self.device).permute(2, 0, 1)[None]
            return self.eyes(x, [layer])[layer][0].float().cpu().contiguous()


def _chosen(maps: Tensor, channel: int, first: int, count: int, order: Order) -> Tensor:
    """Which of the maps [C, h, w] are shown."""
    if channel != ALL:
        return maps[min(channel, len(maps) - 1)][None]
    if order == "strongest":
        maps = maps[maps.mean(dim=(1, 2)).argsort(descending=True, stable=True)]
    first = min(first, len(maps) - 1)
    return maps[first : first + count]
