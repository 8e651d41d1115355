"""The file of a session: text, one JSON value a line, only ever added to, so that it is whole up to its last line.

The first line is a Head, an object; each further one is an array, its word first, then the time in seconds on the
recording engine's clock. Numbers are written so that they are read back bit for bit. The lines stand in the order in
which things happened; see the classes below for what each says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from live.transport.clock import Beat
from models.base import Event, Frame, Value

T = TypeVar("T")

FORMAT = 1
HEARD: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event) if kind is not Frame}
"""What a node may have heard, by name; pictures are not kept."""


class SessionError(Exception):
    """A session that cannot be read or played again; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHead:
    """Where a session comes from: enough to play it again, and to say why it may differ."""

    patch: str
    """The patch file's path when it was recorded."""
    text: str
    """The patch itself, a Python program."""
    sha256: str
    """Of that text."""
    date: str
    versions: dict[str, str]
    """Of the program and of what its numbers depend on, and the machine."""
    seed: int | None = None
    """As the command line gave it; each node's own seed is among the writes."""
    settings: Sequence[Sequence[str]] = ()
    format: int = FORMAT
    kept: str = "All that reached the nodes, but no pictures: nodes fed by a camera are not played again."


@dataclass(frozen=True, slots=True)
class NodeAdded:
    """A node of the patch has come."""

    WORD: ClassVar[str] = "add"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class NodeRemoved:
    """A node has gone."""

    WORD: ClassVar[str] = "remove"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class WeightsUsed:
    """Which file a node's weights were read from, and the SHA-256 of its bytes."""

    WORD: ClassVar[str] = "weights"
    at_s: float
    node: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PatchLoaded:
    """The patch was loaded again: from here, what the nodes that come, and those that get new weights, are made of."""

    WORD: ClassVar[str] = "patch"
    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class OutputChanged:
    """A node has the MIDI port and channel that the patch now gives it."""

    WORD: ClassVar[str] = "wire"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class ValueStored:
    """A value was stored at an address, at once or gliding there."""

    WORD: ClassVar[str] = "set"
    at_s: float
    address: str
    value: Value
    glide_s: float = 0.0


@dataclass(frozen=True, slots=True)
class TurnTaken:
    """A node took its turn: what it went by beside its knobs, and a number for all it had done before."""

    WORD: ClassVar[str] = "look"
    at_s: float
    node: str
    done: int
    """See live.session.digest."""
    heard: tuple[Event, ...] = ()
    beats: Beat | None = None
    """The line of beats, where it is not that of the node's turn before."""
    meter: int = 4
    swapped: bool = False
    """With this turn it got the weights that the patch now says."""


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """What a node did in its last turn has failed, and it began again."""

    WORD: ClassVar[str] = "fail"
    at_s: float
    node: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The end, in order, and what each node had done: a file without it comes from an engine that died."""

    WORD: ClassVar[str] = "end"
    at_s: float
    done: dict[str, int] = field(default_factory=dict)


Line = (
    NodeAdded
    | NodeRemoved
    | WeightsUsed
    | PatchLoaded
    | OutputChanged
    | ValueStored
    | TurnTaken
    | NodeFailed
    | SessionEnded
)
_KINDS: dict[str, type[Line]] = {kind.WORD: kind for kind in get_args(Line)}


def head_line(head: SessionHead) -> bytes:
    """The first line of a file."""
    return _json({"arabesque session": head.format, **asdict(head)})


def encode(line: Line) -> bytes:
    """A further line of a file."""
    match line:
        case TurnTaken(at_s, node, done, heard, beats, meter, swapped):
            more: dict[str, Any] = {}
            if heard:
                more["heard"] = [[type(event).__name__, *astuple(event)] for event in heard]
            if beats is not None:
                more["beats"] = [*astuple(beats), meter]
            if swapped:
                more["swapped"] = True
            return _json([line.WORD, at_s, node, done, *([more] if more else [])])
        case ValueStored(at_s, address, value, 0.0):
            return _json([line.WORD, at_s, address, value])
        case _:
            return _json([line.WORD, *astuple(line)])


def head_of(path: Path) -> SessionHead:
    """What a file begins with. Raises SessionError."""
    try:
        with path.open("rb") as file:
            return _parsed(path, 1, file.readline(), _head)
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}") from None


def lines_of(path: Path) -> Generator[tuple[int, Line], None, None]:
    """A file's further lines with their numbers, read as they are asked for; close it.

    A last line without an end, such as a crash leaves, is left out. Raises SessionError at one that is none.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number > 1 and line.endswith(b"\n"):
                yield number, _parsed(path, number, line, _line)


def _parsed(path: Path, number: int, line: bytes, make: Callable[[Any], T]) -> T:
    try:
        return make(json.loads(line))
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        said = line[:60].decode("utf-8", "replace").strip()
        raise SessionError(f"{path}, line {number}: not a line of a session ({error}): {said or 'empty'}") from None


def _head(said: Any) -> SessionHead:
    if not isinstance(said, dict) or "arabesque session" not in said:
        raise ValueError("expected the file to begin as a session does")
    if said.pop("arabesque session") != FORMAT:
        raise ValueError(f"expected format {FORMAT}: it comes from another version of the program")
    return SessionHead(**{**said, "settings": tuple(map(tuple, said.get("settings", ())))})


def _line(said: Any) -> Line:
    word, at_s, *rest = said
    kind = _KINDS[word]
    if not isinstance(at_s, float | int):
        raise ValueError(f"expected a time, got {at_s!r}")
    if kind is not TurnTaken:
        return kind(at_s, *rest)
    node, done, more = (*rest, {}) if len(rest) == 2 else rest
    *line, meter = more.get("beats", [4])
    heard = tuple(HEARD[name](*values) for name, *values in more.get("heard", ()))
    return TurnTaken(at_s, node, done, heard, Beat(*line) if line else None, meter, bool(more.get("swapped")))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
