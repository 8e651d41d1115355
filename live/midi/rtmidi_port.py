"""Ports of the operating system through RtMidi: ALSA, JACK, CoreMIDI or Windows."""

from __future__ import annotations

import contextlib
import os
import re
import select
import stat
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, Self

from live.midi import SYSTEMS, MidiError
from live.midi.jack_attempts import JackAttempts
from live.system.silence import silence_stderr
from live.transport.clock import Clock

CLIENT = "Arabesque"
CLIENT_IN = "Arabesque in"
_CLIENT_SCAN = "Arabesque looking"
_OURS = re.compile(r"Arabesque( in| looking)?(-\d+)?:")
"""Our own ports; JACK numbers clients of the same name."""

Received = Callable[[tuple[list[int], float], Any], None]
"""Called with ((bytes of a message, seconds since the previous one), None) on RtMidi's thread."""

SETTLE_S = 0.05
"""A few cycles of JACK, which connects and closes between cycles, and loses the messages of a late cycle."""

_abandoned: list[Any] = []
"""Clients whose server died: closing or deleting them crashes in libjack, so they are kept until the end."""


_JACK = JackAttempts(Clock())
"""JACK's library is one for the whole process, and so is this."""


def _apis() -> dict[str, int]:
    """The systems that RtMidi was built with, by short name; without UNSPECIFIED, which does not try JACK."""
    try:
        import rtmidi
    except ImportError as error:  # a broken installation, such as a missing libasound2
        raise MidiError(f"python-rtmidi does not load: {error}") from error
    numbers = (rtmidi.API_LINUX_ALSA, rtmidi.API_MACOSX_CORE, rtmidi.API_WINDOWS_MM, rtmidi.API_UNIX_JACK)
    built = rtmidi.get_compiled_api()
    return {name: number for name, number in zip(SYSTEMS, numbers, strict=True) if number in built}


def port_names(direction: Literal["in", "out"]) -> list[tuple[str, str]]:
    """(system, name) of all ports of one direction of other programs and devices."""
    found: list[tuple[str, str]] = []
    for system in _apis():
        with contextlib.suppress(MidiError):
            client = _client(system, direction)
            found += [(system, name) for name in client.get_ports() if not _OURS.match(name)]
            client.delete()
    return found


def _client(system: str, direction: Literal["in", "out"] = "out", name: str = CLIENT) -> Any:
    import rtmidi

    if system == "jack" and not _JACK.due():
        raise MidiError("jack: no server runs")
    kind = rtmidi.MidiOut if direction == "out" else rtmidi.MidiIn
    try:
        with silence_stderr():
            return kind(_apis()[system], name=name)
    except KeyError:
        raise MidiError(f"{system} is not a MIDI system of this machine") from None
    except OSError as error:  # the type of RtMidi's errors
        if system == "jack":
            _JACK.failed()
        raise MidiError(f"{system}: {error}") from error


