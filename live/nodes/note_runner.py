"""Runs a model that plays an instrument: as any other ahead of the clock, and its notes may be pulled to the beat."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from live.nodes.event_runner import WITHDRAW_MARGIN_S, EventRunner
from live.nodes.output import EventOutput
from live.nodes.quantise import GRIDS, BeatPull, NoteTable
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Event, Knob, Model, NoteOff, NoteOn, knobs_of

SOON_S = 0.03
"""What is due so soon is handed on, whatever may come."""
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


@dataclass(frozen=True, slots=True)
class _Placed:
    """An event, when it was due, when it is to happen, and when the step of the model began that gave it."""

    begun_s: float
    due_s: float
    at_s: float
    event: Event


class NoteRunner(EventRunner):
    """A Runner whose notes keep their length and their order while the beat pulls them."""

    OWN: ClassVar[Mapping[str, Knob]] = {**EventRunner.OWN, **knobs_of(_pull)}

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        super().__init__(name, model, tree, clock, outputs)
        self._pull = BeatPull()
        self._score = NoteTable()
        self._moved: deque[_Placed] = deque()
        self._struck: deque[tuple[float, int]] = deque()
        """When each note given lately is to be struck, and its pitch."""
        self._ends: dict[int, _Placed] = {}
        """Ends of notes, kept back as long as the same key may yet be struck before them."""

    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        self._pull = BeatPull(knobs["quantise"], knobs["grid"], knobs["swing"])
        nudge_s = float(knobs["nudge"]) / 1000.0
        self._let_end(max(now_s + SOON_S - nudge_s, self.due_s - self._pull.reach_s(self.beats)), nudge_s)
        wanted_s = super()._advance(now_s, knobs, swapped)
        return min([wanted_s, *(end.at_s + nudge_s - SOON_S for end in self._ends.values())])

    def _send(self, event: Event, now_s: float, nudge_s: float) -> None:
        begun_s = self._past[-1].begun_s
        cuts = isinstance(event, NoteOn) and event.pitch in self._ends
        at_s = self._score.place(event, self.due_s, now_s, self.beats, self._pull, begun_s, cuts=cuts)
        placed = _Placed(begun_s, self.due_s, at_s, event)
        if isinstance(event, NoteOff) and self._pull.strength > 0.0:
            self._ends[event.pitch] = placed
            return
        if isinstance(event, NoteOn) and cuts:
            end = self._ends.pop(event.pitch)
            self._hand_on(replace(end, at_s=min(end.at_s, at_s)), nudge_s)
        self._hand_on(placed, nudge_s)
        while self._moved and self._moved[0].begun_s < now_s - KEEP_S:
            self._moved.popleft()
        while self._struck and self._struck[0][0] < now_s - KEEP_S:
            self._struck.popleft()

    def _hand_on(self, placed: _Placed, nudge_s: float) -> None:
        if placed.at_s != placed.due_s:  # remembered in case that its step is undone
            self._moved.append(placed)
        if isinstance(placed.event, NoteOn):
            self._struck.append((placed.at_s + nudge_s, placed.event.pitch))
        self._give(placed.at_s + nudge_s, placed.event)

    def _let_end(self, by_s: float, nudge_s: float) -> None:
        for pitch, end in list(self._ends.items()):
            if end.at_s <= by_s:
                del self._ends[pitch]
                self._hand_on(end, nudge_s)

    def _silence(self) -> None:
        super()._silence()
        self._ends.clear()

    def _go_back(self, now_s: float, nudge_s: float) -> None:
        super()._go_back(now_s, nudge_s)
        from_s = now_s + WITHDRAW_MARGIN_S
        for one in self._moved:
            if one.begun_s <= from_s < one.at_s:  # decided for before, and only late by the beat: it is not taken back
                self._give(one.at_s + nudge_s, one.event)
            elif one.at_s <= from_s < one.begun_s and isinstance(one.event, NoteOn):  # it sounds, and was never decided
                self._give(from_s + nudge_s, NoteOff(one.event.pitch))
        self._moved = deque(one for one in self._moved if one.begun_s <= from_s)
        self._ends = {pitch: end for pitch, end in self._ends.items() if end.begun_s <= from_s}
        self._score.go_back(from_s)

    def _interrupt(self, now_s: float, nudge_s: float) -> None:
        """Withdraws notes that the beat had moved past this moment, too, and ends what may just have been struck.

        The sender may strike a note that is due in the next few milliseconds before it gets the withdrawal: each such
        note is ended. The sender ignores the end of a note that it has not struck.
        """
        super()._interrupt(now_s, nudge_s)
        at_s = now_s - nudge_s
        for one in self._moved:
            if isinstance(one.event, NoteOff) and one.begun_s <= at_s < one.at_s:
                self._give(one.at_s + nudge_s, one.event)
            elif isinstance(one.event, NoteOn) and one.at_s <= at_s < one.begun_s:
                self._give(now_s, NoteOff(one.event.pitch))
        for struck_s, pitch in self._struck:
            if now_s < struck_s <= now_s + WITHDRAW_MARGIN_S:
                self._give(now_s, NoteOff(pitch))
        self._struck = deque(entry for entry in self._struck if entry[0] <= now_s)
        self._moved = deque(one for one in self._moved if one.begun_s <= at_s)
        self._ends = {pitch: end for pitch, end in self._ends.items() if end.begun_s <= at_s}
        self._score.go_back(at_s)

    def _begin_again(self, now_s: float) -> None:
        super()._begin_again(now_s)
        self._struck.clear()
        self._moved.clear()
        self._score.clear()
