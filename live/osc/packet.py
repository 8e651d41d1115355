"""Parses OSC packets: any bytes are either a message or a bundle, or raise PacketError.

Follows the OpenSound Control 1.0 specification (Wright, 2002) with the types of 1.1 (Freed and Schmeder, 2009). Time,
memory and recursion are bounded, since packets come from the network.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

MAX_BYTES: Final = 65_535
"""Largest packet that is read, as large as UDP allows."""
MAX_MESSAGES: Final = 4_096
MAX_ARGUMENTS: Final = 4_096
MAX_DEPTH: Final = 16
"""Deepest nesting of bundles, and of arrays."""

NOW: Final = 1
"""The timetag for immediate execution."""
NTP_TO_UNIX_S: Final = 2_208_988_800
"""Seconds from the start of 1900, where timetags begin, to the start of 1970."""

_INT = struct.Struct(">i")
_FLOAT = struct.Struct(">f")
_DOUBLE = struct.Struct(">d")
_LONG = struct.Struct(">q")
_TAG = struct.Struct(">Q")
_FIXED = {"i": "i", "f": "f", "h": "q", "d": "d"}


class PacketError(ValueError):
    """Bytes that are not an OSC packet; the message is the reason."""


class Bang(Enum):
    """The argument of type tag `I`, which has no data ("infinitum" in 1.0, "impulse" in 1.1)."""

    IMPULSE = "I"


@dataclass(frozen=True, slots=True)
class TimeTag:
    """A date as an argument (type `t`): 64 bits, seconds since 1900 with 32 bits of fraction."""

    ntp: int


@dataclass(frozen=True, slots=True)
class Rgba:
    """A colour (type `r`): four bytes, 0..255."""

    red: int
    green: int
    blue: int
    alpha: int


@dataclass(frozen=True, slots=True)
class MidiBytes:
    """A MIDI message (type `m`): port, status byte, two data bytes."""

    port: int
    status: int
    data1: int
    data2: int


Plain = int | float | str | bytes | bool | None
Argument = Plain | Bang | TimeTag | Rgba | MidiBytes | tuple["Argument", ...]


@dataclass(frozen=True, slots=True)
class Message:
    """An address, or a pattern of addresses, and its arguments; an array is a tuple among them."""

    address: str
    arguments: tuple[Argument, ...] = ()
    types: str = field(default="", compare=False)
    """The type tags as received, with their comma; empty if missing."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Messages and further bundles that take effect together, at the time of the timetag (1: at once)."""

    timetag: int
    elements: tuple[Message | Bundle, ...] = ()


def parse(packet: bytes) -> Message | Bundle:
    """Reads one packet.

    A message without type tags is accepted if no data follows its address. Text that is not UTF-8 is read with
    replacement characters. A bundle is atomic, so one invalid element invalidates all of it.

    Raises only PacketError, for bytes that are not OSC or exceed the limits above.
    """
    if len(packet) > MAX_BYTES:
        raise PacketError(f"the packet has {len(packet)} bytes, more than {MAX_BYTES}")
    if len(packet) % 4 or not packet:
        raise PacketError(f"the packet has {len(packet)} bytes; OSC packets have a multiple of 4")
    if packet[0] == 0x23:
        return _bundle(packet, 0, len(packet), 1, [0])
    return _message(packet, 0, len(packet))


def ahead_s(timetag: int, unix_s: float) -> float:
    """The time from `unix_s` (seconds since 1970) to a timetag in seconds; 0 for a past or immediate one.

    The 32 bits of seconds overflow on 7 February 2036: within a day of that, the nearer interpretation is used.
    """
    if timetag <= NOW:
        return 0.0
    era_s = float(1 << 32)
    ahead = timetag / era_s - (unix_s + NTP_TO_UNIX_S) % era_s
    wrapped = (ahead + era_s / 2) % era_s - era_s / 2
    return max(0.0, wrapped if abs(wrapped) < 86_400.0 else ahead)


def _bundle(packet: bytes, start: int, end: int, depth: int, count: list[int]) -> Bundle:
    if depth > MAX_DEPTH:
        raise PacketError(f"bundles nested deeper than {MAX_DEPTH}")
    if packet[start : start + 8] != b"#bundle\0" or end - start < 16:
        raise PacketError("a bundle begins with #bundle, a zero byte and a timetag of 8 bytes")
    timetag: int = _TAG.unpack_from(packet, start + 8)[0]
    elements: list[Message | Bundle] = []
    at = start + 16
    while at < end:
        size: int = _INT.unpack_from(packet, at)[0]
        at += 4
        if size <= 0 or size % 4 or size > end - at:
            raise PacketError(f"a bundle's element claims {size} bytes, with {end - at} left")
        count[0] += 1
        if count[0] > MAX_MESSAGES:
            raise PacketError(f"the packet has more than {MAX_MESSAGES} elements")
        if packet[at] == 0x23:
            elements.append(_bundle(packet, at, at + size, depth + 1, count))
        else:
            elements.append(_message(packet, at, at + size))
        at += size
    return Bundle(timetag, tuple(elements))


