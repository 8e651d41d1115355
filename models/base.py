"""What every model shares: knobs, events, and the few methods the engine calls.

Nothing here imports torch, so that the processes that only move MIDI bytes start at once.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Protocol,
    Self,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = float | int | bool | str | tuple[float, ...]
Kind = Literal["float", "int", "switch", "choice", "text", "vector", "pulse", "event"]


class KnobError(ValueError):
    """A value that a knob cannot take; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One declaration of a control: its range, unit, curve and meaning.

    A model's keyword-only arguments of ``step``, annotated with Knobs, are its parameters; kind and
    default come from the annotation's type and the argument's default. Numbers outside the range are
    clipped to it. ``curve`` says how a fader should travel ("log" needs ``low`` > 0). ``sets`` gives the
    values of other knobs of the same node that follow from this one (a scale sets the pitch classes); it is
    called with all values of the node and returns those to change.

    An "event" is not stored but handed on with its arguments, which ``components`` name. A choice without choices and
    a vector without components take anything: the model says with `declare` what there is, once it has its weights.
    """

    meaning: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    curve: Literal["linear", "log"] = "linear"
    choices: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    kind: Kind = "float"
    default: Value = 0.0
    access: Literal["rw", "r", "w"] = "rw"
    sets: Callable[[Mapping[str, Any]], Mapping[str, Value]] | None = None

    def coerce(self, given: Any) -> Value:
        """The value this knob stores for what came in, clipped to its range.

        Accepts what senders really send: ints, floats, bools and numeric strings for each other, a choice by
        name (any case) or by index, a vector as a sequence of its length.

        Raises KnobError where that cannot be done, for NaN and infinities too.
        """
        match self.kind:
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
            case "switch" | "pulse":
                return _switch(given)
            case "int":
                return math.floor(self._clip(_number(given)) + 0.5)
            case _:
                return self._clip(_number(given))

    def between(self, start: Value, end: Value, part: float) -> Value:
        """The value ``part`` (0..1) of the way from start to end, along the curve; steps at the end if not a number."""
        if part >= 1.0:
            return end
        if isinstance(start, tuple) and isinstance(end, tuple):
            return tuple(a + (b - a) * part for a, b in zip(start, end, strict=True))
        if self.kind not in ("float", "int") or isinstance(start, str | tuple) or isinstance(end, str | tuple):
            return start
        if self.curve == "log" and start > 0 and end > 0:
            moved = float(start * (end / start) ** part)
        else:
            moved = start + (end - start) * part
        return math.floor(moved + 0.5) if self.kind == "int" else moved

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
            for choice in self.choices:
                if choice.lower() == given.strip().lower():
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


def _switch(given: Any) -> bool:
    if isinstance(given, str) and given.strip().lower() in ("on", "off", "true", "false"):
        return given.strip().lower() in ("on", "true")
    return _number(given) != 0.0


Pulse = bool
"""The type of a knob that is pressed rather than set: True in exactly one snapshot after each press."""


def pulse(meaning: str) -> Knob:
    """A button: `reset: Annotated[Pulse, pulse("Begin again")] = False`."""
    return Knob(meaning, kind="pulse", default=False, access="w")


_KINDS: dict[Any, Kind] = {float: "float", int: "int", bool: "switch"}


def knobs_of(step: Callable[..., Any]) -> dict[str, Knob]:
    """The knobs that a function's keyword-only arguments declare, in order, with kind and default filled in.

    Raises TypeError where a keyword-only argument has no Knob or no default: a slip of the model's author.
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


@dataclass(frozen=True, slots=True)
class NoteOn:
    """A key goes down: pitch 0..127 (60 is middle C), velocity 1..127."""

    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class NoteOff:
    """A key comes up: pitch 0..127."""

    pitch: int


@dataclass(frozen=True, slots=True)
class Control:
    """A MIDI controller moves: controller 0..127 (64 is the sustain pedal), value 0..127."""

    controller: int
    value: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing happens for so many seconds: what a model returns next is due that much later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pen:
    """A pen moves in a straight line to (x, y): on the paper with `down`, above it without.

    (0, 0) is the middle of the paper, y grows downward, and 1 is half of the paper's shorter side. Several pens draw
    at once; the first is 0.
    """

    x: float
    y: float
    down: bool
    pen: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What happens to a pen's drawing as a whole: a "new" one begins (the old one may fade), all is "clear"ed at once,
    or the last drawing is taken back ("undo").
    """

    do: Literal["new", "clear", "undo"]
    pen: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture: `pixels` is uint8 [height, width, 3], red green blue, rows from the top; nobody changes it any more.

    A model that takes pictures hears the newest one at each step and answers with its own of the same `number`, which
    counts the pictures of a source. It is called again when there is a new one, when a knob of its node has changed
    (it keeps what it saw last in its state), and after a Wait that it returned.
    """

    pixels: NDArray[np.uint8]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure about the work under way, such as a loss: kept and sent out at `/NODE/name`, a read-only address.

    A model says with `measures` which there are.
    """

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a person should know and do something about, in one sentence, while the model goes on as well as it can:
    logged, and sent out at `/engine/error` with the node's name before it.
    """

    sentence: str


Event = NoteOn | NoteOff | Control | Pen | Page | Frame | Measure | Trouble | Wait


class Model(Protocol):
    """A network in streaming form: explicit state in, events and the next state out.

    A state handed out is never changed afterwards, so that the engine can keep it and go back to it: that is how
    events already scheduled are withdrawn when something must act at once.
    """

    kind: ClassVar[str]
    """The name its weights carry, such as "performance_rnn"."""

    @classmethod
    def load(cls, weights: str, device: str = "cpu") -> Self:
        """Reads named or filed weights. Raises models.store.WeightsError with the sentence a person needs."""
        ...

    def start(self, seed: int) -> Any:
        """The state before the first event; the same seed gives the same events."""
        ...

    def step(self, state: Any, heard: Sequence[Event], /, *args: Any, **knobs: Any) -> tuple[Sequence[Event], Any]:
        """One small piece of work: what has been heard since the last step, the knobs as they stand now."""
        ...


@runtime_checkable
class Declares(Protocol):
    """A model whose weights know more of its knobs: which categories there are to choose from."""

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs of `step` as they are with these weights."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A model that tells figures about its work while it does it."""

    measures: ClassVar[Mapping[str, Knob]]
    """What each Measure means, by its name: Knobs with kind, default, and access "r"."""
