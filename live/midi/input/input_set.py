"""Opens every MIDI input that matches the patterns, several at once, and follows hot-plugging."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from live.midi import MidiError
from live.midi.input.device_name import plain_name
from live.transport.clock import Clock

SCAN_EVERY_S = 1.0
LOOPS = ("midi through", "through port", "pipewire-rt-event", "pipewire-system", "a2jmidid")
"""Loopback ports, and ports that mirror other ports: opened only if named."""
OURS = ("arabesque:", "arabesque in:")
"""Our own ports as shown by a2jmidid and PipeWire; opening one would cause feedback."""

VIRTUAL = "virtual"
"""The system name of our own virtual port, which is always opened."""

DEVICES_AT_MOST = 32
LONGEST_MESSAGE = 3

Received = Callable[[tuple[list[int], float], Any], None]
"""Called with ((bytes of a message, seconds since the previous one), None) on the driver's thread."""

Report = Callable[[str, str], None]
"""Called with a state (opened, lost, error), and a sentence or a device's name."""

Message = Callable[[str, float, bytes], None]
"""Called with the device's name, the time on the clock, and one message of MIDI 1.0."""


class InputPort(NamedTuple):
    """One input of this machine; `occurrence` counts inputs of the same name in one system, from 0."""

    system: str
    name: str
    occurrence: int


class OpenInput(Protocol):
    """An open input."""

    def alive(self) -> bool: ...

    def close(self) -> None: ...


Open = Callable[[InputPort, Received], OpenInput]
"""Opens an input and passes each of its messages to a function. Raises MidiError."""


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern (`auto`, a part of a name, or a pattern with * and ?; any case) matches an input."""
    sought, given = pattern.strip().casefold(), name.casefold()
    if sought == "auto":
        return not any(loop in given for loop in LOOPS)
    return sought == given or sought in given or fnmatch.fnmatchcase(given, sought)


def devices_of(ports: Iterable[tuple[str, str]]) -> dict[str, list[InputPort]]:
    """Groups all ports, given as (system, name), by device name.

    Several devices of one name have one port each. If ALSA and JACK show the same device, the first one's port is used.
    """
    count: dict[tuple[str, str], int] = {}
    alike: dict[tuple[str, str], int] = {}
    found: dict[str, list[InputPort]] = {}
    for system, name in ports:
        device = plain_name(name, system)
        if system != VIRTUAL and device.casefold().startswith(OURS):
            continue
        number = count[system, device] = count.get((system, device), 0) + 1
        occurrence = alike.get((system, name), 0)
        alike[system, name] = occurrence + 1
        there = found.setdefault(device, [])
        if number > len(there):
            there.append(InputPort(system, name, occurrence))
    return found


class InputSet:
    """Scans for inputs about once a second, opens those that match the patterns, and passes their messages on.

    Only messages of at most three bytes, so no system-exclusive ones. `message` is called on the driver's threads.
    `names` returns (system, name) of all inputs.
    """

    def __init__(
        self,
        patterns: Iterable[str],
        clock: Clock,
        *,
        names: Callable[[], list[tuple[str, str]]],
        open_input: Open,
        message: Message,
        report: Report,
    ) -> None:
        self.patterns = list(patterns)
        self.clock = clock
        self._names, self._open_input, self._message, self._report = names, open_input, message, report
        self._open: dict[str, tuple[InputPort, OpenInput]] = {}
        self._refused: dict[str, str] = {}
        self.scan_at_s = clock.now()

    def scan(self) -> None:
        """Closes inputs that were unplugged and opens new ones; never raises."""
        self.scan_at_s = self.clock.now() + SCAN_EVERY_S
        for device, (_, opened) in list(self._open.items()):
            try:
                alive = opened.alive()
            except Exception:  # a failing driver may raise anything
                alive = False
            if not alive:
                del self._open[device]
                self._close(device, opened)
                self._report("lost", device)
        names = [(system, name) for system, name in self._names() if system == VIRTUAL or self._matches(name, system)]
        self._close_missing(names)
        devices = devices_of(names)
        self._refused = {device: why for device, why in self._refused.items() if _unnumbered(device) in devices}
        for device, ports in devices.items():
            self._open_new(device, ports)

    def close(self) -> None:
        """Closes all inputs."""
        for device, (_, opened) in self._open.items():
            self._close(device, opened)
        self._open.clear()

    def _matches(self, name: str, system: str) -> bool:
        return any(matches(pattern, name) or matches(pattern, plain_name(name, system)) for pattern in self.patterns)

    def _close_missing(self, names: list[tuple[str, str]]) -> None:
        """Closes unplugged inputs; of several with one name the last, since drivers do not tell which one it was."""
        for device, (port, opened) in list(self._open.items()):
            if 0 < port.occurrence >= names.count((port.system, port.name)):
                del self._open[device]
                self._close(device, opened)
                self._report("lost", device)

    def _open_new(self, device: str, ports: list[InputPort]) -> None:
        """Opens the ports of equal devices that are not open: the first is named `Launchpad`, others `Launchpad #2`."""
        in_use = [port for name, (port, _) in self._open.items() if _unnumbered(name) == device]
        missing = [port for port in ports if port not in in_use]
        free = (
            name for number in range(1, DEVICES_AT_MOST + 1) if (name := _numbered(device, number)) not in self._open
        )
        for name, port in zip(free, missing[: max(0, len(ports) - len(in_use))], strict=False):
            if len(self._open) < DEVICES_AT_MOST:
                self._try(name, port)

    def _try(self, device: str, port: InputPort) -> None:
        def received(event: tuple[list[int], float], _: Any) -> None:
            now_s = self.clock.now()
            if 0 < len(event[0]) <= LONGEST_MESSAGE:
                self._message(device, now_s, bytes(event[0]))

        try:
            self._open[device] = port, self._open_input(port, received)
        except MidiError as error:
            if self._refused.get(device) != str(error):
                self._report("error", f"{device}: {error}")
            self._refused[device] = str(error)
        else:
            self._refused.pop(device, None)
            self._report("opened", device)

    def _close(self, device: str, opened: OpenInput) -> None:
        try:
            opened.close()
        except Exception as error:  # it was unplugged
            self._report("error", f"{device}: {error}")


def _numbered(device: str, number: int) -> str:
    return device if number == 1 else f"{device} #{number}"


def _unnumbered(device: str) -> str:
    return re.sub(r" #\d+$", "", device)
