"""The disk thread: reads and writes small files, so that no other thread waits for the disk."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

CLOSE_S: Final = 5.0
"""How long `close` waits for a disk that does not answer."""


class DiskThread:
    """Runs requests one after the other; a waiting request is replaced by a newer one with the same key.

    With `inline` every request runs at once on the caller's thread, for a virtual clock and for tests. It is the first
    service of the control thread, so that it is closed after all services that write.
    """

    def __init__(self, *, inline: bool = False, name: str = "disk") -> None:
        self._inline = inline
        self._name = name
        self._changed = threading.Condition()
        self._requests: dict[Hashable, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Requests that wait, without the one that runs."""
        return len(self._requests)

    def submit(self, key: Hashable, work: Callable[[], None]) -> None:
        """Runs `work` soon, instead of a waiting request with the same key. After `close` it runs at once."""
        with self._changed:
            if not (self._inline or self._closed):
                self._requests[key] = work
                self._changed.notify()
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()
                return
        _guarded(work)

    def open(self) -> None:
        """Does nothing: the thread starts with the first request."""

    def follow(self, patch: object) -> None:
        """Does nothing: requests do not depend on the patch."""

    def advance(self, now_s: float) -> float:  # noqa: ARG002
        """Does nothing: requests run on the disk thread."""
        return float("inf")

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Finishes all requests; logs an error if they take longer than `timeout_s`."""
        if not self.finish(timeout_s):
            log.error("the disk has not responded for %g s: unsaved changes are lost", timeout_s)

    def finish(self, timeout_s: float) -> bool:
        """Finishes all requests; returns False if they take longer than `timeout_s`."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
            return not thread.is_alive()
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._requests and not self._closed:
                    self._changed.wait()
                if not self._requests:
                    return
                work = self._requests.pop(next(iter(self._requests)))
            _guarded(work)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.exception("disk thread")


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file atomically: at any time either the old or the new one is complete. Raises OSError."""
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if os.name == "posix":  # the directory entry must survive a power cut, too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_drafts(path: Path) -> None:
    """Removes the drafts of a file that crashed processes have left. Never raises."""
    try:
        for draft in path.resolve().parent.glob(f".{path.name}.*.tmp"):
            pid = draft.name.removesuffix(".tmp").rpartition(".")[2]
            if pid.isdigit() and not is_running(int(pid)):
                draft.unlink(missing_ok=True)
    except OSError as error:
        log.debug("drafts of %s: %s", path, error)


def is_running(pid: int) -> bool:
    """Whether a process with this id is running; on Windows true for this process only."""
    if os.name != "posix":  # on Windows signal 0 would end the process
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
