"""Sends values back to the lamps, LED rings and motor faders of the controls that MIDI learn has bound."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from live.midi.input.learn import NO_LAMP, Binding, Learn
from live.midi.input.message import BEND, CONTROL, ON
from live.midi.input.takeover import position_of
from live.midi.output.midi_output import MidiOutput
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.transport.clock import Clock
from models.base import Knob

log = logging.getLogger(__name__)

CHECK_EVERY_S = 0.05
SETTLED_S = 0.15
"""A control receives its own value only after it has rested this long: a motor would push against the finger."""
BLINK_S = 0.25

OnState = Callable[[str, str], None]


class LampOutput(Protocol):
    """The output to one device: a MidiOutput."""

    def send_raw(self, due_s: float, message: bytes) -> None: ...

    def close(self) -> None: ...

    def close_soon(self) -> None:
        """Closes the port without waiting."""
        ...


OpenOutput = Callable[[str, OnState], LampOutput]
"""Opens the output of a device by its name; the function is called with each state of the port."""


class Lamps:
    """The control-thread service that sends values back to the devices that control them, while `/midi/lamps` is on.

    By default the control's own message is sent (`cc 7` 0..127, `note 36` 127 or 0, `cc14` and `bend` with 14 bits).
    The map may name another lamp: `lamp = "note 20"` is lit while its control moves the value, and blinks while the
    control must still pass the value to pick it up; `lamp = "none"` sends nothing.
    """

    def __init__(self, context: ServiceContext, learn: Learn, open_output: OpenOutput) -> None:
        self.tree, self.clock, self._wake = context.tree, context.clock, context.wake
        self._learn, self._open_output = learn, open_output
        self._outputs: dict[str, LampOutput] = {}
        self._shown: dict[tuple[str, int, str], tuple[bytes, ...]] = {}
        """The latest messages of each device, channel and lamp."""
        self._returned: set[str] = set()
        """Devices whose port was reopened, to which all lamps are sent again."""

    def open(self) -> None:
        """Declares the address."""
        lamps = "Send values back to the lamps and motor faders of learned controls"
        self.tree.add("/midi/lamps", Knob(lamps, kind="switch", default=False), lambda _: self._wake())

    def follow(self, patch: Patch) -> None:
        """Does nothing: the map does not depend on the patch."""

    def advance(self, now_s: float) -> float:
        """Sends changed lamps."""
        if not self.tree.get("/midi/lamps"):
            for output in self._switch_off():
                output.close_soon()
            return float("inf")
        while self._returned:
            device = self._returned.pop()
            self._shown = {place: sent for place, sent in self._shown.items() if place[0] != device}
        for address, binding in self._learn.bindings().items():
            lamp = binding.lamp or binding.control.control
            messages = self._messages(address, binding, lamp, now_s)
            place = binding.control.device, binding.control.channel, lamp
            if messages is not None and self._shown.get(place) != messages:
                self._shown[place] = messages
                self._send(place[0], messages)
        return now_s + CHECK_EVERY_S

    def close(self) -> None:
        """Turns the lamps off and closes the ports."""
        for output in self._switch_off():
            output.close()

    # -- inside -------------------------------------------------------------------------------------------------

    def _messages(self, address: str, binding: Binding, lamp: str, now_s: float) -> tuple[bytes, ...] | None:
        """The messages for a lamp; None without a lamp, or while its control moves."""
        takeover, channel = binding.takeover, binding.control.channel - 1
        kind, _, number = lamp.partition(" ")
        if lamp == NO_LAMP or "*" in binding.control.device or "?" in binding.control.device:
            return None
        try:
            position = position_of(self.tree.knob(address), self.tree.get(address))
        except AddressError:  # the node has been removed
            position = 0.0
        if binding.lamp and binding.lamp != binding.control.control:
            lit = takeover.away == 0.0 or int(now_s / BLINK_S) % 2 == 0
            position = float(lit)
        elif takeover.moved_s > now_s - SETTLED_S:
            return None
        match kind:
            case "note":
                return (bytes((ON | channel, int(number), 127 if position >= 0.5 else 0)),)
            case "cc":
                return (bytes((CONTROL | channel, int(number), round(position * 127))),)
            case "cc14":
                value = round(position * 16383)
                coarse, fine = int(number), int(number) + 32
                return bytes((CONTROL | channel, coarse, value >> 7)), bytes((CONTROL | channel, fine, value & 127))
            case "bend":
                value = round(position * 16383)
                return (bytes((BEND | channel, value & 127, value >> 7)),)
        return None

    def _send(self, device: str, messages: tuple[bytes, ...]) -> None:
        if device not in self._outputs:
            self._outputs[device] = self._open_output(device, lambda state, text: self._state(device, state, text))
        for message in messages:
            self._outputs[device].send_raw(0.0, message)

    def _state(self, device: str, state: str, sentence: str) -> None:
        (log.warning if state in ("lost", "waiting", "error") else log.info)("lamps: %s", sentence)
        if state in ("opened", "returned"):
            self._returned.add(device)
            self._wake()

    def _switch_off(self) -> list[LampOutput]:
        """Turns the lamps off; returns the outputs to close."""
        for (device, _, lamp), messages in self._shown.items():
            if lamp.startswith("note"):
                self._send(device, tuple(bytes((*message[:2], 0)) for message in messages))
        self._shown.clear()
        outputs, self._outputs = list(self._outputs.values()), {}
        return outputs


class DeviceOutput:
    """The output of a device, with its own sender process, since a process has one port."""

    def __init__(self, device: str, clock: Clock, on_state: OnState) -> None:
        self._out = MidiOutput("silent" if clock.virtual else device, clock=clock, on_state=on_state)
        self._voice = self._out.voice("lamps")

    def send_raw(self, due_s: float, message: bytes) -> None:
        """Schedules a message; time 0 means now."""
        self._voice.send_raw(due_s, message)

    def close(self) -> None:
        """Closes the port."""
        self._out.close()

    def close_soon(self) -> None:
        """Closes the port without waiting for it."""
        self._out.close_soon()
