"""Sketch-RNN as a streaming model: each step draws one point of every pen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from torch import Tensor

from models.base import Edges, Event, Knob, Pulse, Wait, address_names, pulse
from models.compute.chance import stream
from models.compute.device import step_device
from models.files import store
from models.sketch_rnn import pen as pen_
from models.sketch_rnn.answer import FIRST, STAYS, VARIANTS, Answer, speed_of, without
from models.sketch_rnn.completion import Beginning, completion
from models.sketch_rnn.pen import Job, PaperTransform, PenState, place_of
from models.sketch_rnn.sampling import chances, draw
from models.sketch_rnn.state import SketchState, later, pressed, stopped
from models.sketch_rnn.step import CpuSketchStep, SketchStep, Way
from models.sketch_rnn.subject import ANY, DrawingChooser, DrawingRequest
from models.sketch_rnn.weights import SketchFacts, facts_of, read

FRAME_S = 1.0 / 30.0  # least time that a `whole` drawing stays
IDLE_S = 0.02  # delay of a step without work
TOGETHER_S = 0.002  # points that are due within this time are computed in one step
MODES = ("free", "vary", "morph", "complete")


class SketchRNN:
    """Sketch-RNN (Ha & Eck 2017) with one to sixteen pens that draw point by point.

    `parameters` are those of a `SketchNetwork` of any size; `facts` names its categories. `device` is "cpu" or
    "cuda…"; "auto" and "mps" are the CPU: launching GPU kernels takes longer than computing a point. An instance must
    be used by one thread at a time.
    """

    kind: ClassVar[str] = "sketch_rnn"

    def __init__(
        self, parameters: Mapping[str, Tensor], facts: SketchFacts | None = None, *, device: str = "auto",
        way: Way | None = None,
    ) -> None:  # fmt: skip
        self.network: SketchStep
        where = step_device(device, "the draughtsman")
        if where.type == "cuda":
            from models.sketch_rnn.cuda import CudaSketchStep

            self.network = CudaSketchStep(parameters, device=where)
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
        names, usual, meaning = self.facts.categories, self.facts.usual, knobs["draw"].meaning
        if self.facts.apart:
            meaning += f"; any: all but {', '.join(self.facts.apart)}"

        def faders(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
            chosen = values["draw"]
            return {"category": usual if chosen == ANY else tuple(float(chosen == name) for name in names)}

        return {
            **knobs,
            "draw": replace(knobs["draw"], meaning=meaning, choices=(ANY, *names), sets=faders if names else None),
            "category": replace(knobs["category"], components=address_names(names), default=usual),
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
        answer: Annotated[bool, Knob("Mode free: complete what performers draw, too, each where they drew it")] = True,
        draw: Annotated[str, Knob("Category to draw; sets the category weights", kind="choice")] = ANY,
        category: Annotated[
            tuple[float, ...],
            Knob("Weight of each category; all equal, or as `any` sets them: one at random", 0.0, 1.0, kind="vector"),
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

        `heard` are the performer's Pen events in paper coordinates, and the Edges of the picture. Returns Pen, Page and
        Wait events.
        """
        wanted = DrawingRequest(mode, draw, category, mix, variation, morph, spread, path, steady, pens)
        events: list[Event] = []
        answering = mode == "complete" or (answer and mode == "free")
        state = self._listen(state, heard, wanted, size, patience, answering, events)
        if clear or undo or again:
            state = pressed(state, clear, undo, rest, events)
            if again and mode == "complete" and state.drawn:
                state = self._completing(state, wanted, size)
        if remember_a or remember_b:
            state = self._remembered(state, wanted, (remember_a, remember_b))
        if mode != "complete" and not hold:
            state = self._begin(state, wanted)

        together = mode == "morph" and pens > 1
        places = [place_of(k, pens, x, y, size, rotation, together=together) for k in range(pens)]
        places += [STAYS] * len(state.answers)
        pen_states = [*state.pen_states, *(one.state for one in state.answers)]
        busy = [k for k, one in enumerate(pen_states) if one.phase in ("try", "read")]
        unseen = bool(busy)
        if not unseen:
            busy = [k for k, one in enumerate(pen_states) if one.phase == "draw" and one.due_s <= TOGETHER_S]
        if busy:
            rest_s = max(rest, FRAME_S) if whole else rest
            spent_s = 0.0 if whole else 1.0 / speed
            pen_states = self._advance(
                state, pen_states, busy, places, (temperature, pen_temperature), longest, rest_s, spent_s, events
            )
        drawing = [one.due_s for one in pen_states if one.phase == "draw"]
        wait_s = 0.0
        if not busy and not drawing:
            resting = [one.rest_s for one in pen_states if one.rest_s > 0.0]
            wait_s = min(IDLE_S, *resting) if resting and not hold else IDLE_S
        elif not unseen and not whole:
            wait_s = min(drawing, default=1.0 / speed)
            wait_s = 0.0 if wait_s <= TOGETHER_S and drawing else wait_s
        if wait_s:
            events.append(Wait(wait_s))
            pen_states = [later(one, wait_s) for one in pen_states]
        answers = tuple(
            replace(one, state=after) for one, after in zip(state.answers, pen_states[pens:], strict=True)
        )
        performers = state.performers.later(wait_s)
        return events, replace(state, pen_states=tuple(pen_states[:pens]), answers=answers, performers=performers)

    # ---- one point of several pens

    def _advance(
        self, state: SketchState, pen_states: list[PenState], busy: list[int], places: list[PaperTransform],
        temperatures: tuple[float, float], longest: int, rest_s: float, spent_s: float, events: list[Event],
    ) -> list[PenState]:  # fmt: skip
        working = [pen_states[k] for k in busy]
        jobs = [one.job for one in working if one.job is not None]
        outputs, memories = self.network.step(
            np.stack([pen_state.stroke for pen_state in working]),
            [job.projection for job in jobs],
            [pen_state.memory for pen_state in working],
        )
        numbers = chances([job.stream for job in jobs], [one.count for one in working])
        strokes, pens = draw(outputs, temperatures[0], numbers, pen=temperatures[1])
        usual, own = self.facts.extent, len(state.pen_states)
        after = list(pen_states)
        for k, one, memory, stroke, pen in zip(busy, working, memories, strokes, pens, strict=True):
            match one.phase:
                case "read":
                    after[k] = pen_.read(one, memory)
                case "try":
                    after[k] = pen_.tried(one, memory, stroke, int(pen), usual=usual, place=places[k], longest=longest)
                case _:
                    answer = state.answers[k - own] if k >= own else None
                    made, drew = pen_.drawn(
                        one, memory, stroke, int(pen), index=k if answer is None else answer.index, usual=usual,
                        place=places[k], longest=longest,
                    )  # fmt: skip
                    events += made
                    if drew.phase == "rest":
                        after[k] = replace(drew, rest_s=rest_s if answer is None else 0.0)
                    elif answer is not None and spent_s:
                        after[k] = answer.moved(drew, made)
                    else:
                        after[k] = replace(drew, due_s=one.due_s + spent_s)
        return after

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
        answering: bool, events: list[Event],
    ) -> SketchState:  # fmt: skip
        """Adjusts the number of pens, takes in the performers' events, and begins to complete finished drawings."""
        for event in heard:
            if isinstance(event, Edges):
                state = replace(state, edges=(event.right, event.lower))
        performers, touched = state.performers.after(heard)
        performers, finished = performers.finished(patience_s)
        pen_states = list(state.pen_states)
        for k in range(wanted.pens, len(pen_states)):
            events += pen_.lifted(pen_states[k], k)[0]
        pen_states = pen_states[: wanted.pens] + [PenState()] * (wanted.pens - len(pen_states))
        answers, ended = without(state.answers, touched if answering else {answer.pen for answer in state.answers})
        for answer in ended:
            events += pen_.lifted(answer.state, answer.index)[0]
        last = state.last if state.last >= FIRST else min(state.last, wanted.pens - 1)
        state = replace(state, pen_states=tuple(pen_states), performers=performers, answers=answers, last=last)
        if (wanted.mode == "complete" and touched) or (wanted.mode == "vary" and finished):
            state = stopped(state, events, answers=False)
        for pen, drawing in finished:
            drawn_by = pen, speed_of(drawing)
            state = replace(state, drawn=drawing.drawing, drawn_by=drawn_by, fresh=True)
            if answering:
                state = self._completing(state, wanted, size)
        return state

    def _completing(self, state: SketchState, wanted: DrawingRequest, size: float) -> SketchState:
        """Lets pens continue the performer's last drawing: in mode complete several, each from another end of a line.
        """
        pen, speed = state.drawn_by
        begun = []
        for k in range(min(wanted.pens, VARIANTS) if wanted.mode == "complete" else 1):
            chance = stream(state.seed, FIRST + pen * VARIANTS + k, 0 if wanted.steady else state.answered)
            beginning = Beginning(state.drawn, k, pen, state.edges)
            job = completion(beginning, wanted, chance, size, self.subjects, self.network)
            begun.append(Answer(pen, k, pen_.begun(PenState(paper=job.begin), job), speed))
        answers, _ = without(state.answers, {pen})
        last = begun[-1].index
        return replace(state, answers=(*answers, *begun), answered=state.answered + 1, last=last)

    def _remembered(self, state: SketchState, wanted: DrawingRequest, which: tuple[bool, bool]) -> SketchState:
        own = state.pen_states[0] if state.pen_states else PenState()
        shown = next((answer.state for answer in state.answers if answer.index == state.last), own)
        begun = shown.job.condition if shown.job is not None else None
        known = begun if shown.trail_of is None else self.subjects.recalled(shown.trail, shown.trail_of)
        drawing = state.performer.drawing or (state.drawn if state.fresh else ())
        if drawing:
            known = self.subjects.heard(drawing, wanted, state.seed) or known
        a, b = (known if pressed else end for pressed, end in zip(which, state.ends, strict=True))
        return replace(state, ends=(a, b), fresh=False)
