"""Builds OSC messages with python-osc's writers, with the types i, f and s only, which every program supports.

Pure Data rejects T, N and h, and Max has no T and F, so a switch is sent as 0 or 1, and an array as its elements. Only
an answer to /ping has the types of its question.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from pythonosc.parsing.osc_types import (
    write_blob,
    write_double,
    write_float,
    write_int,
    write_int64,
    write_midi,
    write_string,
)

from live.osc.packet import Argument, TimeTag
from models.base import Knob, Value

MAX_TEXT: Final = 4_000
"""Longest text that is sent, so that it fits into a packet with other arguments."""
MAX_ARGUMENTS: Final = 1_000
_FLOAT32_MAX = 3.4028234663852886e38


def message(address: str, *arguments: Any) -> bytes:
    """The packet of one message. Text is cut at 4,000 characters, arguments at 1,000; nothing raises."""
    tags, data = ",", b""
    for argument in _flat(arguments):
        if isinstance(argument, int) and -(2**31) <= argument < 2**31:  # a bool is one, too
            tags += "i"
            data += write_int(argument)
        elif isinstance(argument, int | float):
            tags += "f"
            data += write_float(_float32(argument))
        else:
            tags += "s"
            data += write_string(_text(str(argument)))
        if len(tags) > MAX_ARGUMENTS:
            break
    return bytes(write_string(_text(address) or "/") + write_string(tags) + data)


def value_message(address: str, knob: Knob, value: Value) -> bytes:
    """The packet of a parameter's value, with the types of its declaration."""
    if knob.kind in ("float", "vector"):  # also if a limit or default is written as an int
        numbers = value if isinstance(value, tuple) else (value,)
        return message(address, *(float(n) if isinstance(n, int) else n for n in numbers))
    return message(address, value)


def typed_message(address: str, knob: Knob, value: Value) -> bytes:
    """As `value_message` with the types of the OSCQuery description: T or F for a switch, I for a button."""
    if knob.kind in ("switch", "pulse"):
        return bytes(write_string(address) + write_string(",I" if knob.kind == "pulse" else ",T" if value else ",F"))
    return value_message(address, knob, value)


def echo(address: str, types: str, arguments: tuple[Argument, ...]) -> bytes:
    """A packet with arguments of a received packet, in the same types; `types` begins with a comma."""
    flat = _flat(arguments)
    data = b"".join(_WRITERS[tag](next(flat)) for tag in types[1:] if tag not in "[]")
    return bytes(write_string(address) + write_string(types or ",") + data)


def _flat(arguments: Iterable[Any]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list | tuple):
            yield from _flat(argument)
        else:
            yield argument


def _float32(number: float) -> float:
    if isinstance(number, float) and not math.isfinite(number):
        return number
    return float(max(-_FLOAT32_MAX, min(_FLOAT32_MAX, number)))


def _text(text: str) -> str:
    return text[:MAX_TEXT].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _tag(tag: TimeTag) -> bytes:
    return struct.pack(">Q", tag.ntp)


_WRITERS: Final[dict[str, Callable[[Any], bytes]]] = {
    "i": write_int,
    "f": write_float,
    "d": write_double,
    "h": write_int64,
    "s": write_string,
    "S": write_string,
    "b": lambda blob: write_blob(blob) if blob else write_int(0),  # python-osc rejects an empty blob
    "t": _tag,
    "c": lambda character: write_int(ord(character)),
    "r": lambda colour: bytes((colour.red, colour.green, colour.blue, colour.alpha)),
    "m": lambda midi: write_midi((midi.port, midi.status, midi.data1, midi.data2)),
    **dict.fromkeys("TFNI", lambda _: b""),
}
