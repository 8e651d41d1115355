"""Sketch-RNN as a streaming model: each step draws one point of every pen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from models.base import Event, Knob, Page, Pulse, Wait, address_names, pulse
from models.compute.chance import stream
from models.files import store
from models.sketch_rnn import pen as pen_
from models.sketch_rnn.latent import DrawingCondition
from models.sketch_rnn.pen import Job, PenState, Place, place_of
from models.sketch_rnn.performer import NO_DRAWING, Line, PerformerDrawing, extent, from_side, to_points
from models.sketch_rnn.sampling import chances, draw
from models.sketch_rnn.step import CpuSketchStep, SketchStep, Way
from models.sketch_rnn.subject import ANY, DrawingChooser, DrawingRequest
from models.sketch_rnn.weights import SketchFacts, facts_of, read

FRAME_S = 1.0 / 30.0  # least time that a `whole` drawing stays
IDLE_S = 0.02  # delay of a step without work
MODES = ("free", "vary", "morph", "complete")
LEAST, MOST = 0.35, 1.0  # assumed size of a performer's drawing, as share of a complete one


@dataclass(frozen=True, slots=True, eq=False)
class SketchState:
    """The state of the model; immutable."""

    seed: int
    pen_states: tuple[PenState, ...] = ()
    performer: PerformerDrawing = NO_DRAWING
    drawn: tuple[Line, ...] = ()  # the performer's last finished drawing
    fresh: bool = False  # `drawn` is not yet stored as A or B
    ends: tuple[DrawingCondition | None, DrawingCondition | None] = (None, None)
    last: int = 0  # the pen that last began a drawing


class SketchRNN:
    """Sketch-RNN (Ha & Eck 2017) with one to sixteen pens that draw point by point.

    `parameters` are those of a `SketchNetwork` of any size; `facts` names its categories. `device` is "cpu", "cuda…"
    or "auto", which is the CPU: launching GPU kernels takes longer than computing a point. An instance must be used by
    one thread at a time.
    """

    kind: ClassVar[str] = "sketch_rnn"

    def __init__(
        self, parameters: Mapping[str, Tensor], facts: SketchFacts | None = None, *, device: str = "auto",
        way: Way | None = None,
    ) -> None:  # fmt: skip
        self.network: SketchStep
        if torch.device("cpu" if device == "auto" else device).type == "cuda":
            from models.sketch_rnn.cuda import CudaSketchStep

            self.network = CudaSketchStep(parameters, device=device)
        else:
            self.network = CpuSketchStep(parameters, way=way)
        self.facts = facts_of(parameters) if facts is None else facts
        self.card: store.Card | None = None
        self.file: Path | None = None
        latent = self.network.condition - len(self.facts.categories)
        self.subjects = DrawingChooser(parameters, self.facts, latent, self.network)

    @classmethod
    def load(cls, weights: str = "quickdraw", device: str = "auto") -> Self:
        """Loads weights by name or file. Raises WeightsError if they cannot be used."""
        parameters, facts, card = read(weights)
        model = cls(parameters, facts, device=device)
        model.card, model.file = card, store.find(weights, cls.kind)
        return model

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs with the categories of these weights as choices of `draw` and components of `category`."""
        names = self.facts.categories

        def faders(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
            chosen = values["draw"]
            return {"category": tuple(float(chosen in (ANY, name)) for name in names)} if names else {}

        return {
            **knobs,
            "draw": replace(knobs["draw"], choices=(ANY, *names), sets=faders),
            "category": replace(knobs["category"], components=address_names(names), default=(1.0,) * len(names)),
        }

    def start(self, seed: int) -> SketchState:
        """The state before the first drawing; the same seed gives the same drawings."""
        return SketchState(seed)

    def step(
        self,
        state: SketchState,
        heard: Sequence[Event] = (),
        /,
        *,
        mode: Annotated[
            str,
            Knob(
                "free: new drawings; vary: of the last drawing; morph: between A and B; complete: the performer's",
                choices=MODES,
            ),
        ] = "free",
        draw: Annotated[str, Knob("Category to draw; sets the category weights", kind="choice")] = ANY,
        category: Annotated[
            tuple[float, ...], Knob("Weight of each category; all equal: one at random", 0.0, 1.0, kind="vector")
        ] = (),
        mix: Annotated[
            str,
            Knob(
                "Several categories: blended in one drawing, or one chosen at random for each drawing",
                choices=("blend", "turns"),
            ),
        ] = "blend",
        temperature: Annotated[
            float, Knob("Randomness: low draws likely shapes, high surprises", 0.01, 2.0, "", "log")
        ] = 0.45,
        pen_temperature: Annotated[
            float, Knob("Randomness of pen lifts and endings, as a factor of temperature", 0.2, 5.0, "x", "log")
        ] = 1.0,
        pens: Annotated[int, Knob("Number of pens that draw at once", 1, 16)] = 1,
        speed: Annotated[float, Knob("Drawing speed of each pen", 1.0, 1000.0, "points/s", "log")] = 30.0,
        whole: Annotated[bool, Knob("Show each drawing complete instead of point by point")] = False,
        rest: Annotated[float, Knob("Pause of a pen between two drawings", 0.0, 60.0, "s")] = 1.5,
        longest: Annotated[int, Knob("Most points of a drawing", 2, 1000, "points", "log")] = 250,
        size: Annotated[
            float, Knob("Size of drawings, 1 fills their place; acts at once", 0.05, 4.0, "x", "log")
        ] = 1.0,
        x: Annotated[float, Knob("Position to the right, of the next drawing", -2.0, 2.0)] = 0.0,
        y: Annotated[float, Knob("Position downward, of the next drawing", -2.0, 2.0)] = 0.0,
        rotation: Annotated[
            float, Knob("Rotation clockwise; acts at once on the points to come", -180.0, 180.0, "degrees")
        ] = 0.0,
        variation: Annotated[float, Knob("vary: 0 redraws the drawing, 1 is unrelated to it", 0.0, 1.0)] = 0.3,
        morph: Annotated[float, Knob("morph: position between A (0) and B (1)", 0.0, 1.0)] = 0.5,
        spread: Annotated[float, Knob("morph: how far several pens are spread between A and B", 0.0, 1.0)] = 0.0,
        path: Annotated[str, Knob("morph: spherical (arc) or linear interpolation", choices=("arc", "line"))] = "arc",
        steady: Annotated[
            bool, Knob("Use the same random numbers for every drawing: only knobs make a difference")
        ] = False,
        patience: Annotated[
            float,
            Knob("Time after the performer's last point until the drawing counts as finished", 0.1, 30.0, "s", "log"),
        ] = 1.0,
        hold: Annotated[bool, Knob("Finish current drawings and begin no new ones")] = False,
        again: Annotated[Pulse, pulse("Begin a new drawing at once, or complete the same one differently")] = False,
        undo: Annotated[Pulse, pulse("Remove the last drawing")] = False,
        clear: Annotated[Pulse, pulse("Remove all drawings")] = False,
        remember_a: Annotated[
            Pulse, pulse("Store the last drawing, the performer's or the model's, as A for morph")
        ] = False,
        remember_b: Annotated[
            Pulse, pulse("Store the last drawing, the performer's or the model's, as B for morph")
        ] = False,
    ) -> tuple[Sequence[Event], SketchState]:
        """Draws one point of every drawing pen; if pens prepare a trial, computes one point of these without a Wait.

        `heard` are the performer's Pen events in paper coordinates. Returns Pen, Page and Wait events.
        """
        wanted = DrawingRequest(mode, draw, category, mix, variation, morph, spread, path, steady, pens)
        events: list[Event] = []
        state = self._listen(state, heard, wanted, size, patience, events)
        if clear or undo or again:
            state = _pressed(state, clear, undo, rest, events)
            if again and mode == "complete" and state.drawn:
                state = self._completing(state, wanted, size)
        if remember_a or remember_b:
            state = self._remembered(state, wanted, (remember_a, remember_b))
        if mode != "complete" and not hold:
            state = self._begin(state, wanted)

        pen_states = list(state.pen_states)
        places = [place_of(k, pens, x, y, size, rotation) for k in range(pens)]
        busy = [k for k, pen_state in enumerate(pen_states) if pen_state.phase in ("try", "read")]
        unseen = bool(busy)
        if not unseen:
            busy = [k for k, pen_state in enumerate(pen_states) if pen_state.phase == "draw"]
        if busy:
            rest_s = max(rest, FRAME_S) if whole else rest
            self._advance(pen_states, busy, places, (temperature, pen_temperature), longest, rest_s, events)
        wait_s = 0.0
        if not busy:
            resting = [pen_state.rest_s for pen_state in pen_states if pen_state.rest_s > 0.0]
            wait_s = min(IDLE_S, *resting) if resting and not hold else IDLE_S
        elif not unseen and not whole:
            wait_s = 1.0 / speed
        if wait_s:
            events.append(Wait(wait_s))
            pen_states = [replace(pen, rest_s=pen.rest_s - wait_s) if pen.rest_s > 0.0 else pen for pen in pen_states]
        return events, replace(state, pen_states=tuple(pen_states), performer=state.performer.later(wait_s))

    # ---- one point of several pens

    def _advance(
        self, pen_states: list[PenState], busy: list[int], places: list[Place], temperatures: tuple[float, float],
        longest: int, rest_s: float, events: list[Event],
    ) -> None:  # fmt: skip
        working = [pen_states[k] for k in busy]
        jobs = [pen_state.job for pen_state in working if pen_state.job is not None]
        outputs, memories = self.network.step(
            np.stack([pen_state.stroke for pen_state in working]),
            [job.projection for job in jobs],
            [pen_state.memory for pen_state in working],
        )
        numbers = chances([job.stream for job in jobs], [pen_state.count for pen_state in working])
        strokes, pens = draw(outputs, temperatures[0], numbers, pen=temperatures[1])
        usual = self.facts.extent
        for k, pen_state, memory, stroke, pen in zip(busy, working, memories, strokes, pens, strict=True):
            match pen_state.phase:
                case "read":
                    pen_states[k] = pen_.read(pen_state, memory)
                case "try":
                    pen_states[k] = pen_.tried(
                        pen_state, memory, stroke, int(pen), usual=usual, place=places[k], longest=longest
                    )
                case _:
                    made, after = pen_.drawn(
                        pen_state, memory, stroke, int(pen), index=k, usual=usual, place=places[k], longest=longest
                    )
                    events += made
                    pen_states[k] = replace(after, rest_s=rest_s) if after.phase == "rest" else after

    # ---- the next drawing

    def _begin(self, state: SketchState, wanted: DrawingRequest) -> SketchState:
        """Begins a drawing with every pen whose rest is over."""
        pen_states, last = list(state.pen_states), state.last
        for k, pen_state in enumerate(pen_states):
            if pen_state.phase == "rest" and pen_state.rest_s <= 0.0:
                chance = stream(state.seed, k, 0 if wanted.steady else pen_state.number)
                condition = self.subjects.next(wanted, state.drawn, state.ends, pen=k, seed=state.seed, chance=chance)
                pen_states[k] = pen_.begun(pen_state, Job(condition, self.network.project(condition.vector), chance))
                last = k
        return replace(state, pen_states=tuple(pen_states), last=last)

    # ---- the performer's drawing

    def _listen(
        self, state: SketchState, heard: Sequence[Event], wanted: DrawingRequest, size: float, patience_s: float,
        events: list[Event],
    ) -> SketchState:  # fmt: skip
        """Adjusts the number of pens, and takes in the performer's events."""
        performer = state.performer.after(heard)
        began = performer is not state.performer
        pen_states = list(state.pen_states)
        for k in range(wanted.pens, len(pen_states)):
            events += pen_.lifted(pen_states[k], k)[0]
        pen_states = pen_states[: wanted.pens] + [PenState()] * (wanted.pens - len(pen_states))
        state = replace(state, pen_states=tuple(pen_states), performer=performer, last=min(state.last, wanted.pens - 1))
        done = performer.done(patience_s)
        if done:
            state = replace(state, performer=PerformerDrawing(over=performer.over), drawn=performer.drawing, fresh=True)
        if (wanted.mode == "complete" and began) or (wanted.mode == "vary" and done):
            state = _stopped(state, events)
        return self._completing(state, wanted, size) if wanted.mode == "complete" and done else state

    def _completing(self, state: SketchState, wanted: DrawingRequest, size: float) -> SketchState:
        """Lets every pen continue the performer's drawing, each from another end of a line."""
        (x, y), longer = extent(state.drawn)
        usual = self.facts.extent
        unit = 2.0 * pen_.FILL * size / usual
        unit = max(min(unit, longer / (LEAST * usual)), longer / (MOST * usual), 1e-6)
        pen_states = list(state.pen_states)
        for k, pen_state in enumerate(pen_states):
            chance = stream(state.seed, k, 0 if wanted.steady else pen_state.number)
            condition = self.subjects.new(wanted, chance)
            side = from_side(state.drawn, k)
            points, end = to_points(side, unit, self.facts.coarse * unit), side[-1][-1]
            middle = (end[0] - x) / unit, (end[1] - y) / unit
            projection = self.network.project(condition.vector)
            pen_states[k] = pen_.begun(pen_state, Job(condition, projection, chance, points, unit, end, middle))
        return replace(state, pen_states=tuple(pen_states))

    def _remembered(self, state: SketchState, wanted: DrawingRequest, which: tuple[bool, bool]) -> SketchState:
        pen_state = state.pen_states[0] if state.pen_states else PenState()
        begun = pen_state.job.condition if pen_state.job is not None else None
        known = begun if pen_state.trail_of is None else self.subjects.recalled(pen_state.trail, pen_state.trail_of)
        drawing = state.performer.drawing or (state.drawn if state.fresh else ())
        if drawing:
            known = self.subjects.heard(drawing, wanted, state.seed) or known
        a, b = (known if pressed else end for pressed, end in zip(which, state.ends, strict=True))
        return replace(state, ends=(a, b), fresh=False)


def _pressed(state: SketchState, clear: bool, undo: bool, rest_s: float, events: list[Event]) -> SketchState:
    """The state after `clear`, `undo` or, if neither is pressed, `again`."""
    if undo and not clear:
        events.append(Page("undo", state.last))
        pen_states = list(state.pen_states)
        taken = pen_states[state.last]
        pen_states[state.last] = pen_.lifted(taken, state.last, max(rest_s, taken.rest_s))[1]
        return replace(state, pen_states=tuple(pen_states))
    state = _stopped(state, [] if clear else events)
    if clear:
        events.append(Page("clear", 0))
        state = replace(state, performer=NO_DRAWING, drawn=(), fresh=False)
    return state


def _stopped(state: SketchState, events: list[Event]) -> SketchState:
    """Lifts all pens and ends their rest."""
    pen_states = []
    for k, pen_state in enumerate(state.pen_states):
        lift, after = pen_.lifted(pen_state, k)
        events += lift
        pen_states.append(after)
    return replace(state, pen_states=tuple(pen_states))
