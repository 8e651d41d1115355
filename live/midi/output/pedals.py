"""The sustain pedals of a MIDI output, by owner and channel, with half-pedalling."""

from __future__ import annotations

from collections.abc import Callable

from live.midi import OutputSettings
from models.base import Control

DOWN = 64
"""Value from which a pedal counts as down where half-pedalling is not used."""

SendPedal = Callable[[float, int, int], None]
"""Called with a time, a channel 1..16 and a value."""


class Pedals:
    """One pedal for each owner and channel; half-pedal values are passed on unchanged.

    An owner's pedal may be pressed by its own events, by its `sustain` setting, or for its long notes.
    """

    def __init__(self, send: SendPedal) -> None:
        self._send = send
        self._values: dict[tuple[str, int], int] = {}
        self._wanted: dict[str, int] = {}
        """The last value from each owner's events."""

    def is_down(self, owner: str, channel: int) -> bool:
        return self._values.get((owner, channel), 0) >= DOWN

    def control(self, at_s: float, owner: str, settings: OutputSettings, event: Control) -> None:
        """Moves an owner's pedal; while its `sustain` setting holds the pedal, the value is only stored."""
        self._wanted[owner] = event.value
        if settings.sustain:
            return
        if event.value < DOWN:
            self.lift(at_s, owner, elsewhere_than=settings.channel)
        self._move(at_s, owner, settings.channel, event.value)

    def hold(self, at_s: float, owner: str, channel: int) -> None:
        """Presses an owner's pedal if it is up."""
        if not self.is_down(owner, channel):
            self._move(at_s, owner, channel, 127)

    def release(self, at_s: float, owner: str) -> None:
        """Ends a `hold`: the pedal is released unless the owner's events hold it down."""
        if self._wanted.get(owner, 0) < DOWN:
            self.lift(at_s, owner)

    def lift(self, at_s: float, owner: str, elsewhere_than: int = 0) -> None:
        """Releases an owner's pedals on all channels, or on all but one."""
        for place in sorted(self._values):
            if place[0] == owner and place[1] != elsewhere_than:
                self._move(at_s, *place, 0)

    def forget(self, at_s: float, owner: str) -> None:
        """Releases an owner's pedals and discards the stored value."""
        self._wanted.pop(owner, None)
        self.lift(at_s, owner)

    def forget_all(self, at_s: float) -> None:
        """Releases every pedal."""
        for owner in sorted({owner for owner, _ in self._values} | set(self._wanted)):
            self.forget(at_s, owner)

    def _move(self, at_s: float, owner: str, channel: int, value: int) -> None:
        self._values[owner, channel] = value
        if value == 0:
            del self._values[owner, channel]
        self._send(at_s, channel, value)
