"""Ways in which a control moves a value: soft takeover, steps, or button."""

from __future__ import annotations

import math
from typing import Literal, get_args

from live.midi.input.controller import STEP, ControlMove
from live.parameters.tree import Tree
from models.base import Knob, KnobError, Value

Mode = Literal["pickup", "jump", "relative", "relative offset", "relative sign", "press", "toggle", "follow", "next"]
"""pickup: the value is not moved until the control passes it, then glides to the control. jump: the value jumps to the
control. relative: an endless encoder that sends steps as two's complement, offset by 64, or with a sign bit. press: a
button presses a pulse. toggle: a button toggles a switch. follow: on while the button is held. next: a button selects
the next choice."""

MODES = get_args(Mode)
SLACK = 0.012
"""Share of the range: a control this near to the value picks it up. Slightly more than one 7-bit step."""
CATCH_S = 0.08
"""Duration of the glide to a control that passed the value quickly: too short to notice, but not a jump."""
STEP_SIZE = 1.0 / 128.0
"""Share of the range per step of an endless encoder."""


def mode_for(knob: Knob, control: str, wanted: str = "auto") -> Mode:
    """The default mode for a knob and a control, or the wanted one. Raises KnobError for a knob without any mode."""
    steps = control.endswith(STEP)
    if knob.kind in ("text", "event", "vector"):
        parts = f"; its parts can be, such as {knob.components[0]}" if knob.kind == "vector" and knob.components else ""
        raise KnobError(f"{knob.kind} cannot be moved by a controller{parts}")
    if knob.access == "r":
        raise KnobError("is read-only")
    if knob.kind == "pulse":
        return "press"
    if knob.kind == "choice" and not knob.choices:
        raise KnobError("has no choices yet")
    if knob.kind in ("float", "int") and (knob.low is None or knob.high is None):
        raise KnobError("has no range for a controller")
    positional = steps and wanted in ("pickup", "jump")  # a control that sends steps has no position
    if wanted in MODES and not positional and not (wanted == "next" and knob.kind != "choice"):
        return wanted  # type: ignore[return-value]
    if knob.kind == "switch":
        return "toggle"
    if control.startswith("note"):
        return "next" if knob.kind == "choice" else "jump"
    return "relative" if steps else "pickup"


def value_at(knob: Knob, position: float) -> Value:
    """The value at a position 0..1 of a knob's range, on its curve."""
    match knob.kind:
        case "switch" | "pulse":
            return position >= 0.5
        case "choice":
            return knob.choices[min(int(position * len(knob.choices)), len(knob.choices) - 1)]
        case _:
            assert knob.low is not None
            assert knob.high is not None
            return knob.between(knob.low, knob.high, position)


def position_of(knob: Knob, value: Value) -> float:
    """The position 0..1 of a value in the knob's range."""
    match knob.kind:
        case "switch" | "pulse":
            return float(bool(value))
        case "choice":
            index = knob.choices.index(str(value)) if value in knob.choices else 0
            return (index + 0.5) / len(knob.choices)
        case _:
            assert knob.low is not None
            assert knob.high is not None
            number = min(max(float(value), knob.low), knob.high)  # type: ignore[arg-type]
            if knob.high == knob.low:
                return 0.0
            if knob.curve == "log" and knob.low > 0.0:
                return math.log(number / knob.low) / math.log(knob.high / knob.low)
            return (number - knob.low) / (knob.high - knob.low)


class Takeover:
    """Moves one value by one control, which covers `part` of the value's range (from 0..1 to 0..1)."""

    def __init__(self, address: str, mode: Mode, part: tuple[float, float] = (0.0, 1.0)) -> None:
        self.address = address
        self.mode = mode
        self.part = part
        self.away = 0.0
        """Distance, as a share of the range, of the control above (+) or below (-) a value not yet picked up."""
        self.moved_s = float("-inf")
        """Time of the control's last move."""
        self._last: float | None = None
        self._left: Value | None = None
        self._caught_s = 0.0
        self._down = False

    def move(self, move: ControlMove, tree: Tree) -> bool:
        """Moves the value by the mode; returns False before the pick-up. Raises AddressError, KnobError."""
        knob, self.away = tree.knob(self.address), 0.0
        self.moved_s = tree.clock.now()
        if self.mode in ("press", "toggle", "next"):
            self._button(move, tree, knob)
        elif self.mode == "follow":
            tree.set(self.address, value_at(knob, float(move.pressed)))
        elif self.mode.startswith("relative"):
            self._step(tree, knob, _steps(move.raw, self.mode))
        elif not move.control.is_key or move.pressed:
            low, high = self.part
            return self._follow(tree, knob, low + (high - low) * move.position)
        return True

    def start_at(self, move: ControlMove) -> None:
        """Takes the position of the control without moving the value."""
        low, high = self.part
        self._last, self._down = low + (high - low) * move.position, move.pressed

    def _follow(self, tree: Tree, knob: Knob, position: float) -> bool:
        now, now_s = tree.get(self.address), tree.clock.now()
        here, last = position_of(knob, now), self._last
        self._last = position
        # The value was not moved otherwise since then, or still glides to the control's position.
        held = self._left is not None and (now == self._left or now_s < self._caught_s)
        passed = last is not None and (last - here) * (position - here) <= 0.0
        near = abs(position - here) <= SLACK or value_at(knob, position) == now
        from_there = last is not None and abs(last - here) <= SLACK
        if self.mode == "jump" or held or passed or near:
            if not (self.mode == "jump" or held or near or from_there):
                self._caught_s = now_s + CATCH_S
            wanted = value_at(knob, position)
            tree.set(self.address, wanted, max(0.0, self._caught_s - now_s))
            self._left = knob.coerce(wanted)
            return True
        self._left, self.away = None, position - here
        return False

    def _step(self, tree: Tree, knob: Knob, steps: int) -> None:
        """Moves from the current value; integers and choices move by at least one."""
        now = tree.get(self.address)
        here, direction = position_of(knob, now), (steps > 0) - (steps < 0)
        wanted = value_at(knob, min(1.0, max(0.0, here + STEP_SIZE * steps)))
        if wanted == now and knob.kind == "int":
            wanted = int(now) + direction  # type: ignore[arg-type]
        elif wanted == now and knob.kind == "choice":
            wanted = value_at(knob, min(1.0, max(0.0, here + direction / len(knob.choices))))
        tree.set(self.address, wanted)

    def _button(self, move: ControlMove, tree: Tree, knob: Knob) -> None:
        struck = move.pressed and (move.control.is_key or move.control.is_step or not self._down)
        self._down = move.pressed
        if not struck:
            return
        if self.mode == "press":
            tree.set(self.address, True if knob.kind in ("pulse", "switch") else value_at(knob, self.part[1]))
        elif self.mode == "next":
            now = tree.get(self.address)
            index = knob.choices.index(str(now)) if now in knob.choices else -1
            tree.set(self.address, knob.choices[(index + 1) % len(knob.choices)])
        else:
            high = position_of(knob, tree.get(self.address)) >= 0.5
            tree.set(self.address, value_at(knob, 0.0 if high else 1.0))


def _steps(raw: int, mode: str) -> int:
    match mode:
        case "relative offset":
            return raw - 64
        case "relative sign":
            return -(raw & 63) if raw & 64 else raw & 63
        case _:
            return raw - 128 if raw >= 64 else raw
