"""The states of a visit: idle, visitor, leaving; a pure machine without a clock of its own."""

from __future__ import annotations

import math
from typing import Final, Literal

ROUNDING_S: Final = 1e-6
"""Times that are sums of steps are inexact by less than this."""
VisitState = Literal["idle", "visitor", "leaving"]


class Visit:
    """The states of a visit, as a function of whether a visitor is present.

    A visit begins once somebody has been present for `arrive_s`. After `patience_s` without anybody it counts down
    `countdown_s`, and ends; whoever comes back meanwhile goes on with it.
    """

    def __init__(self) -> None:
        self.state: VisitState = "idle"
        self._here_s = self._away_s = self._ends_s = math.inf

    def left_s(self, now_s: float) -> float:
        """Seconds left of the countdown; 0 where none runs."""
        return max(0.0, self._ends_s - now_s) if self.state == "leaving" else 0.0

    def advance(self, now_s: float, present: bool, arrive_s: float, patience_s: float, countdown_s: float) -> bool:
        """Takes the present moment into account; True at the end of a visit."""
        self._here_s = min(self._here_s, now_s) if present else math.inf
        self._away_s = math.inf if present else min(self._away_s, now_s)
        if self.state == "idle":
            if now_s - self._here_s >= arrive_s:
                self.state = "visitor"
        elif present:
            self.state = "visitor"
        elif self.state == "visitor" and now_s - self._away_s >= patience_s:
            self.state, self._ends_s = "leaving", now_s + countdown_s
        if self.state == "leaving" and now_s >= self._ends_s - ROUNDING_S:
            self.end()
            return True
        return False

    def end(self) -> None:
        """Ends the visit; whoever is still present begins another."""
        self.state = "idle"
        self._here_s = self._away_s = self._ends_s = math.inf
