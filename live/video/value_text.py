"""A parameter's value as a short text, and as a part of its range."""

from __future__ import annotations

import math

from live.parameters.parameter import Parameter

LONGEST = 34


def value_text(parameter: Parameter, now_s: float) -> str:
    """The value with its unit; of a vector the first six numbers."""
    value = parameter.at(now_s)
    if isinstance(value, bool):
        return "on" if value else "off"
    parts = value if isinstance(value, tuple) else (value,)
    text = " ".join(f"{part:.3g}" if isinstance(part, float) else str(part) for part in parts[:6])
    more = " …" if len(parts) > 6 else ""
    return f"{text[:LONGEST]}{more} {parameter.knob.unit}".rstrip()


def part_of_range(parameter: Parameter, now_s: float) -> float | None:
    """Where a number lies on its fader, 0..1; None for what has no range."""
    knob, value = parameter.knob, parameter.at(now_s)
    if knob.kind not in ("float", "int") or knob.low is None or knob.high is None or not isinstance(value, int | float):
        return None
    if knob.curve == "log":
        return math.log(value / knob.low) / math.log(knob.high / knob.low)
    return (value - knob.low) / (knob.high - knob.low) if knob.high > knob.low else 0.0
