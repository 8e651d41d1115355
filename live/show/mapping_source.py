"""Sources of mappings: an address with a value, the latest message of a signal, or a wave."""

from __future__ import annotations

from typing import Any

from live.parameters.tree import AddressError, Tree
from live.show.mapping import range_of
from live.show.wave import Wave
from live.transport.clock import Clock
from models.base import KnobError

NOTES = ("/note", "/heard")
"""Signals of notes, whose last number is 0 at the end of the note."""


class LatestSignals:
    """A watcher of the tree that stores the latest message of each signal used by a mapping, without locks."""

    def __init__(self, tree: Tree) -> None:
        self._newest: dict[str, tuple[Any, ...]] = {}
        tree.watchers.append(self._watch)

    def listen(self, address: str) -> None:
        """Stores the messages of this address from now on."""
        self._newest.setdefault(address, ())

    def newest(self, address: str) -> tuple[Any, ...]:
        """Arguments of the latest message; empty before the first one."""
        return self._newest.get(address, ())

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address not in self._newest:
            return
        if address.endswith(NOTES) and arguments and not arguments[-1]:
            # The end of a note has no pitch or velocity: only the third number of `/piano/note`, down or up, is kept.
            if address.endswith("/note") and len(arguments) == 3 and (last := self._newest[address]):
                self._newest[address] = (*last[:-1], arguments[-1])
            return
        self._newest[address] = arguments


class MappingSource:
    """One source: `read` returns its current number. `wave` is None for an address."""

    def __init__(self, text: str, tree: Tree, clock: Clock, signals: LatestSignals) -> None:
        self.text = text
        self.wave = None if text.startswith("/") else Wave.read(text)
        self._tree = tree
        self._clock = clock
        self._signals = signals
        self._address, _, place = text.partition(":")
        self._place = max(1, int(place)) - 1 if place.isdigit() else 0
        self._cycles = 0.0

    def range(self) -> tuple[float, float, bool]:
        """Low and high end, and whether the scale is logarithmic; 0 to 1 if the source declares no range."""
        low: float | None = None
        high: float | None = None
        curve = "linear"
        if self.wave is None and self._readable():
            knob = self._tree.knob(self._address)
            (low, high), curve = range_of(knob), knob.curve
        if low is None or high is None:
            return 0.0, 1.0, False
        return low, high, curve == "log" and low > 0.0

    def read(self, rate: float, elapsed_s: float, name: str) -> float | None:
        """The current number; None before the first message. Raises AddressError or KnobError for a wrong source."""
        if self.wave is not None:
            self._cycles = self.wave.cycles(self._cycles, rate, elapsed_s, self._clock)
            return self.wave.at(self._cycles, name)
        if self._readable():
            knob, value = self._tree.knob(self._address), self._tree.get(self._address)
            if knob.kind == "choice":
                return float(knob.choices.index(str(value)))
            values: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
        elif self._address in self._tree or self._address in self._tree.signals:
            self._signals.listen(self._address)
            values = self._signals.newest(self._address)
            if not values:
                return None
        else:
            near = ", ".join(self._tree.near(self._address))
            raise AddressError(f"no address {self._address}" + (f"; similar: {near}" if near else ""))
        if self._place >= len(values) or not isinstance(values[self._place], int | float):
            raise KnobError(f"{self.text} is not a number")
        return float(values[self._place])

    def _readable(self) -> bool:
        return self._address in self._tree and "r" in self._tree.knob(self._address).access
