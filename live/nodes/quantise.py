"""Quantisation: moves onsets to a grid with swing, and each note's end along with its onset."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from live.transport.clock import BeatLine
from models.base import Event, NoteOff, NoteOn

GRIDS: Mapping[str, float] = {"1/4": 1.0, "1/8": 1 / 2, "1/8t": 1 / 3, "1/16": 1 / 4, "1/16t": 1 / 6, "1/32": 1 / 8}
"""Steps in quarter notes; t are triplets."""


APART_S = 0.03
"""Least time between two onsets of one key."""


@dataclass(frozen=True, slots=True)
class Quantisation:
    """Settings: onsets move by the share `strength`, 0..1, of the distance to the nearest grid step.

    `swing`, 0..0.75, delays every second step by that share of a step (1/3 is triplet swing). Triplet grids have no
    swing.
    """

    strength: float = 0.0
    grid: str = "1/16"
    swing: float = 0.0

    def moved(self, due_s: float, beats: BeatLine) -> float:
        """The quantised time of an onset; unchanged while the clock is stopped."""
        if self.strength <= 0.0 or not beats.running:
            return due_s
        return due_s + self.strength * (beats.time_at(self.nearest(beats.beat_at(due_s))) - due_s)

    def reach_s(self, beats: BeatLine) -> float:
        """The largest distance by which an onset may be moved, in seconds."""
        return self.strength * GRIDS[self.grid] * (1.0 + self.swing) / 2.0 * 60.0 / beats.tempo_bpm

    def nearest(self, beat: float) -> float:
        """The grid step nearest to `beat`, in beats."""
        step = GRIDS[self.grid]
        late = 0.0 if self.grid.endswith("t") else self.swing * step
        pair = math.floor(beat / (2.0 * step)) * 2.0 * step
        return min((pair, pair + step + late, pair + 2.0 * step), key=lambda place: abs(place - beat))


@dataclass(frozen=True, slots=True)
class MovedNote:
    """The last note of a pitch.

    `due_s` and `struck_s` are its onset before and after quantisation, `over_s` its end (its onset while the key is
    down); `begun_s` and `end_begun_s` are the times of the model's steps that returned onset and end.
    """

    begun_s: float
    due_s: float
    struck_s: float
    end_begun_s: float
    over_s: float


class NoteTable:
    """The last note of each pitch, so that a note's end moves with its onset.

    The end is shifted by as much as the onset; nothing is moved into the past; a repeated note begins when the previous
    note of its pitch has ended, or ends it.
    """

    def __init__(self) -> None:
        self._last: dict[int, MovedNote] = {}

    def place(
        self,
        event: Event,
        due_s: float,
        now_s: float,
        beats: BeatLine,
        quantisation: Quantisation,
        begun_s: float,
        *,
        cuts: bool = False,
    ) -> float:
        """The quantised time of an event that is due at `due_s`, from a step that began at `begun_s`.

        With `cuts` an onset may precede the end of the previous note of its pitch: the caller can still send that end
        earlier.
        """
        if isinstance(event, NoteOn):
            last = self._last.get(event.pitch)
            at_s = max(quantisation.moved(due_s, beats), min(due_s, now_s))
            if last is not None and at_s < last.struck_s + APART_S:  # two notes on one step: the second is not moved
                at_s = max(due_s, last.struck_s)
            if last is not None and not cuts:
                at_s = max(at_s, last.over_s)
            self._last[event.pitch] = MovedNote(begun_s, due_s, at_s, -math.inf, at_s)
            return at_s
        if isinstance(event, NoteOff) and event.pitch in self._last:
            last = self._last[event.pitch]
            at_s = max(due_s + (last.struck_s - last.due_s), last.struck_s)
            self._last[event.pitch] = replace(last, end_begun_s=begun_s, over_s=at_s)
            return at_s
        return due_s

    def rewind(self, from_s: float) -> None:
        """Forgets the events of steps that began after `from_s`."""
        for pitch, last in list(self._last.items()):
            if last.begun_s > from_s:
                del self._last[pitch]
            elif last.end_begun_s > from_s:
                self._last[pitch] = replace(last, end_begun_s=-math.inf, over_s=last.struck_s)

    def clear(self) -> None:
        """Forgets all notes."""
        self._last.clear()
