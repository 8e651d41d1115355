"""Runs a model that plays an instrument: as any other ahead of the clock, and its notes may be pulled to the beat."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from live.clock import Clock
from live.port import Output
from live.quantise import GRIDS, Pull, Score
from live.runner import WITHDRAW_MARGIN_S, Runner
from live.tree import Tree
from models.base import Event, Knob, Model, NoteOff, NoteOn, knobs_of

KEEP_S = 4.0
"""Events moved longer ago can no longer be withdrawn: more than the longest look-ahead and a step of the grid."""


def _pull(
    *,
    quantise: Annotated[float, Knob("How strongly the beat pulls notes: 0 leaves them, 1 is on it", 0, 1)] = 0.0,
    grid: Annotated[str, Knob("The steps that notes are pulled to; t are triplets", choices=tuple(GRIDS))] = "1/16",
    swing: Annotated[
        float, Knob("Delays every second step by this part of a step; a third is a triplet's feel", 0.0, 0.75)
    ] = 0.0,
) -> None:
    """The knobs that a node has which plays notes."""


class NoteRunner(Runner):
    """A Runner whose notes keep their length and their order while the beat pulls them."""

    OWN: ClassVar[Mapping[str, Knob]] = {**Runner.OWN, **knobs_of(_pull)}

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[Output]) -> None:
        super().__init__(name, model, tree, clock, outputs)
        self._pull = Pull()
        self._score = Score()
        self._moved: deque[tuple[float, float, Event]] = deque()

    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        self._pull = Pull(knobs["quantise"], knobs["grid"], knobs["swing"])
        return super()._advance(now_s, knobs, swapped)

    def _send(self, event: Event, now_s: float, nudge_s: float) -> None:
        begun_s = self._past[-1][0]
        at_s = self._score.place(event, self.due_s, now_s, self.beats, self._pull, begun_s)
        if at_s != self.due_s:
            self._moved.append((begun_s, at_s, event))
        while self._moved and self._moved[0][0] < now_s - KEEP_S:
            self._moved.popleft()
        self._give(at_s + nudge_s, event)

    def _go_back(self, now_s: float, nudge_s: float) -> None:
        super()._go_back(now_s, nudge_s)
        from_s = now_s + WITHDRAW_MARGIN_S
        for begun_s, at_s, event in self._moved:
            if begun_s <= from_s < at_s:  # decided for before, and only late by the beat: it is not taken back
                self._give(at_s + nudge_s, event)
            elif at_s <= from_s < begun_s and isinstance(event, NoteOn):  # it sounds already, and was never decided
                self._give(from_s + nudge_s, NoteOff(event.pitch))
        self._moved = deque(moved for moved in self._moved if moved[0] <= from_s)
        self._score.go_back(from_s)

    def _begin_again(self, now_s: float) -> None:
        super()._begin_again(now_s)
        self._moved.clear()
        self._score.clear()