class _Opened:
    """One client of a MIDI system. On JACK it also notices when the server dies, which RtMidi does not report."""

    def __init__(self, system: str, direction: Literal["in", "out"], client: str) -> None:
        before = _sockets()
        self._client = _client(system, direction, client)
        self._system = system
        # Duplicates of the sockets that libjack opened: they report a hang-up when the server dies, and their numbers
        # are not reused meanwhile.
        self._server = [os.dup(fd) for fd in _sockets() - before] if system == "jack" else []
        self._peer = ""
        self.name = ""

    @classmethod
    def _virtual(cls, noun: str, name: str, client: str, systems: Iterable[str], made: Callable[[str], Self]) -> Self:
        """Creates a virtual port on the first system that supports it."""
        refused = "no MIDI system works here"
        for system in systems:
            try:
                port = made(system)
                port._open(lambda port=port: port._client.open_virtual_port(name))
            except MidiError as error:
                refused = str(error)
                continue
            port.name = f"{client}:{name}"
            return port
        raise MidiError(f"no virtual MIDI {noun} can be created: {refused}")

    def names(self) -> list[str]:
        """The names of the ports to which this client can connect."""
        return [name for name in self._client.get_ports() if not _OURS.match(name)]

    def _connect(self, name: str, ours: str, occurrence: int = 0) -> None:
        """Connects to the port with exactly this name; `occurrence` counts equal names from 0.

        Raises MidiError if there is no such port.
        """
        places = [place for place, one in enumerate(self._client.get_ports()) if one == name]
        if occurrence >= len(places):
            self.close()
            raise MidiError(f"the MIDI port {name!r} no longer exists")
        self.name = self._peer = name
        self._open(lambda: self._client.open_port(places[occurrence], name=ours))

    def _open(self, opening: Any) -> None:
        try:
            with silence_stderr():
                opening()
        except (OSError, RuntimeError, NotImplementedError) as error:
            self.close()
            raise MidiError(f"{self.name or 'virtual port'}: {error}") from error

    def alive(self) -> bool:
        return not self._server_died() and (not self._peer or self._peer in self._client.get_ports())

    def close(self) -> None:
        if self._server_died():
            _abandoned.append(self._client)
        for fd in self._server:
            os.close(fd)
        if self._client not in _abandoned:
            self._client.close_port()
            self._client.delete()
        self._server = []

    def _server_died(self) -> bool:
        if not self._server:
            return False
        poll = select.poll()
        for fd in self._server:
            poll.register(fd, 0)  # a hang-up is always reported
        return bool(poll.poll(0))


class PortNames:
    """Lists the names of all inputs repeatedly with the same clients.

    Creating or closing a client makes JACK rebuild its graph, during which messages may be lost.
    """

    def __init__(self) -> None:
        self._clients: dict[str, _Opened] = {}

    def __call__(self) -> list[tuple[str, str]]:
        """(system, name) of all inputs."""
        found: list[tuple[str, str]] = []
        for system in _apis():
            with contextlib.suppress(MidiError):
                if system in self._clients and not self._clients[system].alive():
                    self._clients.pop(system).close()
                if system not in self._clients:
                    self._clients[system] = _Opened(system, "in", _CLIENT_SCAN)
                found += [(system, name) for name in self._clients[system].names()]
        return found

    def close(self) -> None:
        """Closes the clients: when a client vanishes, a JACK server may block for 5 s."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()


class RtPort(_Opened):
    """An output port."""

    def __init__(self, system: str, client: str = CLIENT) -> None:
        super().__init__(system, "out", client)
        self.settle_s = SETTLE_S if system == "jack" else 0.0

    @classmethod
    def named(cls, system: str, name: str) -> Self:
        """Opens the port with exactly this name. Raises MidiError if it no longer exists."""
        port = cls(system)
        port._connect(name, "out")
        return port

    @classmethod
    def virtual(cls, name: str, system: str = "", client: str = CLIENT) -> Self:
        """Creates a virtual port, to which other programs can connect. Raises MidiError; always on Windows."""
        return cls._virtual("port", name, client, [system] if system else _apis(), lambda where: cls(where, client))

    def send(self, data: bytes) -> None:
        self._client.send_message(data)


class RtInput(_Opened):
    """An input port."""

    def __init__(self, system: str, received: Received, client: str = CLIENT_IN) -> None:
        super().__init__(system, "in", client)
        self._client.ignore_types(sysex=True, timing=False, active_sense=True)
        self._client.set_callback(received)

    @classmethod
    def named(cls, system: str, name: str, received: Received, occurrence: int = 0) -> Self:
        """Opens the port with exactly this name; `occurrence` counts equal names from 0. Raises MidiError."""
        port = cls(system, received)
        port._connect(name, "in", occurrence)
        return port

    @classmethod
    def virtual(cls, name: str, received: Received, client: str = CLIENT_IN) -> Self:
        """Creates the virtual port `CLIENT:NAME`. Raises MidiError if no system supports it."""
        return cls._virtual("input", name, client, _apis(), lambda where: cls(where, received, client))


def _sockets() -> set[int]:
    """The open sockets of this process, on Linux."""
    found = set()
    for name in os.listdir("/proc/self/fd") if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                found.add(int(name))
    return found
