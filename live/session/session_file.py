"""The file format of sessions: text with one JSON value per line, append-only, so that it is valid up to its last line.

The first line is an object, the SessionHead. Each further line is an array: a keyword, the time in seconds on the
recording engine's clock, and the fields of the class below with that keyword. Numbers are read back bit for bit. Lines
are in the order in which things happened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from live.transport.clock import BeatLine
from models.base import Event, Frame, Value

T = TypeVar("T")

FORMAT = 1
HEARD: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event) if kind is not Frame}
"""The events that a node may receive, by name; pictures are not recorded."""


class SessionError(Exception):
    """A session that cannot be read or replayed; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionHead:
    """The origin of a session: what is needed to replay it, and to explain differences."""

    patch: str
    """The patch file's path when it was recorded."""
    text: str
    """The source text of the patch, a Python program."""
    sha256: str
    """SHA-256 of that text."""
    date: str
    versions: dict[str, str]
    """Versions of the program and of the packages that its results depend on, and the machine."""
    seed: int | None = None
    """The seed from the command line; each node's own seed is among the stored values."""
    settings: Sequence[Sequence[str]] = ()
    format: int = FORMAT
    kept: str = "All inputs of the nodes except pictures: nodes with a camera are not replayed."


@dataclass(frozen=True, slots=True)
class NodeAdded:
    """A node was added."""

    WORD: ClassVar[str] = "add"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class NodeRemoved:
    """A node was removed."""

    WORD: ClassVar[str] = "remove"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class WeightsUsed:
    """The file of a node's weights, and its SHA-256."""

    WORD: ClassVar[str] = "weights"
    at_s: float
    node: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PatchLoaded:
    """The patch was reloaded; nodes added and weights loaded from here on come from this text."""

    WORD: ClassVar[str] = "patch"
    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class OutputChanged:
    """A node was connected to the MIDI port and channel that the patch now names."""

    WORD: ClassVar[str] = "wire"
    at_s: float
    node: str


@dataclass(frozen=True, slots=True)
class ValueStored:
    """A value was stored at an address, at once or as the target of a glide."""

    WORD: ClassVar[str] = "set"
    at_s: float
    address: str
    value: Value
    glide_s: float = 0.0


@dataclass(frozen=True, slots=True)
class IterationBegun:
    """A node began an iteration: its inputs besides the knobs, and the checksum of its events before."""

    WORD: ClassVar[str] = "look"
    at_s: float
    node: str
    done: int
    """See live.session.digest."""
    heard: tuple[Event, ...] = ()
    beats: BeatLine | None = None
    """Beats as a function of time, if changed since the node's previous iteration."""
    meter: int = 4
    swapped: bool = False
    """Whether it changed to the new weights of the patch with this iteration."""


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node's last iteration failed, and the node restarted."""

    WORD: ClassVar[str] = "fail"
    at_s: float
    node: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The regular end, with the checksum of each node; missing after a crash."""

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
    | IterationBegun
    | NodeFailed
    | SessionEnded
)
_KINDS: dict[str, type[Line]] = {kind.WORD: kind for kind in get_args(Line)}


def head_line(head: SessionHead) -> bytes:
    """Encodes the first line of a file."""
    return _json({"arabesque session": head.format, **asdict(head)})


def encode(line: Line) -> bytes:
    """Encodes a further line of a file."""
    match line:
        case IterationBegun(at_s, node, done, heard, beats, meter, swapped):
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
    """Reads the first line of a file. Raises SessionError."""
    try:
        with path.open("rb") as file:
            return _parsed(path, 1, file.readline(), _head)
    except OSError as error:
        raise SessionError(f"{path}: {error.strerror}") from None


def lines_of(path: Path) -> Generator[tuple[int, Line], None, None]:
    """Yields the further lines of a file with their numbers; the caller closes the generator.

    A last line without a line end, as after a crash, is ignored. Raises SessionError at an invalid line.
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
        raise ValueError("expected the first line of a session file")
    if said.pop("arabesque session") != FORMAT:
        raise ValueError(f"expected format {FORMAT}: the file comes from another version of the program")
    return SessionHead(**{**said, "settings": tuple(map(tuple, said.get("settings", ())))})


def _line(said: Any) -> Line:
    word, at_s, *rest = said
    kind = _KINDS[word]
    if not isinstance(at_s, float | int):
        raise ValueError(f"expected a time, got {at_s!r}")
    if kind is not IterationBegun:
        return kind(at_s, *rest)
    node, done, more = (*rest, {}) if len(rest) == 2 else rest
    *line, meter = more.get("beats", [4])
    heard = tuple(HEARD[name](*values) for name, *values in more.get("heard", ()))
    return IterationBegun(at_s, node, done, heard, BeatLine(*line) if line else None, meter, bool(more.get("swapped")))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"
