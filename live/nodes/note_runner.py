"""Runs a model that plays an instrument ahead of the clock, and quantises its notes to the beat."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from live.nodes.event_runner import WITHDRAW_MARGIN_S, EventRunner
from live.nodes.output import EventOutput
from live.nodes.quantise import GRIDS, NoteTable, Quantisation
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Event, Knob, Model, NoteOff, NoteOn, knobs_of

SOON_S = 0.03
"""Delayed note ends are sent at the latest this long before they are due."""
KEEP_S = 4.0
"""Time for which moved events are remembered: more than the longest look-ahead plus a step of the grid."""


def _own(
    *,
    quantise: Annotated[float, Knob("Strength of the quantisation: 0 off, 1 exactly on the grid", 0, 1)] = 0.0,
    grid: Annotated[str, Knob("Grid of the quantisation; t are triplets", choices=tuple(GRIDS))] = "1/16",
    swing: Annotated[
        float, Knob("Delay of every second grid step, as a share of a step; 1/3 is triplet swing", 0.0, 0.75)
    ] = 0.0,
) -> None:
    """The knobs of every node that plays notes."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """An event with its original time, its quantised time, and the time of the model's step that returned it."""

    begun_s: float
    due_s: float
    at_s: float
    event: Event


class NoteRunner(EventRunner):
    """An EventRunner with quantisation, which keeps the length and the order of notes."""

    OWN: ClassVar[Mapping[str, Knob]] = {**EventRunner.OWN, **knobs_of(_own)}

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        super().__init__(name, model, tree, clock, outputs)
        self._quantisation = Quantisation()
        self._notes = NoteTable()
        self._moved: deque[_Placed] = deque()
        self._struck: deque[tuple[float, int]] = deque()
        """(time, pitch) of the notes sent recently."""
        self._ends: dict[int, _Placed] = {}
        """Note ends that are delayed while a new note of the same key may still precede them."""

    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        self._quantisation = Quantisation(knobs["quantise"], knobs["grid"], knobs["swing"])
        nudge_s = float(knobs["nudge"]) / 1000.0
        self._send_ends(max(now_s + SOON_S - nudge_s, self.due_s - self._quantisation.reach_s(self.beats)), nudge_s)
        wanted_s = super()._advance(now_s, knobs, swapped)
        return min([wanted_s, *(end.at_s + nudge_s - SOON_S for end in self._ends.values())])

    def _send(self, event: Event, now_s: float, nudge_s: float) -> None:
        begun_s = self._past[-1].begun_s
        cuts = isinstance(event, NoteOn) and event.pitch in self._ends
        at_s = self._notes.place(event, self.due_s, now_s, self.beats, self._quantisation, begun_s, cuts=cuts)
        placed = _Placed(begun_s, self.due_s, at_s, event)
        if isinstance(event, NoteOff) and self._quantisation.strength > 0.0:
            self._ends[event.pitch] = placed
            return
        if isinstance(event, NoteOn) and cuts:
            end = self._ends.pop(event.pitch)
            self._forward(replace(end, at_s=min(end.at_s, at_s)), nudge_s)
        self._forward(placed, nudge_s)
        while self._moved and self._moved[0].begun_s < now_s - KEEP_S:
            self._moved.popleft()
        while self._struck and self._struck[0][0] < now_s - KEEP_S:
            self._struck.popleft()

    def _forward(self, placed: _Placed, nudge_s: float) -> None:
        if placed.at_s != placed.due_s:  # remembered in case its step is undone
            self._moved.append(placed)
        if isinstance(placed.event, NoteOn):
            self._struck.append((placed.at_s + nudge_s, placed.event.pitch))
        self._send_at(placed.at_s + nudge_s, placed.event)

    def _send_ends(self, by_s: float, nudge_s: float) -> None:
        for pitch, end in list(self._ends.items()):
            if end.at_s <= by_s:
                del self._ends[pitch]
                self._forward(end, nudge_s)

    def _silence(self) -> None:
        super()._silence()
        self._ends.clear()

    def _rewind(self, now_s: float, nudge_s: float) -> None:
        super()._rewind(now_s, nudge_s)
        from_s = now_s + WITHDRAW_MARGIN_S
        for one in self._moved:
            if one.begun_s <= from_s < one.at_s:  # its step is not undone, only quantised to later: sent again
                self._send_at(one.at_s + nudge_s, one.event)
            elif one.at_s <= from_s < one.begun_s and isinstance(one.event, NoteOn):  # sounds, but its step is undone
                self._send_at(from_s + nudge_s, NoteOff(one.event.pitch))
        self._moved = deque(one for one in self._moved if one.begun_s <= from_s)
        self._ends = {pitch: end for pitch, end in self._ends.items() if end.begun_s <= from_s}
        self._notes.rewind(from_s)

    def _interrupt(self, now_s: float, nudge_s: float) -> None:
        """Also withdraws notes that were quantised to a later time, and ends notes that may just have begun.

        The sender may send a note that is due in the next few milliseconds before it receives the withdrawal, so each
        such note is ended. The sender ignores the end of a note that it has not sent.
        """
        super()._interrupt(now_s, nudge_s)
        at_s = now_s - nudge_s
        for one in self._moved:
            if isinstance(one.event, NoteOff) and one.begun_s <= at_s < one.at_s:
                self._send_at(one.at_s + nudge_s, one.event)
            elif isinstance(one.event, NoteOn) and one.at_s <= at_s < one.begun_s:
                self._send_at(now_s, NoteOff(one.event.pitch))
        for struck_s, pitch in self._struck:
            if now_s < struck_s <= now_s + WITHDRAW_MARGIN_S:
                self._send_at(now_s, NoteOff(pitch))
        self._struck = deque(entry for entry in self._struck if entry[0] <= now_s)
        self._moved = deque(one for one in self._moved if one.begun_s <= at_s)
        self._ends = {pitch: end for pitch, end in self._ends.items() if end.begun_s <= at_s}
        self._notes.rewind(at_s)

    def _restart(self, now_s: float) -> None:
        super()._restart(now_s)
        self._struck.clear()
        self._moved.clear()
        self._notes.clear()
