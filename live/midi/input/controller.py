"""What a hand does on a MIDI device, read from its messages: which control was turned, and where it stands now.

Seven bits, or fourteen: pairs of controllers n and n + 32, NRPN (99, 98, then 6 and 38), pitch bend (MIDI 1.0, tables 3
and 3a). Numbers become a place from 0 to 1 with the middle exactly at 0.5 (64 of 127, 8192 of 16383), the way in which
MIDI 2.0 translates them.
"""

from __future__ import annotations

from dataclasses import dataclass

from live.midi.input.message import BEND, CONTROL, OFF, ON, PRESSURE, InputMessage

DATA, DATA_FINE = 6, 38
NRPN_FINE, NRPN, RPN_FINE, RPN = 98, 99, 100, 101
FIRST_MODE = 120
"""Controllers from here on are channel modes, such as all notes off."""


@dataclass(frozen=True, slots=True)
class ControlId:
    """One control of a device: its channel 1..16, and `cc 74`, `cc14 2`, `nrpn 300`, `note 36`, `bend`, `pressure`."""

    device: str
    channel: int
    control: str


@dataclass(frozen=True, slots=True)
class ControlMove:
    """A control stands at `place`, 0..1; `raw` is 0..127 for relative encoders; `pressed` is what a button means."""

    handle: ControlId
    place: float
    raw: int
    pressed: bool


def scaled(number: int, bits: int) -> float:
    """0..1 with the middle at 0.5."""
    middle, top = 1 << bits - 1, (1 << bits) - 1
    return number / middle / 2.0 if number <= middle else 0.5 + (number - middle) / (top - middle) / 2.0


class ControlReader:
    """Reads turns from messages; it remembers of each device and channel what belongs to a pair."""

    def __init__(self) -> None:
        self._coarse: dict[ControlId, int] = {}
        self._parameter: dict[tuple[str, int], int | None] = {}
        self._half: dict[tuple[str, int], tuple[int, int]] = {}
        self._fine: set[ControlId] = set()

    def read(self, given: InputMessage) -> list[ControlMove]:
        """None, one, or two: the second half of a pair is also a controller of its own."""
        kind = given.kind
        if kind == CONTROL:
            return self._control(given.device, given.channel, *given.data[1:])
        if kind in (ON, OFF):
            velocity = given.data[2] if kind == ON else 0
            return [
                self._seven(ControlId(given.device, given.channel, f"note {given.data[1]}"), velocity, velocity > 0)
            ]
        if kind == PRESSURE:
            return [self._seven(ControlId(given.device, given.channel, "pressure"), given.data[1])]
        if kind == BEND:
            return [self._fourteen(ControlId(given.device, given.channel, "bend"), given.fourteen)]
        return []

    def _control(self, device: str, channel: int, number: int, value: int) -> list[ControlMove]:
        place = device, channel
        if number in (NRPN, NRPN_FINE, RPN, RPN_FINE):
            self._choose(place, number, value)
            return []
        if number >= FIRST_MODE:
            return []
        parameter = self._parameter.get(place)
        if number in (DATA, DATA_FINE) and place in self._parameter:
            return (
                [] if parameter is None else self._data(ControlId(device, channel, f"nrpn {parameter}"), number, value)
            )
        own = self._seven(ControlId(device, channel, f"cc {number}"), value)
        if number < 32:
            self._coarse[ControlId(device, channel, f"cc14 {number}")] = value
            return [own]
        pair = ControlId(device, channel, f"cc14 {number - 32}")
        if number < 64 and pair in self._coarse:
            return [own, self._fourteen(pair, self._coarse[pair] << 7 | value)]
        return [own]

    def _choose(self, place: tuple[str, int], number: int, value: int) -> None:
        """Which parameter the data that follow are for; None for a registered one, which is nobody's control."""
        coarse, fine = self._half.get(place, (127, 127))
        coarse, fine = (value, fine) if number in (NRPN, RPN) else (coarse, value)
        self._half[place] = coarse, fine
        if (coarse, fine) == (127, 127):
            self._parameter.pop(place, None)  # "none" by MIDI 1.0: 6 and 38 are controllers like others again
        else:
            self._parameter[place] = (coarse & 127) << 7 | fine if number in (NRPN, NRPN_FINE) else None

    def _data(self, handle: ControlId, number: int, value: int) -> list[ControlMove]:
        if number == DATA:
            self._coarse[handle] = value
            # A device that sends both halves means the whole; one that sends this only means it alone.
            return [] if handle in self._fine else [self._seven(handle, value)]
        self._fine.add(handle)
        return [self._fourteen(handle, self._coarse.get(handle, 0) << 7 | value)]

    def _seven(self, handle: ControlId, value: int, pressed: bool | None = None) -> ControlMove:
        return ControlMove(handle, scaled(value, 7), value, value >= 64 if pressed is None else pressed)

    def _fourteen(self, handle: ControlId, value: int) -> ControlMove:
        return ControlMove(handle, scaled(value, 14), value >> 7, value >= 8192)
