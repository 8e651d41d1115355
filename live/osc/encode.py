"""OSC messages, written: only the types i, f and s, which every program understands.

Pure Data rejects T, N and h, and Max has no T and F, so a switch goes out as 0 or 1 and an array as its
elements. The bytes are laid out by python-osc's builder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pythonosc.osc_message_builder import OscMessageBuilder

from models.base import Knob, Value

MAX_TEXT: Final = 4_000
"""Characters of a text that are sent; more would not fit a packet together with anything else."""
MAX_ARGUMENTS: Final = 1_000
_FLOAT32_MAX = 3.4028234663852886e38


def message(address: str, *arguments: Any) -> bytes:
    """The packet of one message. Text is cut at 4,000 characters, arguments at 1,000; nothing raises."""
    builder = OscMessageBuilder(address=_text(address) or "/")
    for argument in _flat(arguments):
        if isinstance(argument, str):
            builder.add_arg(_text(argument), "s")
        elif isinstance(argument, int) and -(2**31) <= argument < 2**31:  # a bool is one, too
            builder.add_arg(int(argument), "i")
        elif isinstance(argument, int | float):
            builder.add_arg(_float32(argument), "f")
        else:
            builder.add_arg(_text(str(argument)), "s")
        if len(builder.args) >= MAX_ARGUMENTS:
            break
    return bytes(builder.build().dgram)


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
        builder = OscMessageBuilder(address=address)
        head = builder.build().dgram.partition(b",")[0]
        return bytes(head) + (b",I\0\0" if knob.kind == "pulse" else b",T\0\0" if value else b",F\0\0")
    return value_message(address, knob, value)


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
