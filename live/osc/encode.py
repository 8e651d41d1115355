"""OSC messages, written: only the types i, f and s, which every program understands.

Pure Data rejects T, N and h, and Max has no T and F, so a switch goes out as 0 or 1 and an array as its
elements. python-osc's builder reads again what it has written, letter by letter, which costs ten times as much.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

from models.base import Knob, Value

MAX_TEXT: Final = 4_000
"""Characters of a text that are sent; more would not fit a packet together with anything else."""
MAX_ARGUMENTS: Final = 1_000
_INT: Final = struct.Struct(">i").pack
_FLOAT: Final = struct.Struct(">f").pack
_FLOAT32_MAX = 3.4028234663852886e38


def message(address: str, *arguments: Any) -> bytes:
    """The packet of one message. Text is cut at 4,000 characters, arguments at 1,000; nothing raises."""
    tags, parts = ",", [b"", b""]
    for argument in _flat(arguments):
        if isinstance(argument, int) and -(2**31) <= argument < 2**31:  # a bool is one, too
            tags += "i"
            parts.append(_INT(int(argument)))
        elif isinstance(argument, int | float):
            tags += "f"
            parts.append(_FLOAT(_float32(argument)))
        else:
            tags += "s"
            parts.append(_string(_text(str(argument))))
        if len(parts) >= MAX_ARGUMENTS + 2:
            break
    parts[:2] = _string(_text(address) or "/"), _string(tags)
    return b"".join(parts)


def value_message(address: str, knob: Knob, value: Value) -> bytes:
    """The packet that says a value, with the types that its declaration promises."""
    if knob.kind in ("float", "vector"):  # a limit or default written as an int does not change the type
        numbers = value if isinstance(value, tuple) else (value,)
        return message(address, *(float(n) if isinstance(n, int) else n for n in numbers))
    return message(address, value)


def typed_message(address: str, knob: Knob, value: Value) -> bytes:
    """The same with the types that OSCQuery describes, for those who read a description: T or F for a switch, I for a
    button pressed.
    """
    if knob.kind in ("switch", "pulse"):
        return _string(address) + _string(",I" if knob.kind == "pulse" else ",T" if value else ",F")
    return value_message(address, knob, value)


def _flat(arguments: Iterable[Any]) -> Iterator[Any]:
    for argument in arguments:
        if isinstance(argument, list | tuple):
            yield from _flat(argument)
        else:
            yield argument


def _string(text: str) -> bytes:
    coded = text.encode()
    return coded + bytes(4 - len(coded) % 4)


def _float32(number: float) -> float:
    if isinstance(number, float) and not math.isfinite(number):
        return number
    return float(max(-_FLOAT32_MAX, min(_FLOAT32_MAX, number)))


def _text(text: str) -> str:
    return text[:MAX_TEXT].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
