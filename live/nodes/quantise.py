"""Notes pulled to the beat: where an onset belongs on a swung grid, and how each note moves there as a whole."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from live.transport.clock import Beat
from models.base import Event, NoteOff, NoteOn

GRIDS: Mapping[str, float] = {"1/4": 1.0, "1/8": 1 / 2, "1/8t": 1 / 3, "1/16": 1 / 4, "1/16t": 1 / 6, "1/32": 1 / 8}
"""Steps in quarter notes; t are triplets."""


APART_S = 0.03
"""One key cannot be struck twice in less."""


@dataclass(frozen=True, slots=True)
class BeatPull:
    """`strength` 0..1 of the way to the nearest step of a grid; `swing` 0..0.75 delays every second step by that part
    of a step (a third is a triplet's feel). Triplet grids do not swing.
    """

    strength: float = 0.0
    grid: str = "1/16"
    swing: float = 0.0

    def moved(self, due_s: float, line: Beat) -> float:
        """When an onset that is due at a time is to be; as it is while the beats stand."""
        if self.strength <= 0.0 or not line.running:
            return due_s
        return due_s + self.strength * (line.time_at(self.nearest(line.beat_at(due_s))) - due_s)

    def reach_s(self, line: Beat) -> float:
        """The most by which an onset may be moved."""
        return self.strength * GRIDS[self.grid] * (1.0 + self.swing) / 2.0 * 60.0 / line.tempo_bpm

    def nearest(self, beat: float) -> float:
        """The step nearest to a beat."""
        step = GRIDS[self.grid]
        late = 0.0 if self.grid.endswith("t") else self.swing * step
        pair = math.floor(beat / (2.0 * step)) * 2.0 * step
        return min((pair, pair + step + late, pair + 2.0 * step), key=lambda place: abs(place - beat))


@dataclass(frozen=True, slots=True)
class MovedNote:
    """The last note of a pitch: its onset as decided and as struck, when it is over (its onset while it is down), and
    when the steps of the model began that gave the one and the other.
    """

    begun_s: float
    due_s: float
    struck_s: float
    end_begun_s: float
    over_s: float


class NoteTable:
    """The last note of each pitch, so that what belongs together moves together.

    A note's end comes as much later or earlier as its onset; nothing is moved into the past; a pitch is struck again
    when the note before it is over, or ends it.
    """

    def __init__(self) -> None:
        self._last: dict[int, MovedNote] = {}

    def place(
        self,
        event: Event,
        due_s: float,
        now_s: float,
        line: Beat,
        pull: BeatPull,
        begun_s: float,
        *,
        cuts: bool = False,
    ) -> float:
        """When an event is to happen that the model has due at a time, in a step that began at another.

        With `cuts` an onset may be before the end of the note before it, which the caller can still bring forward.
        """
        if isinstance(event, NoteOn):
            last = self._last.get(event.pitch)
            at_s = max(pull.moved(due_s, line), min(due_s, now_s))
            if last is not None and at_s < last.struck_s + APART_S:  # twice on one step: the second stays where it is
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

    def go_back(self, from_s: float) -> None:
        """Forgets what was given by steps that began later."""
        for pitch, last in list(self._last.items()):
            if last.begun_s > from_s:
                del self._last[pitch]
            elif last.end_begun_s > from_s:
                self._last[pitch] = replace(last, end_begun_s=-math.inf, over_s=last.struck_s)

    def clear(self) -> None:
        """Nothing sounds any more."""
        self._last.clear()