def _message(packet: bytes, start: int, end: int) -> Message:
    if packet[start] != 0x2F:
        raise PacketError(f"an address begins with /, this one with {packet[start : start + 8]!r}")
    address, at = _string(packet, start, end, "the address")
    if at == end:
        return Message(address)
    if packet[at] != 0x2C:
        raise PacketError(f"{address[:100]}: data without type tags")
    tags, at = _string(packet, at, end, "the type tag string")
    quick = _quick(tags) if len(tags) < 64 else None
    if quick is not None:
        if quick.size != end - at:
            raise PacketError(f"{address[:100]}: {tags} needs {quick.size} bytes, not {end - at}")
        return Message(address, quick.unpack_from(packet, at), tags)
    try:
        return Message(address, _arguments(packet, at, end, tags), tags)
    except PacketError as error:
        raise PacketError(f"{address[:100]}: {error}") from None


def _string(packet: bytes, start: int, end: int, what: str) -> tuple[str, int]:
    """The text from `start`, and the position after its zero bytes, which pad it to a multiple of 4."""
    stop = packet.find(b"\0", start, end)
    if stop < 0:
        raise PacketError(f"{what} has no end")
    return packet[start:stop].decode("utf-8", "replace"), (stop | 3) + 1


@lru_cache(maxsize=256)
def _quick(tags: str) -> struct.Struct | None:
    """A struct that reads all arguments at once if they are plain numbers, as in most messages, otherwise None."""
    codes = [_FIXED.get(tag) for tag in tags[1:]]
    return None if None in codes else struct.Struct(">" + "".join(code for code in codes if code))


def _arguments(packet: bytes, at: int, end: int, tags: str) -> tuple[Argument, ...]:
    if len(tags) > MAX_ARGUMENTS:
        raise PacketError(f"more than {MAX_ARGUMENTS} arguments")
    levels: list[list[Argument]] = [[]]
    for tag in tags[1:]:
        if tag == "[":
            if len(levels) > MAX_DEPTH:
                raise PacketError(f"arrays nested deeper than {MAX_DEPTH}")
            levels.append([])
        elif tag == "]":
            if len(levels) == 1:
                raise PacketError("] without [ in the type tags")
            array = tuple(levels.pop())
            levels[-1].append(array)
        else:
            value, at = _argument(packet, at, end, tag)
            levels[-1].append(value)
    if len(levels) > 1:
        raise PacketError("[ without ] in the type tags")
    if at != end:
        raise PacketError(f"{end - at} bytes are left over after the arguments")
    return tuple(levels[0])


def _argument(packet: bytes, at: int, end: int, tag: str) -> tuple[Argument, int]:
    size = _SIZES.get(tag)
    if size is None:
        raise PacketError(f"unknown type tag {tag!r}")
    if size > end - at:
        raise PacketError(f"the data ends within an argument of type {tag}")
    match tag:
        case "i":
            return _INT.unpack_from(packet, at)[0], at + 4
        case "f":
            return _FLOAT.unpack_from(packet, at)[0], at + 4
        case "d":
            return _DOUBLE.unpack_from(packet, at)[0], at + 8
        case "h":
            return _LONG.unpack_from(packet, at)[0], at + 8
        case "s" | "S":
            return _string(packet, at, end, "a text")
        case "b":
            length: int = _INT.unpack_from(packet, at)[0]
            after = at + 4 + length + (-length) % 4
            if length < 0 or after > end:
                raise PacketError(f"a blob claims {length} bytes, with {end - at - 4} left")
            return packet[at + 4 : at + 4 + length], after
        case "t":
            return TimeTag(_TAG.unpack_from(packet, at)[0]), at + 8
        case "c":
            code: int = _INT.unpack_from(packet, at)[0]
            if not 0 <= code < 0x110000 or 0xD800 <= code < 0xE000:
                raise PacketError(f"{code} is not the code of a character")
            return chr(code), at + 4
        case "r":
            return Rgba(*packet[at : at + 4]), at + 4
        case "m":
            return MidiBytes(*packet[at : at + 4]), at + 4
        case "I":
            return Bang.IMPULSE, at
        case "N":
            return None, at
        case _:
            return tag == "T", at


_SIZES = {**dict.fromkeys("ifsSbcrm", 4), **dict.fromkeys("dht", 8), **dict.fromkeys("TFNI", 0)}
