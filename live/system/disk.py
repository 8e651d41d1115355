"""The disk thread: reads and writes small files, so that no thread that plays ever waits for a disk."""

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
    """Runs one request after the other. Of several with the same key only the newest is kept, so a flood stays bounded.

    With `inline` every request runs on the caller's thread at once, for a virtual clock and for tests. It is the first
    service of the control thread, so that it is closed after all those that write.
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
        """Runs `work` soon, in the place of a waiting request with the same key. After `close` it runs at once."""
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
        """Nothing to declare: the thread starts with the first request."""

    def follow(self, patch: object) -> None:
        """Nothing depends on the patch."""

    def advance(self, now_s: float) -> float:  # noqa: ARG002
        """The control thread has nothing to do here."""
        return float("inf")

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Finishes all requests; logs an error where the disk needs longer than the time allowed."""
        if not self.finish(timeout_s):
            log.error("the disk has not answered for %g s: what was not yet written is lost", timeout_s)

    def finish(self, timeout_s: float) -> bool:
        """Finishes all requests; False where the disk needed longer than the time allowed."""
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
    """Replaces a file so that the old or the new one is there, whole, at every moment. Raises OSError."""
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
    if os.name == "posix":  # the new name must survive a power cut, too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_drafts(path: Path) -> None:
    """Removes the drafts that crashed processes left beside a file. Never raises."""
    try:
        for draft in path.resolve().parent.glob(f".{path.name}.*.tmp"):
            pid = draft.name.removesuffix(".tmp").rpartition(".")[2]
            if pid.isdigit() and not is_running(int(pid)):
                draft.unlink(missing_ok=True)
    except OSError as error:
        log.debug("drafts of %s: %s", path, error)


def is_running(pid: int) -> bool:
    """Whether a process with this number runs; on Windows only this one counts."""
    if os.name != "posix":  # there, signal 0 would end the process
        return pid == os.getpid()
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
