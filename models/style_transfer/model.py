"""The painter as a node: paints every incoming frame in a blend of painting styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from torch import Tensor

from models.base import Event, Frame, Mask, Trouble
from models.files import store
from models.knob import Knob, address_names
from models.style_transfer import adjustments as look
from models.style_transfer.brush import brush
from models.style_transfer.composition import USUAL, Detail, composed, stated_details
from models.style_transfer.kept_statistics import KeptStatistics
from models.style_transfer.network import KIND
from models.style_transfer.painter import Painter, Pixels
from models.style_transfer.people import SAME, Sides, choices
from models.style_transfer.weights import read
from models.vision.people import PeopleError, PeopleFinder
from models.vision.pixels import mixed


@dataclass(frozen=True, slots=True, eq=False)
class StyleTransferState:
    """The last frame and its painting, and those of the frame before, at the size painted at."""

    seen: Frame | None = None  # the last frame
    photo: Pixels | None = None  # the network's input for `seen`, at the working size
    painted: Pixels | None = None  # its output
    photo_before: Pixels | None = None  # the same for the frame before
    painted_before: Pixels | None = None
    knobs: tuple[Any, ...] = ()  # the values used
    frames: int = 0  # number of frames so far
    people: Mask | None = None  # where people are
    kept: KeptStatistics | None = None  # for people and background in two paintings


class StyleTransfer:
    """Feed-forward style transfer of video with one fader per painting (Johnson et al. 2016; Dumoulin et al. 2017).

    `parameters` are those of a `StyleNetwork` of any size; `labels` names its paintings. `device` is "cpu", "cuda…",
    "mps" or "auto": a GPU if there is one. An instance must not step on two threads at once.
    """

    kind: ClassVar[str] = KIND
    sees: ClassVar[bool] = True

    def __init__(self, parameters: Mapping[str, Tensor], labels: Sequence[str] = (), *, device: str = "auto") -> None:
        self.labels = tuple(labels) or tuple(f"painting_{n + 1}" for n in range(len(parameters["scale"])))
        self.card: store.Card | None = None
        self.file: Path | None = None
        self.details: tuple[Detail, ...] = (Detail(),) * len(self.labels)
        self.finder = PeopleFinder()
        self.brush: Painter = brush(parameters, device)

    @classmethod
    def load(cls, weights: str = "paintings", device: str = "auto") -> Self:
        """Reads weights by name or path. Raises WeightsError if they cannot be used."""
        parameters, card = read(weights)
        model = cls(parameters, card.labels, device=device)
        model.card, model.file = card, store.find(weights, cls.kind)
        model.details = stated_details(card.figures, card.labels)
        return model

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """Adds the paintings of these weights to the knobs: as choices, and as one fader each."""
        names = self.labels

        def faders(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
            return {"paint": tuple(float(values["painting"] == name) for name in names)}

        first = tuple(float(n == 0) for n in range(len(names)))
        return {
            **knobs,
            "painting": replace(knobs["painting"], choices=names, default=names[0], sets=faders),
            "paint": replace(knobs["paint"], components=address_names(names), default=first),
            **{name: replace(knobs[name], choices=choices(names)) for name in ("people", "background")},
        }

    def start(self, seed: int) -> StyleTransferState:
        """The state before the first frame; the seed is unused, since painting is deterministic."""
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
            "Share of each painting; only the proportions matter; all at 0 shows the camera", 0.0, 1.0, kind="vector"
        )] = (),
        change: Annotated[float, Knob(
            "Time until the next painting of the list, into which it glides; 0 keeps the painting", 0.0, 3600.0, "s"
        )] = 0.0,
        strength: Annotated[float, Knob("0 is the camera, 1 the painting", 0.0, 1.0)] = 1.0,
        detail: Annotated[float, Knob(
            "How much of the camera's detail shows: 0 the strokes alone, 0.5 what suits each painting, 1 all edges",
            0.0, 1.0,
        )] = USUAL,
        keep_colours: Annotated[bool, Knob("The camera's colours with the painting's light and strokes")] = False,
        people: Annotated[str, Knob(
            "What people show: same (as `paint` says), camera, black, white, or one painting; other than `background` "
            "it needs the extra people", kind="choice",
        )] = SAME,
        background: Annotated[str, Knob("What the background of people shows, as `people`", kind="choice")] = SAME,
        people_edge: Annotated[float, Knob(
            "Width of the transition from people to background, as a share of the picture's height", 0.0, 0.25
        )] = 0.005,
        people_rate: Annotated[float, Knob(
            "Maximum rate at which people are looked for; pictures in between use the last result", 0.5, 60.0, "1/s"
        )] = 15.0,
        people_sync: Annotated[bool, Knob(
            "Paint only pictures in which people were looked for: the edge fits, a little later and at most "
            "`people_rate` times a second; off: the newest picture with an earlier result"
        )] = True,
        resolution: Annotated[int, Knob(
            "Height to paint at, at most the camera's; lower is faster, with broader strokes", 64, 2160, "pixels"
        )] = 320,
        floor: Annotated[int, Knob(
            "Height below which `govern` does not go: it gives up frame rate instead", 64, 2160, "pixels"
        )] = 240,
        rate: Annotated[float, Knob("Maximum frame rate; 0 paints every frame", 0.0, 240.0, "1/s")] = 0.0,
        govern: Annotated[bool, Knob("Lower the resolution when the frame rate cannot be kept")] = True,
        smooth: Annotated[float, Knob(
            "Share of the previous painting kept where nothing moves, against flicker", 0.0, 0.95
        )] = 0.0,
        feedback: Annotated[float, Knob("Share of the previous painting mixed into the input", 0.0, 0.95)] = 0.0,
        freeze: Annotated[bool, Knob("Hold the current frame; moving a knob still repaints it")] = False,
        brightness: Annotated[float, Knob("Brightness of the input, before painting", -1.0, 1.0)] = 0.0,
        contrast: Annotated[float, Knob("Contrast of the input, before painting", 0.0, 4.0, "x")] = 1.0,
        saturation: Annotated[float, Knob("Saturation of the input, before painting; 0 is grey", 0.0, 4.0, "x")] = 1.0,
    ) -> tuple[Sequence[Event], StyleTransferState]:  # fmt: skip
        """Paints the newest frame at `resolution`, or repaints the last one, and composes it at the frame's own size.

        Repainting with the same knobs gives the same picture: `smooth` and `feedback` use the painting of the frame
        before, not the last repaint.
        """
        del painting, change, rate, govern, floor  # `painting` sets `paint`; the engine uses the others
        del people_rate, people_sync
        sides = people, background, people_edge
        knobs = (
            paint, strength, detail, keep_colours, *sides, resolution, smooth, feedback, brightness, contrast,
            saturation,
        )  # fmt: skip
        frame = next((event for event in reversed(heard) if isinstance(event, Frame)), None)
        if state.seen is not None and freeze:
            if frame is not None and knobs == state.knobs:
                return (), state
            frame = None
        if frame is not None:
            state = replace(
                state, seen=frame, frames=state.frames + 1, photo_before=state.photo, painted_before=state.painted
            )
        if (seen := state.seen) is None:
            return (), state
        state = replace(state, people=self._people(state, heard, freeze) if people != background else None)
        pixels = seen.pixels
        height, width = pixels.shape[:2]
        size = look.working_size(height, width, resolution)
        camera = look.adjusted(pixels, brightness, contrast, saturation)
        shown = look.resized(camera, *size)
        before = None if state.painted_before is None else look.resized(state.painted_before, *size)
        if before is not None and feedback:
            shown = mixed(shown, before, feedback)
        parts = Sides.of(*sides, state.people, self.labels, self._weights(paint))
        small = look.resized(pixels, *size)
        weights, (painted, kept) = parts.blend, parts.painted(self.brush, shown, small, state.frames, state.kept)
        if before is not None and state.photo_before is not None and smooth:
            painted = look.smoothed(painted, before, shown, look.resized(state.photo_before, *size), smooth)
        part = Detail.at(detail, weights, self.details) if weights else Detail(0.0, 0.0)
        unchanged = not weights and not feedback and not smooth
        made = camera if unchanged else composed(painted, camera, part)
        if keep_colours:
            made = look.coloured(made, pixels)
        made = parts.composed(mixed(pixels, made, strength), pixels)
        return [Frame(made, seen.number)], replace(state, photo=shown, painted=painted, knobs=knobs, kept=kept)

    def _weights(self, paint: tuple[float, ...]) -> tuple[float, ...]:
        """The faders as weights of sum 1; empty if all are 0."""
        faders = paint or (1.0, *(0.0,) * (len(self.labels) - 1))
        total = sum(faders)
        return tuple(fader / total for fader in faders) if total > 0.0 else ()

    def analysis_rate(self, knobs: Mapping[str, Any]) -> float:
        """How often people are looked for; 0 while they are painted like the background."""
        return float(knobs["people_rate"]) if knobs["people"] != knobs["background"] else 0.0

    def analysis_first(self, knobs: Mapping[str, Any]) -> bool:
        """Whether a picture is painted only once people have been looked for in it."""
        return bool(knobs["people_sync"])

    def analyse(self, frame: Frame) -> Mask | Trouble:
        """Where people are in a picture."""
        try:
            return Mask(self.finder.find(frame.pixels), frame.number)
        except PeopleError as error:
            return Trouble(str(error))

    def _people(self, state: StyleTransferState, heard: Sequence[Event], frozen: bool) -> Mask | None:
        """The newest mask; that of a frozen picture is its own, since the pictures that are analysed go on."""
        if not frozen or state.seen is None:
            return next((event for event in reversed(heard) if isinstance(event, Mask)), state.people)
        found = state.people or self.analyse(state.seen)
        return found if isinstance(found, Mask) else None
