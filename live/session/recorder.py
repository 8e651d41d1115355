"""Records a session to a file; its own thread writes, so that no other thread waits for the disk."""

from __future__ import annotations

import hashlib
import platform
import threading
from collections import deque
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import BinaryIO

from live.midi.output.recorder import free_name
from live.patch import Change, Patch
from live.session.digest import EventDigest
from live.session.session_file import (
    IterationBegun,
    Line,
    NodeAdded,
    NodeFailed,
    NodeRemoved,
    OutputChanged,
    PatchLoaded,
    SessionEnded,
    SessionHead,
    ValueStored,
    WeightsUsed,
    encode,
    head_line,
)
from live.system.disk_room import CHECK_EVERY_S, room_left
from live.transport.clock import BeatLine, Clock
from models.base import Event, FromFile, Knob, Model, Value

EVERY_S = 0.25
"""Interval between two writes, and the most that a crash can lose."""
WAITING_AT_MOST = 200_000
BYTES_AT_MOST = 2_000_000_000
TOGETHER = 1_000
"""Number of lines written together on a virtual clock, where there is no writing thread."""


class SessionRecorder:
    """A SessionObserver that writes to a new file, `path`.

    The patch duo takes about 20 MB per hour. If the disk fails or is too slow, or the file reaches 2 GB, the error is
    reported once through `fail(sentence)`, the recording ends, and the performance goes on. It is not taken up again
    when there is room, because a session can only be replayed from its start. Raises OSError if the file cannot be
    created.
    """

    def __init__(self, wanted: Path, head: SessionHead, clock: Clock, fail: Callable[[str], None]) -> None:
        self.path = free_name(wanted)
        self.size = 0
        """Size of the file in bytes."""
        self._clock = clock
        self._check_s = clock.now()
        self._fail = fail
        self._digests: dict[str, EventDigest] = {}
        self._beats: dict[str, tuple[BeatLine, int]] = {}
        self._lines: deque[Line | tuple[float, str, Path]] = deque()
        self._plain: set[str] = set()
        self._broken = ""
        self._reported = False
        self._closing = False
        self._turn = threading.Condition()
        self._file: BinaryIO = open(self.path, "xb", buffering=0)  # noqa: SIM115 (it stays open)
        self._put(head_line(head))
        self._thread: threading.Thread | None = None
        if not clock.virtual:
            self._thread = threading.Thread(target=self._run, name="session", daemon=True)
            self._thread.start()

    # -- called by the engine, from any thread ------------------------------------------------------------------

    def add(self, node: str, model: Model) -> EventDigest:
        """A node is added; its events must also be sent to the returned output."""
        self._digests[node] = EventDigest()
        self._beats.pop(node, None)
        self._append(NodeAdded(self._clock.now(), node))
        self._weights(node, model)
        return self._digests[node]

    def remove(self, node: str) -> None:
        """A node has been stopped and removed."""
        if self._digests.pop(node, None) is not None:
            self._append(NodeRemoved(self._clock.now(), node))

    def patched(self, patch: Patch) -> None:
        """The patch has been reloaded; its changes follow."""
        self._append(PatchLoaded(self._clock.now(), patch.text))

    def follows(self, change: Change, model: Model | None) -> None:
        """A change of the patch is about to be applied, with the model loaded for it, if any."""
        if change.node in self._digests and change.do == "out":
            self._append(OutputChanged(self._clock.now(), change.node))
        elif change.node in self._digests and change.do == "weights" and model is not None:
            self._weights(change.node, model)

    def value_stored(self, now_s: float, address: str, knob: Knob, value: Value, glide_s: float) -> None:
        """A value was stored. Events are not recorded here: the node that receives one records it."""
        if knob.kind != "event":
            if knob.kind != "pulse" and knob.sets is None:
                self._plain.add(address)
            self._append(ValueStored(now_s, address, value, glide_s))

    def iteration_begun(
        self, now_s: float, node: str, heard: Sequence[Event], beats: BeatLine, meter: int, swapped: bool
    ) -> None:
        """A node began an iteration; nodes that take pictures are not recorded."""
        digest = self._digests.get(node)
        if digest is None:
            return
        known = self._beats.get(node)
        self._beats[node] = beats, meter
        line = beats if known != (beats, meter) else None
        self._append(IterationBegun(now_s, node, digest.value, tuple(heard), line, meter, swapped))

    def node_failed(self, now_s: float, node: str, sentence: str) -> None:
        """A node's iteration has failed."""
        if node in self._digests:
            self._append(NodeFailed(now_s, node, sentence))

    def close(self) -> None:
        """Writes the remaining lines and the end; to be called after the nodes have stopped. May be called twice."""
        if self._closing:
            return
        self._append(SessionEnded(self._clock.now(), {node: digest.value for node, digest in self._digests.items()}))
        with self._turn:
            self._closing = True
            self._turn.notify()
        if self._thread is not None:
            self._thread.join()
        else:
            self._write()
        self._file.close()

    # -- inside --------------------------------------------------------------------------------------------------

    def _weights(self, node: str, model: Model) -> None:
        if isinstance(model, FromFile) and model.file is not None:
            self._append((self._clock.now(), node, model.file))

    def _append(self, line: Line | tuple[float, str, Path]) -> None:
        if self._broken:
            return
        self._lines.append(line)
        if len(self._lines) > WAITING_AT_MOST:
            self._broken = "the disk is too slow"  # reported by `_write`: the caller may hold the tree's lock
        elif self._clock.virtual and len(self._lines) >= TOGETHER:
            self._write()

    def _run(self) -> None:
        while not self._closing:
            with self._turn:
                if not self._closing:
                    self._clock.wait(self._clock.now() + EVERY_S, self._turn)
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if self._clock.now() >= self._check_s:
            self._check_s = self._clock.now() + CHECK_EVERY_S
            if not room_left(self.path.parent):
                self._broken = self._broken or "the disk is full, or nearly"
        if not self._broken:
            try:
                hashed = [_hashed(*line) if isinstance(line, tuple) else line for line in lines]
                self._put(b"".join(encode(line) for line in _newest(hashed, self._plain)))
            except OSError as error:
                self._broken = error.strerror or str(error)
            except (TypeError, ValueError) as error:  # a value that JSON cannot represent
                self._broken = str(error)
            if self.size > BYTES_AT_MOST:
                self._broken = f"the file has reached {self.size / 1e6:.1f} MB"
        if self._broken and not self._reported:
            self._reported = True
            self._fail(f"{self.path}: {self._broken}; the recording of the session ends here and does not go on later")

    def _put(self, data: bytes) -> None:
        self.size += len(data)
        while data:
            data = data[self._file.write(data) :]


def versions() -> dict[str, str]:
    """Versions of the program and of the packages that its results depend on, and the machine."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for package in ("arabesque", "torch", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "?"
    return found


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes; empty if it can no longer be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""


def _hashed(at_s: float, node: str, file: Path) -> WeightsUsed:
    return WeightsUsed(at_s, node, file.name, sha256_of(file))


def _newest(lines: Sequence[Line], plain: set[str]) -> list[Line]:
    """Drops writes that no node has read, so that a flood of messages does not flood the disk.

    Of the writes to one address between two iterations of its node only the last is kept. A write that sets other
    knobs, presses a button or glides may depend on earlier writes, so none before it is dropped.
    """
    kept: list[Line] = []
    later: dict[str, set[str]] = {}
    for line in reversed(lines):
        match line:
            case ValueStored(_, address, _, glide_s):
                node = address[1:].partition("/")[0]
                overwritten = later.setdefault(node, set())
                if glide_s > 0.0 or address not in plain:
                    overwritten.clear()
                elif address in overwritten:
                    continue
                else:
                    overwritten.add(address)
            case PatchLoaded() | SessionEnded():
                later.clear()
            case _:
                later.pop(line.node, None)
        kept.append(line)
    return kept[::-1]
