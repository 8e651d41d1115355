"""A mapping: a parameter follows a source through a range, a curve and a smoothing."""

from __future__ import annotations

from collections import abc
from dataclasses import dataclass
from typing import Any, Final

from live.show.wave import Wave
from models.base import Knob, KnobError

DRIVEN: Final = ("float", "int", "switch", "choice", "pulse")
"""Kinds of knobs that a mapping can move."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A source, and how its target follows it; see `follow`."""

    source: str
    low: float | None = None
    high: float | None = None
    from_low: float | None = None
    from_high: float | None = None
    curve: float = 1.0
    smooth: float = 0.1

    def check(self, knob: Knob) -> None:
        """Raises KnobError if the mapping cannot move this knob."""
        if not self.source.startswith("/"):
            try:
                Wave.read(self.source)
            except ValueError as error:
                raise KnobError(str(error)) from None
        if knob.access == "r":
            raise KnobError("a mapping needs a writable target; this one is read-only")
        if knob.kind == "vector":
            raise KnobError(f"a mapping moves one number: expected one of the components {', '.join(knob.components)}")
        if knob.kind not in DRIVEN:
            raise KnobError(f"a mapping moves numbers, switches, choices and buttons, not a {knob.kind}")
        self.ends(knob)

    def ends(self, knob: Knob) -> tuple[float, float]:
        """The range in which the mapping moves a knob. Raises KnobError if neither of them has one."""
        lowest, highest = range_of(knob)
        low, high = lowest if self.low is None else self.low, highest if self.high is None else self.high
        if low is None or high is None:
            raise KnobError("the mapping needs low and high, because its target has no range")
        return low, high


MAPPING_KNOBS: Final[dict[str, Knob]] = {
    "low": Knob("Value of the target at the low end of the source's range", kind="float"),
    "high": Knob("Value of the target at the high end of the source's range", kind="float"),
    "from_low": Knob("Low end of the source's range", kind="float"),
    "from_high": Knob("High end of the source's range", kind="float"),
    "curve": Knob("Exponent: 1 is linear, above 1 starts slowly, below 1 starts quickly", 0.1, 10.0, curve="log"),
    "smooth": Knob("Time constant of the smoothing", 0.0, 60.0, "s"),
}
"""The numbers of a mapping, as addresses and in its file."""


def follow(
    source: str,
    low: float | None = None,
    high: float | None = None,
    *,
    source_range: tuple[float, float] | None = None,
    curve: float = 1.0,
    smooth: float = 0.1,
) -> Mapping:
    """A mapping for a knob of a patch: `Node(…, temperature=follow("/piano/notes_per_second", 0.2, 0.9))`.

    `source` is the address of a parameter or a signal (its first number; "/piano/note:2" is the second), or a wave:
    "sine 0.2 hz", "random 4 s", "saw 1 beat". `source_range` (default: the source's own range) is mapped to `low` to
    `high` (default: the knob's range). `curve` is an exponent, `smooth` a time constant in seconds.
    """
    from_low, from_high = source_range if source_range is not None else (None, None)
    return Mapping(source, low, high, from_low, from_high, curve, smooth)


def read_mapping(table: abc.Mapping[str, Any]) -> Mapping:
    """Reads a mapping from a table of the file. Raises KnobError."""
    source = table.get("source")
    if not isinstance(source, str):
        raise KnobError(f"expected source = an address or a wave, got {source!r}")
    given: dict[str, float] = {}
    for key, value in table.items():
        if key == "source":
            continue
        if key not in MAPPING_KNOBS:
            raise KnobError(f"a mapping has no {key!r}; expected source, {', '.join(MAPPING_KNOBS)}")
        try:
            given[key] = MAPPING_KNOBS[key].coerce(value)  # type: ignore[assignment]
        except KnobError as error:
            raise KnobError(f"{key}: {error}") from None
    return Mapping(source, **given)


def range_of(knob: Knob) -> tuple[float | None, float | None]:
    """The lowest and highest number of a knob; None for a missing one."""
    if knob.kind == "choice":
        return 0.0, float(len(knob.choices) - 1)
    if knob.kind in ("switch", "pulse"):
        return 0.0, 1.0
    return knob.low, knob.high
