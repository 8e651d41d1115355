"""A running mapping: reads its source, moves its target, and pauses when a person moves the target."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from live.parameters.tree import AddressError, Tree
from live.show.mapping import MAPPING_KNOBS, Mapping, range_of
from live.show.mapping_source import LatestSignals, MappingSource
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value

Override = Literal["pause", "return", "ignore"]
OVERRIDES: Final[tuple[Override, ...]] = ("pause", "return", "ignore")
TAKE_OVER_S: Final = 1.0
"""Time in which a mapping moves its target back after a person has moved it."""


class ActiveMapping:
    """Moves one target according to a mapping. `changed` is called when one of the mapping's own addresses is set.

    Raises AddressError for a target that does not exist.
    """

    def __init__(
        self,
        target: str,
        mapping: Mapping,
        tree: Tree,
        clock: Clock,
        signals: LatestSignals,
        changed: Callable[[], None],
    ) -> None:
        self.target = target
        self.name = target[1:].replace("/", ".")
        self._tree = tree
        self._clock = clock
        self._signals = signals
        self._changed = changed
        self.source = MappingSource(mapping.source, tree, clock, signals)
        self._ranged = mapping.from_low is not None
        self._log = False
        self._known = -1
        self._x: float | None = None
        self._put: Value | None = None
        self._held: Value | None = None
        self._touched_s = float("-inf")
        self._freed_s = float("-inf")
        self._above = True
        self._declare(tree.knob(target), mapping)

    @property
    def enabled(self) -> bool:
        """Whether it moves its target; False once it is removed."""
        try:
            return bool(self._tree.get(self._at("enabled")))
        except AddressError:
            return False

    def table(self) -> dict[str, Any]:
        """The current mapping as a table for the file."""
        table: dict[str, Any] = {"source": self.source.text}
        for name in MAPPING_KNOBS:
            if self._ranged or not name.startswith("from"):
                table[name] = float(f"{self._number(name):.6g}")
        return table

    def remove(self) -> None:
        """Removes its addresses."""
        self._tree.remove(f"mapping/{self.name}")

    def step(self, now_s: float, elapsed_s: float, override: Override, return_s: float) -> None:
        """Reads the source and moves the target. Raises AddressError and KnobError."""
        rate = self._number("rate")
        if self.source.wave is not None:  # the phase continues while the mapping is paused
            wave = self.source.read(rate, elapsed_s, self.name)
        if not self.enabled:
            self._put = None
            return
        knob = self._tree.knob(self.target)
        if not self._free(now_s, override, return_s):
            return
        if self._known != self._tree.version:
            self._known = self._tree.version
            self._take_range()
        raw = wave if self.source.wave is not None else self.source.read(rate, elapsed_s, self.name)
        if raw is None:
            return
        x = self._part(raw)
        smooth_s = self._number("smooth")
        if self._x is None or smooth_s <= 0.0:
            self._x = x
        else:
            self._x += (x - self._x) * (1.0 - math.exp(-elapsed_s / smooth_s))
        self._move(knob, self._x ** self._number("curve"), now_s)

    # -- inside -------------------------------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        return f"/mapping/{self.name}/{name}"

    def _number(self, name: str) -> float:
        return float(self._tree.get(self._at(name)))  # type: ignore[arg-type]

    def _declare(self, knob: Knob, mapping: Mapping) -> None:
        low, high = mapping.ends(knob)
        lowest, highest = range_of(knob)
        from_low, from_high, _ = self.source.range()
        begins = {
            "low": low,
            "high": high,
            "from_low": from_low if mapping.from_low is None else mapping.from_low,
            "from_high": from_high if mapping.from_high is None else mapping.from_high,
            "curve": mapping.curve,
            "smooth": mapping.smooth,
        }
        add = self._tree.add
        add(self._at("enabled"), Knob("Whether it moves its target", kind="switch", default=True), self._switched)
        add(self._at("target"), Knob("The address it moves", kind="text", default=self.target, access="r"))
        source = Knob("The source: an address or a wave", kind="text", default=self.source.text)
        add(self._at("source"), source, self._set_source)
        for name, declared in MAPPING_KNOBS.items():
            bounds = (lowest, highest) if name in ("low", "high") else (declared.low, declared.high)
            own = Knob(declared.meaning, *bounds, declared.unit, declared.curve, default=begins[name])
            add(self._at(name), own, self._moved if name.startswith("from") else lambda _: self._changed())
        rate = self.source.wave.rate if self.source.wave is not None else 1.0
        meaning = "Rate of a wave, in the unit of its source"
        add(self._at("rate"), Knob(meaning, 0.0001, 100_000.0, curve="log", default=rate), self._set_rate)

    def _switched(self, on: Value) -> None:
        if on:
            self._freed_s, self._held = self._clock.now(), self._tree.get(self.target)
        self._changed()

    def _moved(self, _value: Value) -> None:
        """Keeps the range that was set, instead of the source's declared one."""
        self._ranged = True
        self._changed()

    def _set_source(self, text: Value) -> None:
        try:
            self.source = MappingSource(str(text), self._tree, self._clock, self._signals)
        except ValueError as error:
            self._tree.publish(self._at("source"), self.source.text)
            raise KnobError(str(error)) from None
        self._ranged, self._known = False, -1
        if self.source.wave is not None:
            self._tree.publish(self._at("rate"), self.source.wave.rate)
        self._changed()

    def _set_rate(self, rate: Value) -> None:
        wave = self.source.wave
        if wave is not None:
            self.source.text = f"{wave.shape} {float(rate):g} {wave.unit}"  # type: ignore[arg-type]
            self._tree.publish(self._at("source"), self.source.text)
        self._changed()

    def _take_range(self) -> None:
        """Sets the range to the one that the source declares."""
        low, high, log = self.source.range()
        self._log = log
        if not self._ranged:
            for name, value in (("from_low", low), ("from_high", high)):
                if self._number(name) != value:
                    self._tree.publish(self._at(name), value)

    def _part(self, raw: float) -> float:
        """Position of the source in its range, 0..1."""
        low, high = self._number("from_low"), self._number("from_high")
        if self._log and low > 0.0 and high > 0.0 and raw > 0.0:
            low, high, raw = math.log(low), math.log(high), math.log(raw)
        if low == high:
            return float(raw >= high)
        return min(1.0, max(0.0, (raw - low) / (high - low)))

    def _free(self, now_s: float, override: Override, return_s: float) -> bool:
        """Whether the mapping may move its target now: a target that differs from what it set was moved by a person."""
        present = self._tree.get(self.target)
        moved = present != self._put or self._tree.moving(self.target)
        if self._put is not None and moved and override != "ignore":
            if override == "pause":
                self._tree.set(self._at("enabled"), False)
                return False
            self._touched_s, self._put, self._held = now_s, present, present
            self._freed_s = now_s + return_s
        return override != "return" or now_s >= self._touched_s + return_s

    def _move(self, knob: Knob, part: float, now_s: float) -> None:
        low, high = self._number("low"), self._number("high")
        number = knob.between(low, high, part) if knob.kind in ("float", "int") else low + (high - low) * part
        assert isinstance(number, int | float)
        if knob.kind == "pulse":
            above = number >= 0.5
            if above and not self._above:
                self._tree.set(self.target, True)
            self._above = above
            return
        if knob.kind == "switch":
            value = knob.coerce(number >= 0.5)
        else:
            value = knob.coerce(math.floor(number + 0.5) if knob.choices else number)
        taken = (now_s - self._freed_s) / TAKE_OVER_S
        if self._held is not None and taken < 1.0:
            value = knob.between(self._held, value, max(0.0, taken))
        else:
            self._held = None
        if value != self._put:
            self._put = self._tree.set(self.target, value).value
