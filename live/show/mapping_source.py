"""Reads what a mapping follows: an address with a value, the newest of what is sent out, or a wave."""

from __future__ import annotations

from typing import Any

from live.parameters.tree import AddressError, Tree
from live.show.mapping import range_of
from live.show.wave import Wave
from live.transport.clock import Clock
from models.base import KnobError


class LatestSignals:
    """The newest of what is sent out under some addresses: a watcher of the tree that costs the others next to nothing.

    Any thread tells, the control thread's reads; neither waits.
    """

    def __init__(self, tree: Tree) -> None:
        self._newest: dict[str, tuple[Any, ...]] = {}
        tree.watchers.append(self._watch)

    def listen(self, address: str) -> None:
        """Keeps what is sent out there from now on."""
        self._newest.setdefault(address, ())

    def newest(self, address: str) -> tuple[Any, ...]:
        """The arguments of the newest message; empty for none yet."""
        return self._newest.get(address, ())

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address in self._newest:
            self._newest[address] = arguments


class MappingSource:
    """One source: `read` gives its number now. `wave` is what it is if it is a wave."""

    def __init__(self, text: str, tree: Tree, clock: Clock, heard: LatestSignals) -> None:
        self.text = text
        self.wave = None if text.startswith("/") else Wave.read(text)
        self._tree = tree
        self._clock = clock
        self._heard = heard
        self._address, _, place = text.partition(":")
        self._place = max(1, int(place)) - 1 if place.isdigit() else 0
        self._cycles = 0.0

    def range(self) -> tuple[float, float, bool]:
        """Its lowest and highest, and whether it goes between them as a logarithm; 0 to 1 where nobody says."""
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
        """The number now, None where there is none yet. Raises AddressError, KnobError where there never will be."""
        if self.wave is not None:
            self._cycles = self.wave.cycles(self._cycles, rate, elapsed_s, self._clock)
            return self.wave.at(self._cycles, name)
        if self._readable():
            knob, value = self._tree.knob(self._address), self._tree.get(self._address)
            if knob.kind == "choice":
                return float(knob.choices.index(str(value)))
            values: tuple[Any, ...] = value if isinstance(value, tuple) else (value,)
        elif self._address in self._tree or self._address in self._tree.signals:
            self._heard.listen(self._address)
            values = self._heard.newest(self._address)
            if not values:
                return None
        else:
            near = ", ".join(self._tree.near(self._address))
            raise AddressError(f"no address {self._address}" + (f"; near it: {near}" if near else ""))
        if self._place >= len(values) or not isinstance(values[self._place], int | float):
            raise KnobError(f"{self.text} gives no number")
        return float(values[self._place])

    def _readable(self) -> bool:
        return self._address in self._tree and "r" in self._tree.knob(self._address).access
