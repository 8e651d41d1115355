"""Knobs: the declaration of a control, and reading these from a function's signature. Re-exported by models.base."""

from __future__ import annotations

import inspect
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

Value = float | int | bool | str | tuple[float, ...]
Kind = Literal["float", "int", "switch", "choice", "text", "vector", "pulse", "event"]


class KnobError(ValueError):
    """A value that a knob cannot accept; the message names what was expected."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One declaration of a control: its range, unit, curve and meaning.

    A model's keyword-only arguments of ``step``, annotated with Knobs, are its parameters; kind and
    default come from the annotation's type and the argument's default. Numbers outside the range are
    clipped to it. ``curve`` is the scale of a fader ("log" needs ``low`` > 0). ``sets`` computes values of other
    knobs of the same node from this one (a scale sets the pitch classes): it is called with all values of the
    node and returns those to change.

    An "event" is not stored; it is passed on with its arguments. ``components`` names the arguments: numbers in the
    range, or, with ``arguments``, values that each argument's own Knob accepts. The last ``optional`` arguments may be
    left out (see `event`). A choice without choices and a vector without components accept any value: the model fills
    them in with `declare` once its weights are loaded.

    ``steps`` marks a number without meaningful values in between, such as an instrument's number; it does not glide.
    ``unset`` is a value that means "no setting", so nothing is interpolated from it or to it. A text with ``file``
    names a file or a stream to open: over the network only files of the show are accepted.
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    curve: Literal["linear", "log"] = "linear"
    choices: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    """Further names for choices: pairs of the accepted name and its choice."""
    components: tuple[str, ...] = ()
    kind: Kind = "float"
    default: Value = 0.0
    access: Literal["rw", "r", "w"] = "rw"
    sets: Callable[[Mapping[str, Any]], Mapping[str, Value]] | None = None
    arguments: tuple[Knob, ...] = ()
    optional: int = 0
    steps: bool = False
    unset: float | None = None
    file: bool = False

    @property
    def glides(self) -> bool:
        """Whether a glide can interpolate between two values."""
        return self.kind in ("float", "int", "vector") and not self.steps

    def coerce(self, given: Any) -> Value:
        """Converts a received value to the one that this knob stores, clipped to its range.

        Accepts ints, floats, bools and numeric strings in place of each other, a choice by name (any case) or by
        index, and a vector as a sequence of its length.

        Raises KnobError for anything else, NaN and infinities included.
        """
        match self.kind:
            case "event" if self.arguments:
                return self._arguments(given)
            case "vector" | "event":
                if not self.components and not isinstance(given, str) and isinstance(given, Sequence):
                    return tuple(self._clip(_number(part)) for part in given)
                if isinstance(given, str) or not isinstance(given, Sequence) or len(given) != len(self.components):
                    raise KnobError(
                        f"expected {len(self.components)} numbers ({', '.join(self.components)}), got {given!r}"
                    )
                return tuple(self._clip(_number(part)) for part in given)
            case "choice":
                return self._choice(given)
            case "text":
                if not isinstance(given, str):
                    raise KnobError(f"expected text, got {given!r}")
                return given
            case "switch":
                return _switch(given)
            case "pulse":
                return _pressed(given)
            case "int":
                return math.floor(self._clip(_number(given)) + 0.5)
            case _:
                return self._clip(_number(given))

    def clip_message(self, given: Any) -> str:
        """The message for a value that `coerce` clips; empty for a value in the range.

        `given` may also be a list of OSC arguments; those after the value (a glide in seconds) are ignored.
        """
        parts = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
        if parts and isinstance(parts[0], list | tuple):
            parts = [*parts[0], *parts[1:]]
        if self.kind == "event" and self.arguments:
            pairs = zip(self.arguments, parts, strict=False)
            return next((message for knob, part in pairs if (message := knob.clip_message(part))), "")
        if self.kind not in ("float", "int", "vector", "event"):
            return ""
        for part in parts[: len(self.components) or len(parts)] if self.kind in ("vector", "event") else parts[:1]:
            number = _number(part)
            taken = self._clip(number)
            if abs(taken - number) > 1e-5 * max(1.0, abs(taken)):  # the precision of 32-bit floats and six digits
                low, high = (f"{end:g}" if end is not None else "any" for end in (self.low, self.high))
                limits = f"{low} to {high} {self.unit}".rstrip()
                return f"{number:g} is out of range, {limits}: {taken:g} is used"
        return ""

    def between(self, start: Value, end: Value, part: float) -> Value:
        """Interpolates from start to end, ``part`` 0..1, along the curve; what is not a number jumps at part 1."""
        if part >= 1.0:
            return end
        if isinstance(start, tuple) and isinstance(end, tuple):
            return tuple(a + (b - a) * part for a, b in zip(start, end, strict=True))
        if self.kind not in ("float", "int") or isinstance(start, str | tuple) or isinstance(end, str | tuple):
            return start
        if self.unset is not None and self.unset in (start, end):
            return start
        if self.curve == "log" and start > 0 and end > 0:
            moved = float(start * (end / start) ** part)
        else:
            moved = start + (end - start) * part
        return math.floor(moved + 0.5) if self.kind == "int" else moved

    def _arguments(self, given: Any) -> tuple[Any, ...]:
        least = len(self.components) - self.optional
        if isinstance(given, str) or not isinstance(given, Sequence):
            given = (given,)
        if not least <= len(given) <= len(self.components):
            names = [*self.components[:least], *(f"[{name}]" for name in self.components[least:])]
            raise KnobError(f"expected {' '.join(names)}, got {len(given)} arguments")
        taken = []
        for name, knob, one in zip(self.components, self.arguments, given, strict=False):
            try:
                taken.append(knob.coerce(_word(one) if knob.kind == "text" else one))
            except KnobError as error:
                raise KnobError(f"{name}: {error}") from None
        return tuple(taken)

    def _clip(self, number: float) -> float:
        if self.low is not None and number < self.low:
            return float(self.low)
        if self.high is not None and number > self.high:
            return float(self.high)
        return number

    def _choice(self, given: Any) -> str:
        if not self.choices and isinstance(given, str):
            return given
        if isinstance(given, str):
            name = given.strip().lower()
            for known, choice in (*((choice, choice) for choice in self.choices), *self.aliases):
                if known.lower() == name:
                    return choice
        try:
            index = _number(given)
        except KnobError:
            index = -1.0
        if index == int(index) and 0 <= index < len(self.choices):
            return self.choices[int(index)]
        raise KnobError(f"expected one of {', '.join(self.choices)} (or 0 to {len(self.choices) - 1}), got {given!r}")


def _number(given: Any) -> float:
    if isinstance(given, bool | int | float | str):
        try:
            number = float(given)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    raise KnobError(f"expected a number, got {given!r}")


def _word(given: Any) -> Any:
    """A number as text, for names that may be numbers: 3 and 3.0 are "3"."""
    return f"{given:g}" if isinstance(given, int | float) and not isinstance(given, bool) else given


def _switch(given: Any) -> bool:
    if isinstance(given, str) and given.strip().lower() in ("on", "off", "true", "false"):
        return given.strip().lower() in ("on", "true")
    return _number(given) != 0.0


def _pressed(given: Any) -> bool:
    """Whether a value presses a button: any value does, "bang" included, except 0, false and off (the release)."""
    try:
        return _switch(given)
    except KnobError:
        return True


Pulse = bool
"""The type of a knob that is pressed rather than set: True in exactly one snapshot after each press."""


def pulse(meaning: str) -> Knob:
    """A button: `reset: Annotated[Pulse, pulse("Begin again")] = False`."""
    return Knob(meaning, kind="pulse", default=False, access="w")


def event(meaning: str, optional: int = 0, **arguments: Knob) -> Knob:
    """A command with arguments: `event("Go to", name=Knob("Which", kind="text"))`.

    The last `optional` arguments may be left out; the event is passed on with those given.
    """
    return Knob(
        meaning,
        kind="event",
        default=(),
        access="w",
        components=tuple(arguments),
        arguments=tuple(arguments.values()),
        optional=optional,
    )


def address_names(names: Sequence[str]) -> tuple[str, ...]:
    """Unique address parts for names: accents removed, and `_` in place of characters that OSC does not allow.

    A name without any letter or digit that OSC allows becomes its number, from 1; of two equal names the second gets
    its number appended.
    """
    taken: list[str] = []
    for number, name in enumerate(names, 1):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        part = re.sub(r"[^A-Za-z0-9.+~-]+", "_", plain).strip("_") or str(number)
        taken.append(f"{part}_{number}" if part in taken else part)
    return tuple(taken)


_KINDS: dict[Any, Kind] = {float: "float", int: "int", bool: "switch"}


def knobs_of(step: Callable[..., Any]) -> dict[str, Knob]:
    """Reads the knobs from a function's keyword-only arguments, in order, with kind and default filled in.

    Raises TypeError where a keyword-only argument has no Knob or no default.
    """
    hints = get_type_hints(step, include_extras=True)
    knobs: dict[str, Knob] = {}
    for name, parameter in inspect.signature(step).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        hint = hints.get(name)
        knob = next((part for part in get_args(hint)[1:] if isinstance(part, Knob)), None)
        if get_origin(hint) is not Annotated or knob is None or parameter.default is inspect.Parameter.empty:
            raise TypeError(f"{name} of {step.__qualname__} needs Annotated[type, Knob(...)] and a default")
        kind = knob.kind
        if kind == "float":
            if knob.components:
                kind = "vector"
            elif knob.choices:
                kind = "choice"
            else:
                kind = _KINDS.get(get_args(hint)[0], "text")
        knobs[name] = replace(knob, kind=kind, default=parameter.default)
    return knobs
