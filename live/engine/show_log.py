"""The log of a show without a terminal: start, changes of state, end, and a sign of life."""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping

from live.engine.running_line import RunningLine
from live.parameters.tree import AddressError, Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
ALIVE_EVERY_S = 600.0
"""How often it logs that the show goes on."""
QUIET_S = 60.0
"""Least time between two log lines about one node, whose state a mapping may change often."""


class ShowLog:
    """Tells when a show begins and ends, when a node gets another state, and now and then that it still plays.

    What goes wrong is in the log already, as are ports and cameras. `nodes` are those there are now, by name.
    """

    def __init__(self, clock: Clock, tree: Tree, nodes: Mapping[str, object]) -> None:
        self._clock = clock
        self._tree = tree
        self._nodes = nodes
        self._lines: dict[str, RunningLine] = {}
        self._logged: dict[str, tuple[str, float]] = {}
        """The last logged state of each node, and when."""
        self._began_s: float | None = None
        self._looked_s = self._alive_s = float("-inf")

    def view(self, name: str) -> RunningLine:
        self._lines[name] = RunningLine(name, self._clock)
        return self._lines[name]

    def draw(self) -> None:
        """Logs what is due, if anything is."""
        now_s = self._clock.now()
        if now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        for line in list(self._lines.values()):
            line.advance()
        if self._began_s is None:
            self._began_s = self._alive_s = now_s
            log.info("playing: %s", ", ".join(self._nodes))
        for name in list(self._nodes):
            self._look(name, now_s)
        if now_s - self._alive_s >= ALIVE_EVERY_S:
            self._alive_s = now_s
            log.info("playing for %s", summary(now_s - self._began_s, self._lines, self._nodes))

    def end(self) -> None:
        """Logs the length of the show, if it has begun."""
        if self._began_s is not None:
            log.info("stopped after %s", summary(self._clock.now() - self._began_s, self._lines, self._nodes))

    # -- inside -------------------------------------------------------------------------------------------------

    def _look(self, name: str, now_s: float) -> None:
        try:
            state = str(self._tree.get(f"/{name}/state"))
        except AddressError:  # the node was removed meanwhile
            return
        logged, logged_s = self._logged.get(name, ("playing", float("-inf")))
        if state != logged and now_s - logged_s >= QUIET_S:
            self._logged[name] = state, now_s
            log.info("%s: %s", name, state)


def summary(lasted_s: float, lines: Mapping[str, RunningLine], nodes: Container[str]) -> str:
    """How long a show has lasted, and how many notes each of its present nodes has struck."""
    notes = {name: line.struck for name, line in lines.items() if name in nodes}
    struck = [f"{name}: {number:,} note{'s' * (number != 1)}" for name, number in notes.items()]
    return "; ".join([_span(lasted_s), *struck])


def _span(lasted_s: float) -> str:
    """A time in its two largest units, such as 2 h 5 min."""
    minutes, seconds = divmod(round(lasted_s), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or f"{seconds} s"
