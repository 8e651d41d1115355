"""Saves the state of a show every few seconds, to restore it after a crash or a power cut.

The file `PATCH.state.toml` exists while the show runs, or after it has died. At an orderly end it is removed, or keeps
only how the picture is set up on its screen or wall (`INSTALLED`), which the next start takes up again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import tomlkit

from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.osc.pattern import Pattern
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.show.cue_list import CueList
from live.system.disk import is_running, remove_drafts, write_whole
from live.system.process_mark import process_mark
from models.base import KnobError, Value

log = logging.getLogger(__name__)

Restore = Literal["after a crash", "always", "never"]
SAVE_EVERY_S: Final = 3.0
EXCLUDED: Final = tuple(
    map(
        Pattern,
        ("/session//*", "/preset//*", "/cue//*", "/mapping//*", "/midi/learn*", "/window/record", "/clock/play"),
    )
)
"""Addresses that are not saved: momentary requests, and values that other files contain."""
INSTALLED: Final = tuple(map(Pattern, ("/window/{display,rotation,mirrored}", "/window/{corner,mesh,edge}/*")))
"""What belongs to the place rather than to the show, and so is taken up at every start."""
_KINDS: Final = ("float", "int", "switch", "choice", "text", "vector")


class SavedState:
    """The control-thread service that saves the parameters that differ from the patch, and the current cue.

    `restore` says when a saved state is taken up at the start, `held()` gives the values to save in the place of those
    that are set for a while only, such as the blackout of closed hours, and `again()` says at the end whether the show
    is about to be started again. A second engine with the same patch neither restores nor saves while the first one
    runs. Without a path nothing is saved.
    """

    def __init__(
        self,
        context: ServiceContext,
        cues: CueList,
        path: Path | None,
        restore: Restore = "after a crash",
        held: Callable[[], Mapping[str, Value]] = dict,
        again: Callable[[], bool] = lambda: False,
    ) -> None:
        self.restored = False
        """Whether a saved state was taken up at the start."""
        self._tree, self._clock, self._disk = context.tree, context.clock, context.disk
        self._cues, self._path = cues, path
        self._restore = restore
        self._held, self._again = held, again
        self._initial: dict[str, Value] = {}
        self._saved: dict[str, Any] = {}
        self._complaints = RepeatedComplaints()
        self._next_s = 0.0

    def open(self) -> None:
        """Restores a saved state, if there is one."""
        if self._path is None:
            return
        remove_drafts(self._path)
        found = read_state(self._path) or read_state(_previous(self._path))
        if found is not None and found["process"] != os.getpid() and _runs(found):
            log.info("%s: in use by another engine, so this one does not save its state", self._path.name)
            self._path = None
            return
        self._initial = self._values()
        if found is not None and self._wanted(found):
            self.restored = True
            self._take_up(found, "--fresh starts without")
        elif found is not None and _installed(found["values"]):
            values = _installed(found["values"])
            self._take_up({"cue": "", "values": values}, "the picture's place on the screen or wall")

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """Takes the values of the reloaded patch as those that need not be saved."""
        self._initial = {address: self._initial.get(address, value) for address, value in self._values().items()}

    def advance(self, now_s: float) -> float:
        """Passes the state to the disk thread if it has changed."""
        if self._path is None:
            return float("inf")
        if now_s >= self._next_s:
            self._next_s = now_s + SAVE_EVERY_S
            self._save("running")
        return self._next_s

    def close(self) -> None:
        """Marks the file as that of an orderly end: with `restore` "always" it keeps everything, else what is
        installed; without any of that it is removed. Before another start it keeps everything, too.
        """
        if self._path is None:
            return
        if self._again():
            self._save("again")
        elif self._restore == "always":
            self._save("ended")
        elif values := _installed(self._moved()):
            self._write({"state": "ended", "cue": "", "values": values})
        else:
            self._disk.submit((id(self), "state"), lambda path=self._path: _remove(path))  # type: ignore[misc]

    # -- inside -------------------------------------------------------------------------------------------------

    def _values(self) -> dict[str, Value]:
        """The current values of all parameters that can be saved."""
        with self._tree.batch():
            now_s = self._clock.now()
            values = {
                parameter.address: parameter.at(now_s)
                for parameter in self._tree.parameters()
                if parameter.knob.access == "rw" and parameter.knob.kind in _KINDS
            }
        values |= {address: value for address, value in self._held().items() if address in values}
        return {a: value for a, value in values.items() if not _excluded(a)}

    def _moved(self) -> dict[str, Value]:
        return {a: value for a, value in self._values().items() if self._initial.get(a) != value}

    def _save(self, state: str) -> None:
        moved = self._moved()
        table = {"state": state, "cue": self._cues.current, "values": moved}
        if table == self._saved or (state != "ended" and not self._saved and not moved and not self._cues.current):
            return
        self._saved = table
        self._write(table)

    def _write(self, table: dict[str, Any]) -> None:
        path = self._path
        assert path is not None
        self._disk.submit((id(self), "state"), lambda: self._written(_write(path, _signed(table))))

        if table["state"] == "ended":  # the one before it would restore what the show has left behind
            self._disk.submit((id(self), "previous"), lambda: _previous(path).unlink(missing_ok=True))

    def _written(self, error: str) -> None:
        """On the disk thread: what could not be written is tried again with the next look."""
        if error:
            self._saved = {}
            left_out = self._complaints.due(error, self._clock.now())
            if left_out is not None:
                log.warning("%s", with_count(error, left_out))

    def _wanted(self, found: dict[str, Any]) -> bool:
        return self._restore == "always" or (
            self._restore == "after a crash" and found["state"] in ("running", "again")
        )

    def _take_up(self, found: dict[str, Any], note: str) -> None:
        failed = 0
        with self._tree.batch():
            for address, value in found["values"].items():
                try:
                    self._tree.set(address, value)
                except (AddressError, KnobError):
                    failed += 1  # the patch has changed
        if found["cue"]:
            self._cues.place(found["cue"])
        left = f", {failed} do not fit this patch" if failed else ""
        log.info("%s: %d values restored%s (%s)", self._path, len(found["values"]) - failed, left, note)


@lru_cache(maxsize=4096)
def _excluded(address: str) -> bool:
    return any(pattern.matches(address) for pattern in EXCLUDED)


def _installed(values: dict[str, Any]) -> dict[str, Any]:
    return {a: value for a, value in values.items() if any(pattern.matches(a) for pattern in INSTALLED)}


def read_state(path: Path) -> dict[str, Any] | None:
    """Reads a state; None if the file is missing or does not match the checksum in its first line."""
    try:
        head, _, body = path.read_text(encoding="utf-8").partition("\n")
        if head != _checksum(body):
            return None
        found = tomllib.loads(body)
        return found if {"state", "process", "cue", "values"} <= found.keys() else None
    except (OSError, ValueError):
        return None


def _signed(table: dict[str, Any]) -> dict[str, Any]:
    """The state with the process that saves it."""
    return {**table, "process": os.getpid(), "mark": process_mark(os.getpid())}


def _runs(found: dict[str, Any]) -> bool:
    """Whether the engine that saved this state still runs, and not another process that got its number since."""
    pid = int(found["process"])
    return is_running(pid) and found.get("mark", process_mark(pid)) == process_mark(pid)


def _write(path: Path, table: dict[str, Any]) -> str:
    """Writes a state; the previous file stays until the new one is complete.

    Returns a sentence where it cannot be written, else an empty text.
    """
    values = {address: list(value) if isinstance(value, tuple) else value for address, value in table["values"].items()}
    body = tomlkit.dumps({**table, "values": values})
    try:
        with suppress(FileNotFoundError):
            path.replace(_previous(path))
        write_whole(path, f"{_checksum(body)}\n{body}".encode())
    except OSError as error:
        return f"{path} cannot be written: {error.strerror or error}"
    return ""


def _remove(path: Path) -> None:
    for file in (path, _previous(path)):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.previous")


def _checksum(body: str) -> str:
    return f"# sha256 {hashlib.sha256(body.encode()).hexdigest()}"
