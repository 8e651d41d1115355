"""The interface between models and engine: knobs, events, and the methods that the engine calls.

This module does not import torch, so that the helper processes for MIDI start quickly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from models.knob import Knob as Knob
from models.knob import KnobError as KnobError
from models.knob import Pulse as Pulse
from models.knob import Value as Value
from models.knob import address_names as address_names
from models.knob import event as event
from models.knob import knobs_of as knobs_of
from models.knob import pulse as pulse

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


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
    """A delay: the events that a model returns next are due `seconds` later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pen:
    """A pen moves in a straight line to (x, y); with `down` it draws the line, otherwise it moves above the paper.

    (0, 0) is the middle of the paper, y grows downward, and 1 is half of the paper's shorter side. `pen` is the pen's
    number, from 0. `pressure`, 0..1, is the width of the line as a part of its full width.
    """

    x: float
    y: float
    down: bool
    pen: int = 0
    pressure: float = 1.0


@dataclass(frozen=True, slots=True)
class Page:
    """A command for whole drawings: "new" begins a drawing of this pen (the one before may fade), "undo" removes the
    pen's last drawing, "clear" removes the drawings of all pens.

    Of a "new" drawing: `box` is where it will be, its middle x, y and half of its longer side, if the model knows them
    and the drawing may be shown elsewhere; `answers` is the performer's pen whose drawing it completes.
    For a model, "undo" means that the performer with this pen has taken the last line back.
    """

    do: Literal["new", "clear", "undo"]
    pen: int = 0
    box: tuple[float, float, float] | None = None
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of the picture that shows the paper: `right` and `lower`, in the coordinates of a Pen.

    (0, 0) is the middle of the picture. A model that completes drawings receives it before a performer's line.
    """

    right: float
    lower: float


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture: `pixels` is uint8 [height, width, 3], red green blue, rows from the top; never modified.

    `number` counts the pictures of a source. A model that takes pictures receives the newest one at each step and
    returns its own picture with the same number. The engine calls it again when a new picture arrives, when a knob of
    its node changes (the model keeps the last picture in its state), and after a Wait that it returned.
    """

    pixels: NDArray[np.uint8]
    number: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Where something is in a picture, such as people: uint8 [height, width], 255 there and 0 elsewhere, of any size.

    `number` is the number of that picture.
    """

    shares: NDArray[np.uint8]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that a model reports while it runs, such as a loss; published at `/NODE/name`, a read-only address.

    The model declares the figures it reports in `measures`.
    """

    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem that the user should fix, in one sentence, while the model continues with reduced function.

    The engine logs it, and sends it to `/engine/error` with the node's name in front.
    """

    sentence: str


Event = NoteOn | NoteOff | Control | Pen | Page | Edges | Frame | Mask | Measure | Trouble | Wait


class Model(Protocol):
    """A network in streaming form: explicit state in, events and the next state out.

    A state is never modified after `step` returned it, so that the engine can keep it and return to it: the engine does
    so when it withdraws scheduled events because a parameter or a performer must take effect at once.
    """

    kind: ClassVar[str]
    """The kind in the card of its weights, such as "performance_rnn"."""

    @classmethod
    def load(cls, weights: str, device: str = "cpu") -> Self:
        """Loads weights by name or file. Raises WeightsError where they are missing, broken or of another kind."""
        ...

    def start(self, seed: int) -> Any:
        """The state before the first event; the same seed gives the same events."""
        ...

    def step(self, state: Any, heard: Sequence[Event], /, *args: Any, **knobs: Any) -> tuple[Sequence[Event], Any]:
        """Computes the next events from the events received since the last step and the current knob values."""
        ...


@runtime_checkable
class Declares(Protocol):
    """A model that completes the declarations of its knobs from its weights, such as the list of categories."""

    def declare(self, knobs: dict[str, Knob]) -> dict[str, Knob]:
        """The knobs of `step`, with choices and components as these weights have them."""
        ...


@runtime_checkable
class Sees(Protocol):
    """A model that takes pictures: its node has a camera as its source, and calls `step` for each new picture."""

    sees: ClassVar[bool]


@runtime_checkable
class Analyses(Protocol):
    """A model that needs a slow analysis of some pictures, beside its steps.

    The engine calls `analyse` on a thread of its own, at most as often as `analysis_rate` says, with the newest
    picture; the result is received with the next step. After a Trouble, which is reported, `analyse` is called again
    only once the rate has been 0.
    """

    def analysis_rate(self, knobs: Mapping[str, Any]) -> float:
        """The most analyses a second with these knob values; 0 for none."""
        ...

    def analysis_first(self, knobs: Mapping[str, Any]) -> bool:
        """Whether a step receives the newest picture whose analysis is done, instead of the newest picture."""
        ...

    def analyse(self, frame: Frame) -> Mask | Trouble:
        """Analyses a picture; called on another thread than `step`."""
        ...


@runtime_checkable
class FromFile(Protocol):
    """A model that gives the file its weights were read from; a session recording stores that path."""

    file: Path | None


@runtime_checkable
class Listens(Protocol):
    """A model that follows a performer, and so must react at the moment at which an event arrives.

    When an event of the performer arrives, or a pulse knob of the model is pressed, the runner withdraws the scheduled
    events that are not yet due and returns the model to its state at that moment. `heard` then begins with a Wait for
    the time since that state's last event, so that the sum of all Waits, received or returned, is the elapsed time. A
    step that returns a Wait returns nothing else except Measures, so that each moment has its own state.
    """

    listens: ClassVar[bool]

    def gives_way(self, knobs: Mapping[str, Any]) -> bool:
        """Whether a performer's note interrupts the model, with these knob values."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A model that reports figures about its work while it runs."""

    measures: ClassVar[Mapping[str, Knob]]
    """The declaration of each Measure, by its name: Knobs with kind, default, and access "r"."""
