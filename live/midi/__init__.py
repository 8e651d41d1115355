"""MIDI: the values that a patch writes, and the error of this package. Importing it opens nothing."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEMS = ("alsa", "core", "winmm", "jack")
"""Short names of the MIDI systems, in the order in which they are asked for ports."""


class MidiError(ValueError):
    """A port that cannot be opened, or a number out of MIDI's range; the message is for the user."""


@dataclass(frozen=True, slots=True)
class Midi:
    """The MIDI port that a node plays to: `Midi("IAC*", channel=2, program=1)`.

    `port` is one of
    - `"auto"`: the port in the environment variable ARABESQUE_MIDI, else the built-in sound, else silence. A port
      is never chosen only because it exists: it may be a light desk, the performer's own keyboard, or a Midi
      Through without a receiver;
    - a port's name, a part of it, or a pattern with `*` and `?`; upper and lower case are alike;
    - a number from `arabesque devices`;
    - `"virtual"` or `"virtual:NAME"`: creates the port `Arabesque:piano` or `Arabesque:NAME`, to which other programs
      can connect (not on Windows);
    - `"sound"` or `"sound:FILE.sf2"`: the built-in sampler;
    - `"silent"`: no port at all, for recording only.
    `"jack:"`, `"alsa:"`, `"core:"` or `"winmm:"` before a name, a number or `virtual` keeps to that system.

    `channel` is 1..16, `program` 1..128 as in General MIDI (0 does not change the instrument), and
    `transpose` -60..60 semitones. Raises MidiError for anything else.
    """

    port: str = "auto"
    channel: int = 1
    program: int = 0
    transpose: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.port, str) or not self.port.strip() or len(self.port) > 500:
            raise MidiError(f"port: expected a port's name, 'auto', 'virtual', 'sound' or 'silent', got {self.port!r}")
        OutputSettings(channel=self.channel, program=self.program, transpose=self.transpose)


@dataclass(frozen=True, slots=True)
class Keys:
    """The MIDI keys that a node receives: `source=Keys("*Roland*", channel=2)`.

    `port` is `"auto"`, every open input; or a device's name, a part of it, or a pattern with `*` and
    `?`, upper and lower case alike. `channel` is 1..16, or 0 for all. Raises MidiError for anything else.
    """

    port: str = "auto"
    channel: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.port, str) or not self.port.strip() or len(self.port) > 500:
            raise MidiError(f"port: expected a device's name or 'auto', got {self.port!r}")
        if type(self.channel) is not int or not 0 <= self.channel <= 16:
            raise MidiError(f"channel: expected 1 to 16, or 0 for all, got {self.channel!r}")


_RANGES = {
    "channel": (1, 16),
    "program": (0, 128),
    "bank": (-1, 16383),
    "transpose": (-60, 60),
    "volume": (-1, 127),
    "keys_channel": (0, 16),
}


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Settings with which the notes of one owner are sent, and of its instrument.

    Channel 1..16, program 0..128 (0 leaves it alone), bank -1..16383 (-1 leaves it alone), transpose -60..60
    semitones, volume -1..127 (controller 7; -1 leaves it alone). `sustain` holds the sustain pedal down, `pedal` holds
    long notes by it instead of by their keys, and `performer` marks what a person plays: others do not strike keys that
    are held by it. `gives_way` stops the owner's notes as soon as a key arrives from a performer's device: one that
    `keys` matches, as in Keys (empty: none), on `keys_channel` (0: any). Raises MidiError for anything else.
    """

    channel: int = 1
    program: int = 0
    bank: int = -1
    transpose: int = 0
    volume: int = -1
    sustain: bool = False
    pedal: bool = False
    performer: bool = False
    gives_way: bool = False
    keys: str = ""
    keys_channel: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise MidiError(f"{name}: expected a whole number from {low} to {high}, got {value!r}")
        for name in ("sustain", "pedal", "performer", "gives_way"):
            if type(getattr(self, name)) is not bool:
                raise MidiError(f"{name}: expected on or off, got {getattr(self, name)!r}")
        if not isinstance(self.keys, str):
            raise MidiError(f"keys: expected a device's name or 'auto', got {self.keys!r}")
