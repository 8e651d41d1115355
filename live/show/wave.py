"""Waves as sources of mappings: a shape, and its rate in hertz or its period in seconds or beats."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from random import Random
from typing import Final, Literal, get_args

from live.transport.clock import Clock

Shape = Literal["sine", "triangle", "saw", "square", "random"]
SHAPES: Final[tuple[Shape, ...]] = get_args(Shape)
_WORDS = re.compile(r"(\w+)\s+([\d.]+)\s*(hz|s|beats?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave from 0 to 1, starting at 0: `sine 0.2 hz`, `saw 1 beat`. `random 8 s` has a new value for each cycle."""

    shape: Shape
    rate: float
    unit: Literal["hz", "s", "beats"]

    @classmethod
    def read(cls, text: str) -> Wave:
        """Parses `SHAPE NUMBER UNIT`. Raises ValueError."""
        found = _WORDS.fullmatch(text.strip().lower())
        if found is None or found[1] not in SHAPES:
            raise ValueError(
                f"expected an address, or one of {', '.join(SHAPES)} with its rate, such as sine 0.2 hz, "
                f"triangle 10 s, saw 1 beat; got {text[:100]!r}"
            )
        try:
            rate = float(found[2])
        except ValueError:
            rate = 0.0
        if not 0.0001 <= rate <= 100_000.0:
            raise ValueError(f"expected a rate or period from 0.0001 to 100000, got {found[2]}")
        unit: Literal["hz", "s", "beats"] = "hz" if found[3] == "hz" else "s" if found[3] == "s" else "beats"
        return cls(found[1], rate, unit)

    def cycles(self, before: float, rate: float, elapsed_s: float, clock: Clock) -> float:
        """The phase in cycles, `elapsed_s` after `before`; a wave in beats takes it from the clock."""
        if self.unit == "beats":
            return clock.beat() / rate
        return before + elapsed_s * (rate if self.unit == "hz" else 1.0 / rate)

    def at(self, cycles: float, name: str) -> float:
        """The value, 0..1. A random one depends only on `name` and the cycle, so that a replay repeats it."""
        phase = cycles % 1.0
        match self.shape:
            case "sine":
                return 0.5 - 0.5 * math.cos(2.0 * math.pi * phase)
            case "triangle":
                return 1.0 - abs(2.0 * phase - 1.0)
            case "saw":
                return phase
            case "square":
                return float(phase >= 0.5)
            case "random":
                return Random(f"{name} {math.floor(cycles)}").random()
