"""MIDI ports of this machine: the interface of a port, and listing, choosing and opening ports."""

from __future__ import annotations

import fnmatch
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from live.midi import SYSTEMS, MidiError

AUTO_VARIABLE = "ARABESQUE_MIDI"


class Port(Protocol):
    """A MIDI output port."""

    name: str

    def send(self, data: bytes) -> None:
        """Sends one complete message now. Raises OSError if the port no longer exists."""
        ...

    def alive(self) -> bool:
        """Whether the port still exists."""
        ...

    def close(self) -> None:
        """Closes the port."""
        ...


class SilentPort:
    """A port without output, for recording only or if there is neither port nor sound; `why` is the reason."""

    name = "silent"

    def __init__(self, why: str = "") -> None:
        self.why = why

    def send(self, data: bytes) -> None:
        """Drops the message."""

    def alive(self) -> bool:
        return True

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One port of this machine; `index` is the number in `Midi(port="2")` and `--midi 2`."""

    index: int
    name: str
    system: str
    direction: Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class PortPattern:
    """The parsed name of a port from a patch or the command line."""

    kind: Literal["named", "virtual", "sound", "silent", "auto"]
    text: str = ""
    system: str = ""


def parse_port(port: str) -> PortPattern:
    """Parses the name of a port; "auto" is replaced by the environment variable ARABESQUE_MIDI, if set."""
    text = port.strip()
    if text.lower() == "auto":
        text = os.environ.get(AUTO_VARIABLE, "").strip() or "auto"
    head, _, rest = text.partition(":")
    system = head.lower() if head.lower() in SYSTEMS and rest else ""
    text = rest.strip() if system else text
    head, _, rest = text.partition(":")
    match head.lower():
        case "virtual":
            return PortPattern("virtual", rest or "piano", system)
        case "sound" if not system:
            return PortPattern("sound", rest)
        case "silent" | "auto" if not system and not rest:
            return PortPattern("silent" if head.lower() == "silent" else "auto")
    return PortPattern("named", text, system)


def choose(text: str, names: list[str]) -> int | None:
    """The index of the name that a text matches: as its number, whole name, pattern with * and ?, or part; any case."""
    if text.isdecimal() and text not in names:
        return int(text) if int(text) < len(names) else None
    sought, lower = text.casefold(), [name.casefold() for name in names]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == sought,
        lambda name: fnmatch.fnmatchcase(name, sought),
        lambda name: sought in name,
    )
    return next((lower.index(name) for test in tests for name in lower if test(name)), None)


def list_ports() -> list[PortInfo]:
    """All outputs, then all inputs, of every working system; each direction is numbered from 0."""
    from live.midi.rtmidi_port import port_names

    return [
        PortInfo(index, name, system, direction)
        for direction in ("out", "in")
        for index, (system, name) in enumerate(port_names(direction))
    ]


def open_port(port: str, soundfont: str | None = None) -> Port:
    """Opens a port (see Midi).

    Raises MidiError if it cannot be opened, with the names of the ports of this machine.
    """
    wanted = parse_port(port)
    if wanted.kind == "silent":
        return SilentPort()
    if wanted.kind in ("sound", "auto"):
        try:
            return _sound(wanted.text or soundfont)
        except MidiError as error:
            if wanted.kind == "sound":
                raise
            return SilentPort(f"no MIDI port and no sound device: playing silently ({error})")
    from live.midi.rtmidi_port import RtPort, port_names

    if wanted.kind == "virtual":
        return RtPort.virtual(wanted.text, wanted.system)
    outputs = [(system, name) for system, name in port_names("out") if wanted.system in ("", system)]
    chosen = choose(wanted.text, [name for _, name in outputs])
    if chosen is None:
        there = ", ".join(name for _, name in outputs) or "none"
        raise MidiError(f"no MIDI port matches {port!r} (ports: {there})")
    return RtPort.named(*outputs[chosen])


def _sound(soundfont: str | None) -> Port:
    """The built-in piano, imported only when used, because it loads an audio system."""
    try:
        player: Port = importlib.import_module("live.sound.sound_port").SoundPort(soundfont)
    except Exception as error:  # audio systems may raise anything, and the music must go on
        raise MidiError(str(error) or type(error).__name__) from error
    return player
