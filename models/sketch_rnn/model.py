"""The draughtsman on stage: Sketch-RNN as a live model, one point of every pen at a time."""

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
from models.sketch_rnn.latent import About
from models.sketch_rnn.pen import Job, PenState, Place, place_of
from models.sketch_rnn.performer import NOBODY, Line, PerformerDrawing, extent, from_side, told
from models.sketch_rnn.sampling import chances, draw
from models.sketch_rnn.step import CpuSketchStep, SketchStep, Way
from models.sketch_rnn.subject import ANY, DrawingChooser, DrawingRequest
from models.sketch_rnn.weights import SketchFacts, facts_of, read

FRAME_S = 1.0 / 30.0  # a drawing that appears at once stays at least so long
IDLE_S = 0.02  # a step with nothing to do
MODES = ("free", "vary", "morph", "complete")
LEAST, MOST = 0.35, 1.0  # a person's drawing is taken for so much of a whole one, at least and at most


@dataclass(frozen=True, slots=True, eq=False)
class SketchState:
    """All that the next points depend on. Nothing in it changes once it is handed out."""

    seed: int
    hands: tuple[PenState, ...] = ()
    person: PerformerDrawing = NOBODY
    drawn: tuple[Line, ...] = ()  # the last drawing heard
    fresh: bool = False  # it was not remembered yet
    ends: tuple[About | None, About | None] = (None, None)
    last: int = 0  # the pen that began a drawing last


