"""Starts cues when conditions begin to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from live.gallery.condition import Values
from live.gallery.schedule_tables import ConditionCue

STEP_S: Final = 0.1
"""How often conditions are looked at."""


class ConditionCues:
    """Calls `start(name, cue)` once each time a condition begins to hold, at the earliest `rest_s` after the last."""

    def __init__(self, values: Values, start: Callable[[str, str], None]) -> None:
        self._values = values
        self._start = start
        self._cues: Sequence[ConditionCue] = ()
        self._held: dict[str, bool] = {}
        self._started_s: dict[str, float] = {}
        self._step_s = 0.0

    def replace(self, cues: Sequence[ConditionCue]) -> None:
        """Takes the conditions of a file that was read again; unchanged ones keep their memory."""
        kept = {(one.name, one.condition.text): one for one in self._cues}
        self._cues = [
            kept[key] if (key := (one.name, one.condition.text)) in kept and kept[key] == _as(one, kept[key]) else one
            for one in cues
        ]
        self._held = {one.name: self._held.get(one.name, False) for one in cues}

    def advance(self, now_s: float, is_open: bool) -> None:
        """Looks at all conditions, if it is time."""
        if now_s < self._step_s or not self._cues:
            return
        self._step_s = max(self._step_s + STEP_S, now_s + STEP_S / 2.0)
        for one in self._cues:
            holds = one.condition.holds(self._values, now_s)
            begins = holds and not self._held[one.name]
            if begins and now_s - self._started_s.get(one.name, -math.inf) < one.rest_s:
                continue  # if it still holds when the rest is over, it starts then
            self._held[one.name] = holds
            if begins and (is_open or one.closed):
                self._started_s[one.name] = now_s
                self._start(one.name, one.cue)

    def next_s(self, now_s: float) -> float:
        """When it is to be called next."""
        return max(now_s, self._step_s) if self._cues else math.inf


def _as(new: ConditionCue, old: ConditionCue) -> ConditionCue:
    """The new cue with the old one's condition, to compare the rest."""
    return ConditionCue(new.name, new.cue, old.condition, new.rest_s, new.closed)
