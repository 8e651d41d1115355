"""Decodes the controls of MIDI devices: which control moved, and to which position.

Values have 7 bits, or 14: pairs of controllers n and n + 32, NRPN (99, 98, then 6 and 38), pitch bend (MIDI 1.0, tables
3 and 3a). They are scaled to a position from 0 to 1 with the middle (64 of 127, 8192 of 16383) exactly at 0.5, as MIDI
2.0 translates them.
"""

from __future__ import annotations

from dataclasses import dataclass

from live.midi.input.message import BEND, CONTROL, FIRST_MODE, OFF, ON, PRESSURE, InputMessage

DATA, DATA_FINE = 6, 38
INCREMENT, DECREMENT = 96, 97
NRPN_FINE, NRPN, RPN_FINE, RPN = 98, 99, 100, 101
STEP = "step"
"""Last word of the name of a control that sends increments, such as `nrpn 20 step`."""

SELECTED_S = 0.5
"""Data messages within this time after their parameter was selected, or after the previous data, belong to the
parameter only. Later ones may come from a fader with the number 6 or 38, since few devices send the null parameter."""


@dataclass(frozen=True, slots=True)
class ControlId:
    """One control of a device: its channel 1..16, and `cc 74`, `cc14 2`, `nrpn 300`, `nrpn 20 step`, `rpn 0 step`,
    `note 36`, `bend` or `pressure`.
    """

    device: str
    channel: int
    control: str

    def __str__(self) -> str:
        return f"{self.device} channel {self.channel} {self.control}"

    @property
    def is_key(self) -> bool:
        return self.control.startswith("note")

    @property
    def is_step(self) -> bool:
        """Whether messages are steps up or down instead of positions."""
        return self.control.endswith(STEP)


@dataclass(frozen=True, slots=True)
class ControlMove:
    """A control moved to `position`, 0..1; `raw` is 0..127 for relative encoders; `pressed` is for buttons."""

    control: ControlId
    position: float
    raw: int
    pressed: bool


@dataclass(slots=True)
class _Selected:
    """The parameter to which data messages of one channel apply."""

    name: str
    """`nrpn 300` or `rpn 0`."""
    at_s: float


def scaled(number: int, bits: int) -> float:
    """Scales a number of `bits` to 0..1, with the middle at 0.5."""
    middle, top = 1 << bits - 1, (1 << bits) - 1
    return number / middle / 2.0 if number <= middle else 0.5 + (number - middle) / (top - middle) / 2.0


class ControlReader:
    """Decodes moves from messages; stores the first halves of pairs for each device and channel."""

    def __init__(self) -> None:
        self._coarse: dict[ControlId, int] = {}
        self._selected: dict[tuple[str, int], _Selected] = {}
        self._half: dict[tuple[str, int], tuple[int, int]] = {}
        self._fine: set[ControlId] = set()

    def read(self, message: InputMessage) -> list[ControlMove]:
        """The moves in a message: none, one or several, since the second half of a pair is also a controller."""
        kind, device = message.kind, message.device
        if kind == CONTROL:
            return self._control(message, *message.data[1:])
        if kind in (ON, OFF):
            velocity = message.data[2] if kind == ON else 0
            return [_seven(ControlId(device, message.channel, f"note {message.data[1]}"), velocity, velocity > 0)]
        if kind == PRESSURE:
            return [_seven(ControlId(device, message.channel, "pressure"), message.data[1])]
        if kind == BEND:
            return [_fourteen(ControlId(device, message.channel, "bend"), message.fourteen)]
        return []

    def _control(self, message: InputMessage, number: int, value: int) -> list[ControlMove]:
        device, channel = place = message.device, message.channel
        if number in (NRPN, NRPN_FINE, RPN, RPN_FINE):
            self._select(place, number, value, message.at_s)
            return []
        if number >= FIRST_MODE:
            return []
        moves: list[ControlMove] = []
        if number in (DATA, DATA_FINE, INCREMENT, DECREMENT) and place in self._selected:
            selected = self._selected[place]
            moves = self._data(ControlId(device, channel, selected.name), number, value)
            if message.at_s - selected.at_s < SELECTED_S:
                selected.at_s = message.at_s
                return moves
        own = _seven(ControlId(device, channel, f"cc {number}"), value)
        if number < 32:
            self._coarse[ControlId(device, channel, f"cc14 {number}")] = value
            return [own, *moves]
        pair = ControlId(device, channel, f"cc14 {number - 32}")
        if number < 64 and pair in self._coarse:
            return [own, _fourteen(pair, self._coarse[pair] << 7 | value), *moves]
        return [own, *moves]

    def _select(self, place: tuple[str, int], number: int, value: int, at_s: float) -> None:
        """Selects the parameter to which the following data messages apply."""
        coarse, fine = self._half.get(place, (127, 127))
        coarse, fine = (value, fine) if number in (NRPN, RPN) else (coarse, value)
        self._half[place] = coarse, fine
        if (coarse, fine) == (127, 127):
            self._selected.pop(place, None)  # the null parameter of MIDI 1.0
        else:
            kind = "nrpn" if number in (NRPN, NRPN_FINE) else "rpn"
            self._selected[place] = _Selected(f"{kind} {coarse << 7 | fine}", at_s)

    def _data(self, parameter: ControlId, number: int, value: int) -> list[ControlMove]:
        if number in (INCREMENT, DECREMENT):  # the value is unused (MIDI 1.0)
            up = number == INCREMENT
            step = ControlId(parameter.device, parameter.channel, f"{parameter.control} {STEP}")
            return [ControlMove(step, float(up), 1 if up else 127, up)]
        if parameter.control.startswith("rpn"):
            return []  # registered parameters, such as the range of pitch bend, are settings of an instrument
        if number == DATA:
            self._coarse[parameter] = value
            # If the device has sent both halves, the pair is the value, otherwise this half alone.
            return [] if parameter in self._fine else [_seven(parameter, value)]
        self._fine.add(parameter)
        return [_fourteen(parameter, self._coarse.get(parameter, 0) << 7 | value)]


def _seven(control: ControlId, value: int, pressed: bool | None = None) -> ControlMove:
    return ControlMove(control, scaled(value, 7), value, value >= 64 if pressed is None else pressed)


def _fourteen(control: ControlId, value: int) -> ControlMove:
    return ControlMove(control, scaled(value, 14), value >> 7, value >= 8192)