class SketchRNN:
    """A draughtsman of one to sixteen pens: what it draws, it draws point by point (Ha & Eck 2017).

    `parameters` are those of a `Network`, of any size; `facts` names its categories. `device` is "cpu", "cuda…" or
    "auto", which is the CPU: a point is less work than it takes to ask a GPU. One instance steps on one thread at a
    time.
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
        """Reads weights by name or file. Raises WeightsError where they cannot be used."""
        parameters, facts, card = read(weights)
        model = cls(parameters, facts, device=device)
        model.card, model.file = card, store.find(weights, cls.kind)
        return model

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs with these weights' categories: which to choose from, and one fader each."""
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
        """An empty paper; the same seed gives the same drawings."""
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
                "Draw freely, vary what was drawn last, morph from A to B, or complete what a person began",
                choices=MODES,
            ),
        ] = "free",
        draw: Annotated[str, Knob("What to draw; sets the categories", kind="choice")] = ANY,
        category: Annotated[
            tuple[float, ...], Knob("How much of each category; all equal draws any one", 0.0, 1.0, kind="vector")
        ] = (),
        mix: Annotated[
            str,
            Knob(
                "Several categories: blended in one drawing, or one after the other by chance",
                choices=("blend", "turns"),
            ),
        ] = "blend",
        temperature: Annotated[float, Knob("How daring: low draws what is likely", 0.01, 2.0, "", "log")] = 0.45,
        pen_temperature: Annotated[
            float, Knob("How daring in when to lift the pen and when to stop, as a factor", 0.2, 5.0, "x", "log")
        ] = 1.0,
        pens: Annotated[int, Knob("How many draw at once", 1, 16)] = 1,
        speed: Annotated[float, Knob("How fast a pen draws", 1.0, 1000.0, "points/s", "log")] = 30.0,
        whole: Annotated[bool, Knob("Each drawing appears at once, as a frame of a film")] = False,
        rest: Annotated[float, Knob("Pause between two drawings of a pen", 0.0, 60.0, "s")] = 1.5,
        longest: Annotated[int, Knob("The most points of a drawing", 2, 1000, "points", "log")] = 250,
        size: Annotated[float, Knob("1 fills the place; moved while drawing, it grows", 0.05, 4.0, "x", "log")] = 1.0,
        x: Annotated[float, Knob("To the right, for the next drawing", -2.0, 2.0)] = 0.0,
        y: Annotated[float, Knob("Downward, for the next drawing", -2.0, 2.0)] = 0.0,
        rotation: Annotated[
            float, Knob("Clockwise; moved while drawing, it bends what is to come", -180.0, 180.0, "degrees")
        ] = 0.0,
        variation: Annotated[float, Knob("vary: 0 redraws it, 1 has forgotten it", 0.0, 1.0)] = 0.3,
        morph: Annotated[float, Knob("morph: from A to B", 0.0, 1.0)] = 0.5,
        spread: Annotated[float, Knob("morph: how far apart on the way several pens are", 0.0, 1.0)] = 0.0,
        path: Annotated[str, Knob("morph: along an arc or a straight line", choices=("arc", "line"))] = "arc",
        steady: Annotated[
            bool, Knob("The same hand for every drawing: only what the knobs change is different (with morph, a film)")
        ] = False,
        patience: Annotated[
            float, Knob("How long a person's pen is lifted before the drawing is taken as given", 0.1, 30.0, "s", "log")
        ] = 1.0,
        hold: Annotated[bool, Knob("What is begun is finished, and nothing new is begun")] = False,
        again: Annotated[Pulse, pulse("Begin another drawing at once; or complete the same one otherwise")] = False,
        undo: Annotated[Pulse, pulse("Take back the last drawing")] = False,
        clear: Annotated[Pulse, pulse("A clean paper")] = False,
        remember_a: Annotated[Pulse, pulse("Keep the last drawing, a person's or its own, as A to morph from")] = False,
        remember_b: Annotated[Pulse, pulse("Keep the last drawing, a person's or its own, as B to morph to")] = False,
    ) -> tuple[Sequence[Event], SketchState]:
        """One point of every pen that draws, or one unseen point of every pen that prepares to, without a Wait.

        `heard` is what a person draws, as Pen in paper coordinates. Pen, Page and Wait come out.
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

        hands = list(state.hands)
        places = [place_of(k, pens, x, y, size, rotation) for k in range(pens)]
        busy = [k for k, hand in enumerate(hands) if hand.phase in ("try", "read")]
        unseen = bool(busy)
        if not unseen:
            busy = [k for k, hand in enumerate(hands) if hand.phase == "draw"]
        if busy:
            rest_s = max(rest, FRAME_S) if whole else rest
            self._advance(hands, busy, places, (temperature, pen_temperature), longest, rest_s, events)
        wait_s = 0.0
        if not busy:
            resting = [hand.rest_s for hand in hands if hand.rest_s > 0.0]
            wait_s = min(IDLE_S, *resting) if resting and not hold else IDLE_S
        elif not unseen and not whole:
            wait_s = 1.0 / speed
        if wait_s:
            events.append(Wait(wait_s))
            hands = [replace(hand, rest_s=hand.rest_s - wait_s) if hand.rest_s > 0.0 else hand for hand in hands]
        return events, replace(state, hands=tuple(hands), person=state.person.later(wait_s))

    # ---- one point of several pens

    def _advance(
        self, hands: list[PenState], busy: list[int], places: list[Place], warmth: tuple[float, float], longest: int,
        rest_s: float, events: list[Event],
    ) -> None:  # fmt: skip
        working = [hands[k] for k in busy]
        jobs = [hand.job for hand in working if hand.job is not None]
        outputs, memories = self.network.step(
            np.stack([hand.stroke for hand in working]), [job.wish for job in jobs], [hand.memory for hand in working]
        )
        numbers = chances([job.stream for job in jobs], [hand.count for hand in working])
        strokes, pens = draw(outputs, warmth[0], numbers, pen=warmth[1])
        usual = self.facts.extent
        for k, hand, memory, stroke, pen in zip(busy, working, memories, strokes, pens, strict=True):
            match hand.phase:
                case "read":
                    hands[k] = pen_.read(hand, memory)
                case "try":
                    hands[k] = pen_.tried(hand, memory, stroke, int(pen), usual=usual, place=places[k], longest=longest)
                case _:
                    made, after = pen_.drawn(
                        hand, memory, stroke, int(pen), index=k, usual=usual, place=places[k], longest=longest
                    )
                    events += made
                    hands[k] = replace(after, rest_s=rest_s) if after.phase == "rest" else after

    # ---- what is drawn next

    def _begin(self, state: SketchState, wanted: DrawingRequest) -> SketchState:
        """Another drawing for every pen that has rested."""
        hands, last = list(state.hands), state.last
        for k, hand in enumerate(hands):
            if hand.phase == "rest" and hand.rest_s <= 0.0:
                chance = stream(state.seed, k, 0 if wanted.steady else hand.number)
                about = self.subjects.next(wanted, state.drawn, state.ends, pen=k, seed=state.seed, chance=chance)
                hands[k] = pen_.begun(hand, Job(about, self.network.wish(about.condition), chance))
                last = k
        return replace(state, hands=tuple(hands), last=last)

    # ---- what a person draws

    def _listen(
        self, state: SketchState, heard: Sequence[Event], wanted: DrawingRequest, size: float, patience_s: float,
        events: list[Event],
    ) -> SketchState:  # fmt: skip
        """As many pens as there should be, and what a person has drawn taken in."""
        person = state.person.hear(heard)
        began = person is not state.person
        hands = list(state.hands)
        for k in range(wanted.pens, len(hands)):
            events += pen_.lifted(hands[k], k)[0]
        hands = hands[: wanted.pens] + [PenState()] * (wanted.pens - len(hands))
        state = replace(state, hands=tuple(hands), person=person, last=min(state.last, wanted.pens - 1))
        done = person.done(patience_s)
        if done:
            state = replace(state, person=PerformerDrawing(over=person.over), drawn=person.drawing, fresh=True)
        if (wanted.mode == "complete" and began) or (wanted.mode == "vary" and done):
            state = _stopped(state, events)
        return self._completing(state, wanted, size) if wanted.mode == "complete" and done else state

    def _completing(self, state: SketchState, wanted: DrawingRequest, size: float) -> SketchState:
        """Every pen takes up what a person has begun, each from another side."""
        (x, y), longer = extent(state.drawn)
        usual = self.facts.extent
        unit = 2.0 * pen_.FILL * size / usual
        unit = max(min(unit, longer / (LEAST * usual)), longer / (MOST * usual), 1e-6)
        hands = list(state.hands)
        for k, hand in enumerate(hands):
            chance = stream(state.seed, k, 0 if wanted.steady else hand.number)
            about = self.subjects.new(wanted, chance)
            side = from_side(state.drawn, k)
            points, end = told(side, unit, self.facts.coarse * unit), side[-1][-1]
            middle = (end[0] - x) / unit, (end[1] - y) / unit
            wish = self.network.wish(about.condition)
            hands[k] = pen_.begun(hand, Job(about, wish, chance, points, unit, end, middle))
        return replace(state, hands=tuple(hands))

    def _remembered(self, state: SketchState, wanted: DrawingRequest, which: tuple[bool, bool]) -> SketchState:
        hand = state.hands[0] if state.hands else PenState()
        begun = hand.job.about if hand.job is not None else None
        known = begun if hand.trail_of is None else self.subjects.recalled(hand.trail, hand.trail_of)
        drawing = state.person.drawing or (state.drawn if state.fresh else ())
        if drawing:
            known = self.subjects.heard(drawing, wanted, state.seed) or known
        a, b = (known if pressed else end for pressed, end in zip(which, state.ends, strict=True))
        return replace(state, ends=(a, b), fresh=False)


def _pressed(state: SketchState, clear: bool, undo: bool, rest_s: float, events: list[Event]) -> SketchState:
    """After one of the buttons that act at once; `again` is what the first two do not."""
    if undo and not clear:
        events.append(Page("undo", state.last))
        hands = list(state.hands)
        taken = hands[state.last]
        hands[state.last] = pen_.lifted(taken, state.last, max(rest_s, taken.rest_s))[1]
        return replace(state, hands=tuple(hands))
    state = _stopped(state, [] if clear else events)
    if clear:
        events.append(Page("clear", 0))
        state = replace(state, person=NOBODY, drawn=(), fresh=False)
    return state


def _stopped(state: SketchState, events: list[Event]) -> SketchState:
    """All pens lifted, and rested enough."""
    hands = []
    for k, hand in enumerate(state.hands):
        lift, after = pen_.lifted(hand, k)
        events += lift
        hands.append(after)
    return replace(state, hands=tuple(hands))
