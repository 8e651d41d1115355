"""Neural style as a node: Gatys' optimisation as a stream of pictures, step by step."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Self

from models.base import Event, Frame, Knob, Measure, Pulse, Trouble, Wait, pulse
from models.compute.device import device as device_of
from models.compute.threads import threads
from models.files.store import WeightsError
from models.neural_style.canvas import CAMERA, NOTHING, Named, Quick, opened
from models.neural_style.objective import Weights
from models.neural_style.optimisation import (
    OPTIMISERS,
    POOLINGS,
    STARTS,
    OptimisationSettings,
    Optimiser,
    Pooling,
    Start,
    Style,
    Work,
    prepared,
    resolution_of,
    stepped,
)
from models.style_transfer import feature_extractor
from models.style_transfer.adjustments import Pixels
from models.style_transfer.feature_extractor import FeatureExtractor
from models.style_transfer.weights import read
from models.vision import untrained
from models.vision.pixels import pixels_of

log = logging.getLogger(__name__)

CONTENT = {"relu4_2", "fire4", "residual2", "untrained4"}
"""Default content layers: the paper's layer of VGG-16, and layers of similar depth of the other networks."""
STYLE = {
    *("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
    *("relu1", "fire2", "fire3", "fire5", "fire7"),
    *("fold", "down", "residual0", "residual2", "residual4"),
    *untrained.LAYERS,
}


@dataclass(frozen=True, slots=True, eq=False)
class NeuralStyleState:
    """The immutable state that the next step depends on."""

    seed: int
    seen: Frame | None = None
    posed: Pixels | None = None  # the camera's frame when this picture was started
    content: Named = NOTHING
    style: Named = NOTHING
    begun: int = 0
    work: Work | None = None


class NeuralStyle:
    """Optimises a picture for the content of one image and the style of another (Gatys, Ecker & Bethge 2016).

    `extractor` is the network whose feature maps are compared. `quick` is a feed-forward style network: a style named
    after one of its paintings is the content as stylised by it. `device` is "cpu", "cuda…", "mps" or "auto". An
    instance must not step on two threads at once.
    """

    kind: ClassVar[str] = "neural_style"
    sees: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = {
        "loss": Knob("The total loss: alpha, beta and variation times the following three", access="r"),
        "content_loss": Knob("Distance from the content; 1 is that of an empty picture", access="r"),
        "style_loss": Knob("Distance from the style; 1 is that of an empty picture", access="r"),
        "variation_loss": Knob("Mean squared difference of neighbouring pixels", access="r"),
        "steps": Knob("Optimiser steps since the picture was started", kind="int", default=0, access="r"),
        "evaluations": Knob("Evaluations of the loss in these steps", kind="int", default=0, access="r"),
    }

    def __init__(self, extractor: FeatureExtractor, quick: Quick | None = None, *, device: str = "auto") -> None:
        self.device = device_of(device)
        self.extractor = extractor.to(self.device)
        self.quick = quick

    @classmethod
    def load(cls, weights: str = feature_extractor.AUTO, device: str = "auto") -> Self:
        """A network by name, file, or "auto" (see `feature_extractor.load`). Raises WeightsError."""
        try:
            quick = Quick(*read("paintings"))
        except WeightsError:  # then styles come from files only
            quick = None
        extractor = feature_extractor.load(weights, prefer=("vgg16", "squeezenet", feature_extractor.UNTRAINED))
        if weights == feature_extractor.AUTO and isinstance(extractor, untrained.Untrained):
            log.info("no trained features on this machine: `arabesque weights get vision/vgg16` gets the paper's")
        return cls(extractor, quick, device=device)

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """Adds this network's layers to the knobs: one content fader and one style fader each."""
        names = tuple(self.extractor.layers)
        content, style = self._layers((), CONTENT), self._layers((), STYLE)
        return {
            **knobs,
            "content_layers": replace(knobs["content_layers"], components=names, default=content),
            "style_layers": replace(knobs["style_layers"], components=names, default=style),
        }

    def start(self, seed: int) -> NeuralStyleState:
        """The state without a picture; the seed determines the initial noise."""
        return NeuralStyleState(seed)

    def step(
        self,
        state: NeuralStyleState,
        heard: Sequence[Event] = (),
        /,
        *,
        content: Annotated[str, Knob(
            "The content: a picture file, or camera, its frame at the start of a picture", file=True
        )] = CAMERA,
        style: Annotated[str, Knob(
            "The style: a picture file, camera, or a painting of the style network; empty: its first one",
            file=True,
        )] = "",
        alpha: Annotated[float, Knob("Weight of the content loss", 0.001, 1000.0, "", "log")] = 1.0,
        beta: Annotated[float, Knob("Weight of the style loss", 0.001, 100_000.0, "", "log")] = 10.0,
        variation: Annotated[float, Knob("Weight of the total variation loss", 0.001, 1000.0, "", "log")] = 20.0,
        content_layers: Annotated[tuple[float, ...], Knob(
            "Weight of each layer in the content loss; only the proportions matter", 0.0, 1.0, kind="vector"
        )] = (),
        style_layers: Annotated[tuple[float, ...], Knob(
            "Weight of each layer in the style loss; only the proportions matter", 0.0, 1.0, kind="vector"
        )] = (),
        style_scale: Annotated[float, Knob(
            "Height of the style picture relative to the canvas: higher gives broader strokes", 0.25, 4.0, "x", "log"
        )] = 1.0,
        pooling: Annotated[Pooling, Knob(
            "Pooling in the network: average is smoother, max as in its training", choices=POOLINGS
        )] = "average",
        start: Annotated[Start, Knob(
            "Initial canvas: noise, the content, or the previous picture", choices=STARTS
        )] = "noise",
        optimiser: Annotated[Optimiser, Knob("Optimisation algorithm", choices=OPTIMISERS)] = "lbfgs",
        step_size: Annotated[float, Knob("Step length relative to the default", 0.01, 10.0, "x", "log")] = 1.0,
        history: Annotated[int, Knob("L-BFGS: number of past steps used", 1, 100, "steps", "log")] = 50,
        steps_per_frame: Annotated[int, Knob("Optimiser steps per displayed picture", 1, 20, "steps", "log")] = 1,
        resolution: Annotated[int, Knob(
            "Height of the canvas, at most the content's", 32, 1080, "pixels", "log"
        )] = 256,
        levels: Annotated[int, Knob(
            "From noise: number of resolutions, each twice the one before; several give a picture sooner", 1, 5
        )] = 1,
        length: Annotated[int, Knob(
            "Steps per picture; then, or once converged, the next picture starts from the current camera frame; "
            "0: no limit", 0, 10_000, "steps"
        )] = 0,
        hold: Annotated[bool, Knob("Pause the optimisation")] = False,
        restart: Annotated[Pulse, pulse("Start the next picture from the current camera frame")] = False,
    ) -> tuple[Sequence[Event], NeuralStyleState]:  # fmt: skip
        """Runs `steps_per_frame` optimiser steps and returns the picture; a Wait of 0 s requests the next call.

        There is no Wait while the content is missing, or once the optimisation has converged with `length` 0: the next
        call then follows a camera frame or a changed knob. An unreadable file is reported as Trouble and the previous
        picture stays in use.
        """
        events: list[Event] = []
        state = self._update_sources(state, heard, content, style, events)
        old = state.work
        settled = old is not None and old.settled and old.settings.resolution == resolution
        finished = length > 0 and old is not None and (old.steps >= length or settled) and not hold
        if restart or finished:
            posed = state.seen.pixels if state.seen is not None else None
            state = replace(state, posed=posed, begun=state.begun + 1)
        subject = state.posed if content == CAMERA else state.content.pixels
        if subject is None:
            return events, state
        height = resolution_of(old, state.begun, resolution, levels if start == "noise" else 1)
        settings = OptimisationSettings(
            height, style_scale, pooling, optimiser, state.seed, state.begun, self.device
        )
        counts = self._layers(content_layers, CONTENT), self._layers(style_layers, STYLE)
        weights = Weights(alpha, beta, variation, *counts)
        with threads(height**2):
            styled = self._styled(state, style)
            work = prepared(state.work, self.extractor, self.quick, subject, styled, settings, weights, start)
            for _ in range(0 if hold else steps_per_frame):
                work = stepped(work, self.extractor, history=history, rate=step_size)
        if work is not state.work:
            events += _shown(work, state.seen.number if state.seen is not None else 0)
        if not hold and not (work.settled and length == 0 and work.settings.resolution == resolution):
            events.append(Wait(0.0))
        return events, replace(state, work=work)

    def _update_sources(
        self, state: NeuralStyleState, heard: Sequence[Event], content: str, style: str, events: list[Event]
    ) -> NeuralStyleState:
        """Takes the newest camera frame and reads the picture files whose names changed."""
        seen = next((event for event in reversed(heard) if isinstance(event, Frame)), state.seen)
        posed = seen.pixels if state.posed is None and seen is not None else state.posed
        files = []
        for name, before, known in ((content, state.content, ()), (style, state.style, self._paintings)):
            file = before if name in (CAMERA, "", *known) else opened(name, before)
            if file.trouble and file is not before:
                events.append(Trouble(file.trouble + (f", nor one of {', '.join(known)}" if known else "")))
            files.append(file)
        return replace(state, seen=seen, posed=posed, content=files[0], style=files[1])

    @property
    def _paintings(self) -> tuple[str, ...]:
        return self.quick.paintings if self.quick is not None else ()

    def _styled(self, state: NeuralStyleState, style: str) -> Style:
        """The style source: pixels, a painting's name, or None."""
        if style == CAMERA:
            return state.posed
        if style in self._paintings:
            return style
        if style:
            return state.style.pixels
        return self._paintings[0] if self._paintings else None

    def _layers(self, weights: Sequence[float], default: set[str]) -> tuple[float, ...]:
        """One weight for each layer; 1 for the `default` layers if `weights` is empty."""
        if len(weights) == len(self.extractor.layers):
            return tuple(weights)
        return tuple(float(layer in default) for layer in self.extractor.layers)


def _shown(work: Work, number: int) -> list[Event]:
    """The canvas as a Frame, and the losses and counts as Measures."""
    events: list[Event] = [Frame(pixels_of(work.descent.point[0].permute(1, 2, 0).contiguous().cpu()), number)]
    if work.losses is not None:
        figures = work.losses.total, work.losses.content, work.losses.style, work.losses.variation
        names = "loss", "content_loss", "style_loss", "variation_loss"
        events += [Measure(name, figure) for name, figure in zip(names, figures, strict=True)]
    return [*events, Measure("steps", work.steps), Measure("evaluations", work.descent.evaluations)]
