"""What every model shares: knobs, events, and the few methods the engine calls.

Nothing here imports torch, so that the processes that only move MIDI bytes start at once.
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
        """Reads named or filed weights. Raises WeightsError with the sentence a person needs."""
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
class Sees(Protocol):
    """A model that takes pictures: its node has a camera as its source, and is called picture by picture."""

    sees: ClassVar[bool]


@runtime_checkable
class FromFile(Protocol):
    """A model that says which file its weights were read from, for those who keep record of a performance."""

    file: Path | None


@runtime_checkable
class Listens(Protocol):
    """A model that follows a performer, and so must act on what it hears at the moment at which it is played.

    When a performer's event arrives, or one of the model's own pulses, the runner withdraws what is scheduled and not
    yet due and takes the model back to its state of that moment. `heard` then begins with a Wait for the time since the
    last event of that state, so that the sum of all Waits, heard or returned, is the time that has passed. A step that
    returns a Wait returns nothing else but Measures, so that there is a state for each moment.
    """

    listens: ClassVar[bool]

    def gives_way(self, knobs: Mapping[str, Any]) -> bool:
        """Whether a performer's note silences the model, with its knobs as they stand."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A model that tells figures about its work while it does it."""

    measures: ClassVar[Mapping[str, Knob]]
    """What each Measure means, by its name: Knobs with kind, default, and access "r"."""
