"""The slow painter on stage: Gatys' optimisation as a stream, one step of it at a time."""

from __future__ import annotations

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
    stepped,
)
from models.style_transfer import feature_extractor
from models.style_transfer.adjustments import Pixels
from models.style_transfer.feature_extractor import FeatureExtractor
from models.style_transfer.weights import read
from models.vision import untrained
from models.vision.pixels import pixels_of

CONTENT = {"relu4_2", "fire4", "trunk2", "untrained4"}
"""The layers that hold the content unless the knobs say otherwise: Gatys' of VGG-16, and what is near it elsewhere."""
STYLE = {
    *("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"),
    *("relu1", "fire2", "fire3", "fire5", "fire7"),
    *("fold", "down", "trunk0", "trunk2", "trunk4"),
    *untrained.LAYERS,
}


@dataclass(frozen=True, slots=True, eq=False)
class NeuralStyleState:
    """All that the next step depends on. Nothing in it changes once it is handed out."""

    seed: int
    seen: Frame | None = None
    posed: Pixels | None = None  # what the camera saw when the picture was begun
    content: Named = NOTHING
    style: Named = NOTHING
    begun: int = 0
    work: Work | None = None


class NeuralStyle:
    """A picture with the content of one and the style of another, found by optimisation (Gatys, Ecker & Bethge 2016).

    `eyes` is the network whose feature maps are compared. `quick` is a fast painter, for styles by the names of its
    paintings: the style is then what it makes of the content. `device` is "cpu", "cuda…" or "auto". One instance steps
    on one thread at a time.
    """

    kind: ClassVar[str] = "neural_style"
    sees: ClassVar[bool] = True
    measures: ClassVar[Mapping[str, Knob]] = {
        "loss": Knob("What is being lowered: alpha, beta and variation times the following", access="r"),
        "content_loss": Knob("How far from the content; 1 is that of an empty picture", access="r"),
        "style_loss": Knob("How far from the style; 1 is that of an empty picture", access="r"),
        "variation_loss": Knob("Mean squared difference of neighbouring pixels", access="r"),
        "steps": Knob("Steps of the optimiser since the picture was begun", kind="int", default=0, access="r"),
        "evaluations": Knob("How often the loss was evaluated meanwhile", kind="int", default=0, access="r"),
    }

    def __init__(self, eyes: FeatureExtractor, quick: Quick | None = None, *, device: str = "auto") -> None:
        self.device = device_of(device)
        self.eyes = eyes.to(self.device)
        self.quick = quick

    @classmethod
    def load(cls, weights: str = feature_extractor.AUTO, device: str = "auto") -> Self:
        """A network by name, file, or "auto" (see `feature_extractor.load`). Raises WeightsError."""
        try:
            quick = Quick(*read("paintings"))
        except WeightsError:  # only styles from files, then
            quick = None
        return cls(
            feature_extractor.load(weights, prefer=("vgg16", "squeezenet", feature_extractor.UNTRAINED)),
            quick,
            device=device,
        )

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs with this network's layers, each with a fader for content and one for style."""
        names = tuple(self.eyes.layers)
        content, style = self._layers((), CONTENT), self._layers((), STYLE)
        return {
            **knobs,
            "content_layers": replace(knobs["content_layers"], components=names, default=content),
            "style_layers": replace(knobs["style_layers"], components=names, default=style),
        }

    def start(self, seed: int) -> NeuralStyleState:
        """An empty easel; the same seed gives the same noise to begin with."""
        return NeuralStyleState(seed)

    def step(
        self,
        state: NeuralStyleState,
        heard: Sequence[Event] = (),
        /,
        *,
        content: Annotated[str, Knob(
            "What is painted: camera, which is what it sees when the picture is begun, or a picture's file", file=True
        )] = CAMERA,
        style: Annotated[str, Knob(
            "Painted like what: a picture's file, camera, or a painting that the fast painter knows; empty: its first",
            file=True,
        )] = "",
        alpha: Annotated[float, Knob("How much the content counts", 0.001, 1000.0, "", "log")] = 1.0,
        beta: Annotated[float, Knob("How much the style counts", 0.001, 100_000.0, "", "log")] = 10.0,
        variation: Annotated[float, Knob("How much noise counts: total variation", 0.001, 1000.0, "", "log")] = 20.0,
        content_layers: Annotated[tuple[float, ...], Knob(
            "How much each layer's maps count; only their relation does", 0.0, 1.0, kind="vector"
        )] = (),
        style_layers: Annotated[tuple[float, ...], Knob(
            "How much each layer's Gram matrix counts; only their relation does", 0.0, 1.0, kind="vector"
        )] = (),
        style_scale: Annotated[float, Knob(
            "Height of the style's picture beside the canvas: how broad its strokes are", 0.25, 4.0, "x", "log"
        )] = 1.0,
        pooling: Annotated[Pooling, Knob(
            "Between a network's layers: average is smoother, max is what it learned with", choices=POOLINGS
        )] = "average",
        start: Annotated[Start, Knob(
            "Begin with noise, with the content, or with what is on the canvas", choices=STARTS
        )] = "noise",
        optimiser: Annotated[Optimiser, Knob("How the way down is found", choices=OPTIMISERS)] = "lbfgs",
        step_size: Annotated[float, Knob("Length of a step, beside the usual", 0.01, 10.0, "x", "log")] = 1.0,
        history: Annotated[int, Knob("L-BFGS: steps that it remembers", 1, 100, "steps", "log")] = 50,
        steps_per_frame: Annotated[int, Knob("Steps from one picture shown to the next", 1, 20, "steps", "log")] = 1,
        resolution: Annotated[int, Knob(
            "Height of the canvas; never more than the content's", 32, 1080, "pixels", "log"
        )] = 256,
        length: Annotated[int, Knob(
            "After so many steps, or when none leads further, the next picture is begun, of what the camera sees then; "
            "0 goes on", 0, 10_000, "steps"
        )] = 0,
        hold: Annotated[bool, Knob("Let the picture be as it is")] = False,
        restart: Annotated[Pulse, pulse("Begin the next picture, of what the camera sees now")] = False,
    ) -> tuple[Sequence[Event], NeuralStyleState]:  # fmt: skip
        """Some steps of the optimiser and the picture they lead to; a Wait of nothing asks for the next.

        Without a picture to paint, or once the loss can be lowered no further and `length` begins no other, there is no
        Wait: the next step comes with a new picture of the camera or another knob. A file that cannot be read is told,
        and the one before stays.
        """
        events: list[Event] = []
        state = self._look(state, heard, content, style, events)
        old = state.work
        finished = length > 0 and old is not None and (old.steps >= length or old.settled) and not hold
        if restart or finished:
            posed = state.seen.pixels if state.seen is not None else None
            state = replace(state, posed=posed, begun=state.begun + 1)
        posing = state.posed if content == CAMERA else state.content.pixels
        if posing is None:
            return events, state
        manner = OptimisationSettings(resolution, style_scale, pooling, optimiser, state.seed, state.begun, self.device)
        counts = self._layers(content_layers, CONTENT), self._layers(style_layers, STYLE)
        weights = Weights(alpha, beta, variation, *counts)
        with threads(resolution**2):
            styled = self._styled(state, style)
            work = prepared(state.work, self.eyes, self.quick, posing, styled, manner, weights, start)
            for _ in range(0 if hold else steps_per_frame):
                work = stepped(work, self.eyes, history=history, rate=step_size)
        if work is not state.work:
            events += _shown(work, state.seen.number if state.seen is not None else 0)
        if not hold and not (work.settled and length == 0):
            events.append(Wait(0.0))
        return events, replace(state, work=work)

    def _look(
        self, state: NeuralStyleState, heard: Sequence[Event], content: str, style: str, events: list[Event]
    ) -> NeuralStyleState:
        """What the camera sees, and the pictures in files by the names they have now."""
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
        """What the picture shall be painted like."""
        if style == CAMERA:
            return state.posed
        if style in self._paintings:
            return style
        if style:
            return state.style.pixels
        return self._paintings[0] if self._paintings else None

    def _layers(self, weights: Sequence[float], usual: set[str]) -> tuple[float, ...]:
        """One weight for each layer; the usual ones where none are given."""
        if len(weights) == len(self.eyes.layers):
            return tuple(weights)
        return tuple(float(layer in usual) for layer in self.eyes.layers)


def _shown(work: Work, number: int) -> list[Event]:
    """The canvas as a picture, and how far it has come."""
    events: list[Event] = [Frame(pixels_of(work.descent.point[0].permute(1, 2, 0).contiguous().cpu()), number)]
    if work.losses is not None:
        figures = work.losses.total, work.losses.content, work.losses.style, work.losses.variation
        names = "loss", "content_loss", "style_loss", "variation_loss"
        events += [Measure(name, figure) for name, figure in zip(names, figures, strict=True)]
    return [*events, Measure("steps", work.steps), Measure("evaluations", work.descent.evaluations)]
