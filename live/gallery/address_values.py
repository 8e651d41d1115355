"""The present values of addresses, for conditions: parameters as they stand, signals for a second after a message."""

from __future__ import annotations

from typing import Any, Final

from live.gallery.condition import Operand
from live.parameters.tree import Tree
from live.transport.clock import Clock

SIGNAL_LASTS_S: Final = 1.0


class AddressValues:
    """Reads parameters from the tree and keeps the latest message of each signal that a condition uses."""

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self._tree = tree
        self._clock = clock
        self._messages: dict[str, tuple[float, tuple[Any, ...]]] = {}
        tree.watchers.append(self._watch)

    def unknown(self, address: str) -> str:
        """A sentence where there is no such address; else empty."""
        if address in self._tree or address in self._tree.signals:
            return ""
        near = ", ".join(self._tree.near(address))
        return f"no address {address}" + (f"; similar: {near}" if near else "")

    def value(self, address: str, place: int) -> Operand:
        """The value now: None for an unknown address, a place that does not exist, and a signal that is silent."""
        if self._readable(address):
            value = self._tree.get(address)
            return _operand(value if isinstance(value, tuple) else (value,), place)
        return _operand(self._message(address) or (), place)

    def holds(self, address: str, place: int) -> bool:
        """Whether a parameter is not 0, off or empty; of a signal, whether a message came within the last second."""
        return bool(self.value(address, place)) if self._readable(address) else self._message(address) is not None

    def _readable(self, address: str) -> bool:
        found = self._tree.find(address)
        return found is not None and "r" in found.knob.access and found.knob.kind not in ("pulse", "event")

    def _message(self, address: str) -> tuple[Any, ...] | None:
        sent_s, arguments = self._messages.setdefault(address, (float("-inf"), ()))
        return arguments if self._clock.now() - sent_s <= SIGNAL_LASTS_S else None

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address in self._messages:
            self._messages[address] = self._clock.now(), arguments


def _operand(values: tuple[Any, ...], place: int) -> Operand:
    if place >= len(values):
        return None
    value = values[place]
    return value if isinstance(value, str) else float(value)
