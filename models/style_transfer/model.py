"""The painter on stage: every picture it hears, painted in the manner of any blend of paintings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import torch
from torch import Tensor

from models.base import Event, Frame
from models.files import store
from models.knob import Knob, address_names
from models.style_transfer import adjustments as look
from models.style_transfer.network import KIND
from models.style_transfer.painter import CpuPainter, Painter, Pixels
from models.style_transfer.weights import read
from models.vision.pixels import mixed


@dataclass(frozen=True, slots=True, eq=False)
class StyleTransferState:
    """What was seen last and what was made of it; sizes are those it was painted at."""

    seen: Frame | None = None
    photo: Pixels | None = None  # what the network was shown of `seen`
    painted: Pixels | None = None  # what it made of it
    photo_before: Pixels | None = None  # the same of the picture before
    painted_before: Pixels | None = None
    knobs: tuple[Any, ...] = ()  # as they stood


class StyleTransfer:
    """A painter with one fader per painting: feed-forward style transfer of live pictures (Johnson 2016, Dumoulin
    2017), with a small network of our own.

    `parameters` are those of a `Network`, of any size; `labels` names its paintings. `device` is "cpu", "cuda…" or
    "auto", the graphics card where there is one. One instance steps on one thread at a time.
    """

    kind: ClassVar[str] = KIND
    sees: ClassVar[bool] = True

    def __init__(self, parameters: Mapping[str, Tensor], labels: Sequence[str] = (), *, device: str = "auto") -> None:
        self.labels = tuple(labels) or tuple(f"painting_{n + 1}" for n in range(len(parameters["scale"])))
        self.card: store.Card | None = None
        self.file: Path | None = None
        self.brush: Painter
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if torch.device(device).type == "cuda":
            from models.style_transfer.cuda import CudaPainter

            self.brush = CudaPainter(parameters, device=device)
        else:
            self.brush = CpuPainter(parameters)

    @classmethod
    def load(cls, weights: str = "paintings", device: str = "auto") -> Self:
        """Reads weights by name or file. Raises WeightsError where they cannot be used."""
        parameters, card = read(weights)
        model = cls(parameters, card.labels, device=device)
        model.card, model.file = card, store.find(weights, cls.kind)
        return model

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs with these weights' paintings: which to choose from, and one fader each."""
        names = self.labels

        def faders(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
            return {"paint": tuple(float(values["painting"] == name) for name in names)}

        first = tuple(float(n == 0) for n in range(len(names)))
        return {
            **knobs,
            "painting": replace(knobs["painting"], choices=names, default=names[0], sets=faders),
            "paint": replace(knobs["paint"], components=address_names(names), default=first),
        }

    def start(self, seed: int) -> StyleTransferState:
        """Nothing seen yet. There is no chance in a painter."""
        del seed
        return StyleTransferState()

    def step(
        self,
        state: StyleTransferState,
        heard: Sequence[Event] = (),
        /,
        *,
        painting: Annotated[str, Knob("One painting alone; sets the faders of `paint`", kind="choice")] = "",
        paint: Annotated[tuple[float, ...], Knob(
            "How much of each painting: only their relation counts; all at 0 is the camera", 0.0, 1.0, kind="vector"
        )] = (),
        strength: Annotated[float, Knob("0 is the camera, 1 the painting", 0.0, 1.0)] = 1.0,
        keep_colours: Annotated[bool, Knob("The camera's colours with the painting's light and strokes")] = False,
        resolution: Annotated[int, Knob(
            "Height to paint at: less is faster, with broader strokes; never more than the camera's", 64, 2160, "pixels"
        )] = 480,
        rate: Annotated[float, Knob("Pictures in a second at most; 0 is as many as come", 0.0, 240.0, "1/s")] = 0.0,
        govern: Annotated[bool, Knob("Lower the resolution where the rate cannot be held otherwise")] = True,
        smooth: Annotated[float, Knob(
            "How much of the last painting stays where nothing moves, against flicker", 0.0, 0.95
        )] = 0.0,
        feedback: Annotated[float, Knob("How much of its last painting it paints again", 0.0, 0.95)] = 0.0,
        freeze: Annotated[bool, Knob("Hold the picture; it is still painted anew when a knob is moved")] = False,
        brightness: Annotated[float, Knob("Of the camera, before painting", -1.0, 1.0)] = 0.0,
        contrast: Annotated[float, Knob("Of the camera, before painting", 0.0, 4.0, "x")] = 1.0,
        saturation: Annotated[float, Knob("Of the camera, before painting; 0 is grey", 0.0, 4.0, "x")] = 1.0,
    ) -> tuple[Sequence[Event], StyleTransferState]:  # fmt: skip
        """The newest picture painted at the size it came in, or the one seen last painted anew.

        Painting it again with the same knobs gives the same picture: what stays of earlier ones is taken from the
        picture before, not from the last attempt.
        """
        del painting, rate, govern  # what the first sets is in `paint`; the others are the runner's
        knobs = paint, strength, keep_colours, resolution, smooth, feedback, brightness, contrast, saturation
        frame = next((event for event in reversed(heard) if isinstance(event, Frame)), None)
        if state.seen is not None and freeze:
            if frame is not None and knobs == state.knobs:
                return (), state
            frame = None
        if frame is not None:
            state = replace(state, seen=frame, photo_before=state.photo, painted_before=state.painted)
        if state.seen is None:
            return (), state
        pixels = state.seen.pixels
        height, width = pixels.shape[:2]
        size = look.working_size(height, width, resolution)
        shown = look.adjusted(look.resized(pixels, *size), brightness, contrast, saturation)
        before = None if state.painted_before is None else look.resized(state.painted_before, *size)
        if before is not None and feedback:
            shown = mixed(shown, before, feedback)
        painted = self._painted(shown, paint)
        if before is not None and state.photo_before is not None and smooth:
            painted = look.smoothed(painted, before, shown, look.resized(state.photo_before, *size), smooth)
        made = look.resized(painted, height, width)
        if keep_colours:
            made = look.coloured(made, pixels)
        state = replace(state, photo=shown, painted=painted, knobs=knobs)
        return [Frame(mixed(pixels, made, strength), state.seen.number if state.seen else 0)], state

    def _painted(self, pixels: Pixels, paint: tuple[float, ...]) -> Pixels:
        """The picture in these manners, [H, W, 3]; without any it stays as it is."""
        faders = paint or (1.0, *(0.0,) * (len(self.labels) - 1))
        whole = sum(faders)
        if whole <= 0.0:
            return pixels
        return self.brush.paint(pixels, tuple(fader / whole for fader in faders))
