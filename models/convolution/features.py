"""Shows the feature maps of a network's layers for live video."""

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
LEAST = 32  # least shorter side of the network's input, in pixels

Order = Literal["number", "strongest"]
ORDERS: tuple[Order, ...] = ("number", "strongest")


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMapsState:
    """The last frame, and the last published number, height and width of its maps."""

    seen: Frame | None = None
    published: tuple[int, int, int] = (0, 0, 0)


class FeatureMaps:
    """The feature maps of one layer as a picture: one channel of it, or many in a grid.

    `extractor` is VGG-16, SqueezeNet or a style network. Channels of deep layers respond to larger patterns: from edges
    and colours to textures and parts of objects (Zeiler & Fergus 2014).
    """

    kind: ClassVar[str] = "feature_maps"
    sees: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = {
        "maps": Knob("Number of channels of the layer", kind="int", default=0, access="r"),
        "map_height": Knob("Rows of each map", unit="cells", kind="int", default=0, access="r"),
        "map_width": Knob("Columns of each map", unit="cells", kind="int", default=0, access="r"),
    }

    def __init__(self, extractor: FeatureExtractor, *, device: str = "auto") -> None:
        self.device = device_of(device)
        self.extractor = extractor.to(self.device)

    @classmethod
    def load(cls, weights: str = feature_extractor.AUTO, device: str = "auto") -> Self:
        """A network by name, file, or "auto" (see `feature_extractor.load`). Raises WeightsError."""
        return cls(
            feature_extractor.load(weights, prefer=("squeezenet", "vgg16", feature_extractor.PAINTER)), device=device
        )

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """Adds this network's layers to the knobs as choices."""
        layers = tuple(self.extractor.layers)
        return {**knobs, "layer": replace(knobs["layer"], choices=layers, default=layers[0])}

    def start(self, seed: int) -> FeatureMapsState:
        """The state before the first frame; the seed is unused."""
        del seed
        return FeatureMapsState()

    def step(
        self,
        state: FeatureMapsState,
        heard: Sequence[Event] = (),
        /,
        *,
        layer: Annotated[str, Knob("Layer to show", kind="choice")] = "",
        channel: Annotated[int, Knob("Channel to show; -1: a grid of channels", ALL, 2047)] = ALL,
        first: Annotated[int, Knob("First channel of the grid", 0, 2047)] = 0,
        count: Annotated[int, Knob("Number of channels in the grid", 1, 1024, "", "log")] = 25,
        columns: Annotated[int, Knob("Columns of the grid; 0: best fit", 0, 64)] = 0,
        order: Annotated[Order, Knob(
            "Order of the grid: by channel number, or strongest response first", choices=ORDERS
        )] = "number",
        scale: Annotated[Range, Knob("Brightness range: each map its own, or one for all", choices=RANGES)] = "each",
        gain: Annotated[float, Knob("Brightness of the maps", 0.1, 20.0, "x", "log")] = 1.5,
        colours: Annotated[Colours, Knob(
            "Colour map; camera: the camera's picture, multiplied by the map", choices=COLOURS
        )] = "grey",
        soft: Annotated[bool, Knob("Interpolate when enlarging; off shows cells as squares")] = True,
        mix: Annotated[float, Knob("0 is the camera, 1 the maps", 0.0, 1.0)] = 1.0,
        resolution: Annotated[int, Knob(
            "Height of the network's input, at most the camera's", LEAST, 1080, "pixels", "log"
        )] = 240,
        rate: Annotated[float, Knob("Maximum frame rate; 0 shows every frame", 0.0, 240.0, "1/s")] = 0.0,
        govern: Annotated[bool, Knob("Lower the resolution when the frame rate cannot be kept")] = True,
    ) -> tuple[Sequence[Event], FeatureMapsState]:  # fmt: skip
        """The feature maps of the newest frame, or of the last one again, drawn at the frame's size."""
        del rate, govern  # used by the node's runner
        seen = next((event for event in reversed(heard) if isinstance(event, Frame)), state.seen)
        if seen is None:
            return (), state
        layer = layer if layer in self.extractor.layers else self.extractor.layers[0]
        maps = self._maps(seen, layer, resolution)
        shape = len(maps), maps.shape[1], maps.shape[2]
        shown = _chosen(maps, channel, first, count, order)
        height, width = seen.pixels.shape[:2]
        picture = grid(brightness(shown.numpy(), scale, gain), height, width, columns=columns, soft=soft)
        made = mixed(seen.pixels, coloured(picture, colours, seen.pixels), mix)
        events: list[Event] = [Frame(made, seen.number)]
        if shape != state.published:
            events += [Measure(name, figure) for name, figure in zip(self.measures, shape, strict=True)]
        return events, FeatureMapsState(seen, shape)

    def _maps(self, seen: Frame, layer: str, resolution: int) -> Tensor:
        """The maps [C, h, w] of a layer; a frame too small for the network is enlarged first."""
        pixels = resized(seen.pixels, resolution)
        short = min(pixels.shape[:2])
        if short < LEAST:
            pixels = np.asarray(cv2.resize(pixels, None, fx=LEAST / short, fy=LEAST / short), np.uint8)
        with torch.inference_mode(), threads(pixels.shape[0] * pixels.shape[1]):
            x = maps_of(pixels).to(self.device).permute(2, 0, 1)[None]
            return self.extractor(x, [layer])[layer][0].float().cpu().contiguous()


def _chosen(maps: Tensor, channel: int, first: int, count: int, order: Order) -> Tensor:
    """Selects the maps to show from [C, h, w]."""
    if channel != ALL:
        return maps[min(channel, len(maps) - 1)][None]
    if order == "strongest":
        maps = maps[maps.mean(dim=(1, 2)).argsort(descending=True, stable=True)]
    first = min(first, len(maps) - 1)
    return maps[first : first + count]
