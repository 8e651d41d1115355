"""One to four convolution layers with hand-set kernels on live video; every cell is a parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import torch
from torch import Tensor

from models.base import Event, Frame, Knob, Measure
from models.convolution.filters import (
    ACTIVATIONS,
    PADDINGS,
    POOLINGS,
    Activation,
    Padding,
    Pooling,
    activated,
    convolved,
    normalised,
    pooled,
)
from models.convolution.kernel_table import CELLS, CHOICES, IDENTITY, setting
from models.vision.pixels import enlarged, maps_of, mixed, pixels_of, resized

LAYERS = ("layer1", "layer2", "layer3", "layer4")
View = Literal["clip", "absolute", "offset", "stretch"]
VIEWS: tuple[View, ...] = ("clip", "absolute", "offset", "stretch")

_CELLS = "Cells of the 5x5 kernel by row and column; the inner 3x3 alone are a 3x3 kernel"
_ACTIVATION = "Activation function after the kernel"
_POOL = "Pooling of each window after the activation"

Cells = tuple[float, ...]
Four = tuple[float, ...]
"""One number for each layer."""


def _kernel(layer: int) -> Knob:
    return Knob("The layer's kernel: sets its cells; free keeps them as they are", choices=CHOICES, sets=setting(layer))


@dataclass(frozen=True, slots=True, eq=False)
class KernelsState:
    """The last frame, and the size of its map."""

    seen: Frame | None = None
    size: tuple[int, int] = (0, 0)


class Kernels:
    """Hand-set convolution layers with padding, stride, dilation, bias, activation and pooling.

    Values are 0 (black) to 1 (white). They are not clipped between layers; `view` maps the result to brightness.
    """

    kind: ClassVar[str] = "kernels"
    sees: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = {
        "map_height": Knob("Rows of the displayed map", unit="cells", kind="int", default=0, access="r"),
        "map_width": Knob("Columns of the displayed map", unit="cells", kind="int", default=0, access="r"),
    }

    @classmethod
    def load(cls, weights: str = "", device: str = "auto") -> Self:
        """Loads nothing: there are no weights, and `weights` and `device` are ignored."""
        del weights, device
        return cls()

    def start(self, seed: int) -> KernelsState:
        """The state before the first frame; only the kernel "random" uses the node's seed."""
        del seed
        return KernelsState()

    def step(
        self,
        state: KernelsState,
        heard: Sequence[Event] = (),
        /,
        *,
        layers: Annotated[int, Knob("Number of layers applied in sequence", 1, 4)] = 1,
        kernel1: Annotated[str, _kernel(1)] = "identity",
        kernel2: Annotated[str, _kernel(2)] = "identity",
        kernel3: Annotated[str, _kernel(3)] = "identity",
        kernel4: Annotated[str, _kernel(4)] = "identity",
        cells1: Annotated[Cells, Knob(_CELLS, -20.0, 20.0, components=CELLS)] = IDENTITY,
        cells2: Annotated[Cells, Knob(_CELLS, -20.0, 20.0, components=CELLS)] = IDENTITY,
        cells3: Annotated[Cells, Knob(_CELLS, -20.0, 20.0, components=CELLS)] = IDENTITY,
        cells4: Annotated[Cells, Knob(_CELLS, -20.0, 20.0, components=CELLS)] = IDENTITY,
        activation1: Annotated[Activation, Knob(_ACTIVATION, choices=ACTIVATIONS)] = "none",
        activation2: Annotated[Activation, Knob(_ACTIVATION, choices=ACTIVATIONS)] = "none",
        activation3: Annotated[Activation, Knob(_ACTIVATION, choices=ACTIVATIONS)] = "none",
        activation4: Annotated[Activation, Knob(_ACTIVATION, choices=ACTIVATIONS)] = "none",
        pool1: Annotated[Pooling, Knob(_POOL, choices=POOLINGS)] = "none",
        pool2: Annotated[Pooling, Knob(_POOL, choices=POOLINGS)] = "none",
        pool3: Annotated[Pooling, Knob(_POOL, choices=POOLINGS)] = "none",
        pool4: Annotated[Pooling, Knob(_POOL, choices=POOLINGS)] = "none",
        pool_size: Annotated[Four, Knob("Side of a pool window", 1.0, 32.0, "cells", components=LAYERS)] = (2.0,) * 4,
        pool_stride: Annotated[Four, Knob(
            "Step between pooling windows; 0: the window's side", 0.0, 32.0, "cells", components=LAYERS
        )] = (0.0,) * 4,
        gain: Annotated[Four, Knob("Multiplies the kernel's output", -8.0, 8.0, "x", components=LAYERS)] = (1.0,) * 4,
        bias: Annotated[Four, Knob("Added to the kernel's output", -2.0, 2.0, components=LAYERS)] = (0.0,) * 4,
        stride: Annotated[Four, Knob(
            "Step between positions of the kernel", 1.0, 16.0, "cells", components=LAYERS
        )] = (1.0,) * 4,
        dilation: Annotated[Four, Knob(
            "Distance between the kernel's cells", 1.0, 16.0, "cells", components=LAYERS
        )] = (1.0,) * 4,
        normalise: Annotated[bool, Knob(
            "Divide each kernel by the sum of its cells (of their absolute values if it is 0): keeps brightness"
        )] = False,
        padding: Annotated[Padding, Knob(
            "Values outside the picture: zeros, mirrored, wrapped around, edge repeated; none: a smaller output",
            choices=PADDINGS,
        )] = "reflect",
        channels: Annotated[str, Knob(
            "Process red, green and blue, or the luminance only", choices=("colour", "luminance")
        )] = "colour",
        view: Annotated[View, Knob(
            "How values are displayed: clipped to 0..1, absolute, with 0 as middle grey, or stretched from minimum to "
            "maximum", choices=VIEWS
        )] = "clip",
        mix: Annotated[float, Knob("0 is the camera, 1 the result", 0.0, 1.0)] = 1.0,
        resolution: Annotated[int, Knob("Height to work at; 0: the camera's", 0, 2160, "pixels")] = 0,
    ) -> tuple[Sequence[Event], KernelsState]:  # fmt: skip
        """Applies the layers to the newest frame, or to the last one again; the result has the frame's size."""
        del kernel1, kernel2, kernel3, kernel4  # they set the cells
        seen = next((event for event in reversed(heard) if isinstance(event, Frame)), state.seen)
        if seen is None:
            return (), state
        cells = cells1, cells2, cells3, cells4
        activation = activation1, activation2, activation3, activation4
        pool = pool1, pool2, pool3, pool4
        with torch.inference_mode():
            x = maps_of(resized(seen.pixels, resolution), luminance=channels == "luminance")
            for n in range(layers):
                across = max(1, round(stride[n]))
                kernel = normalised(cells[n]) if normalise else cells[n]
                kernel = tuple(cell * gain[n] for cell in kernel)
                x = convolved(x, kernel, stride=across, dilation=max(1, round(dilation[n])), padding=padding)
                x = activated(x.add_(bias[n]) if bias[n] else x, activation[n])
                window = max(1, round(pool_size[n]))
                x = pooled(x, pool[n], size=window, stride=round(pool_stride[n]) or window)
            size = x.shape[0], x.shape[1]
            made = enlarged(pixels_of(_viewed(x, view)), *seen.pixels.shape[:2])
        events: list[Event] = [Frame(mixed(seen.pixels, made, mix), seen.number)]
        if size != state.size:
            events += [Measure("map_height", size[0]), Measure("map_width", size[1])]
        return events, KernelsState(seen, size)


def _viewed(x: Tensor, view: View) -> Tensor:
    """Maps values to brightness 0..1, not yet clipped."""
    match view:
        case "absolute":
            return x.abs()
        case "offset":
            return x * 0.5 + 0.5
        case "stretch":
            low, high = torch.aminmax(x)
            return (x - low) / (high - low).clamp_min(1e-6)
        case _:
            return x
