"""Ends the process by force if an ordered stop takes too long."""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

log = logging.getLogger(__name__)

ORDERED_WITHIN_S: Final = 5.0
LAST_WITHIN_S: Final = 0.5
"""How long the hard stop waits for the last work and for the log, which a full pipe may hold up."""
HELD_WITHIN_S: Final = 1.0
"""How long after that the process is ended where one thread keeps Python's interpreter lock in a C call."""

_ROOT = Path(__file__).resolve().parents[2]
_OURS = tuple(f"{_ROOT / room}{os.sep}" for room in ("live", "models", "patches"))
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


class StopDeadline:
    """Waits for `stopping`; if `cancel` does not follow within five seconds, ends the process by force.

    The MIDI sender, a separate process, ends every note when the engine's process has ended. Before that `last` is
    called, for at most half a second, to end notes that were sent in other ways.
    """

    def __init__(self, stopping: threading.Event, last: Callable[[], object]) -> None:
        self._stopping = stopping
        self._last = last
        self._done = threading.Event()
        self._arming = threading.Lock()
        threading.Thread(target=self._run, name="stop deadline", daemon=True).start()

    def cancel(self) -> None:
        """The stop is complete."""
        with self._arming:
            self._done.set()
            faulthandler.cancel_dump_traceback_later()
        self._stopping.set()

    def _run(self) -> None:
        self._stopping.wait()
        with self._arming:
            if self._done.is_set():
                return
            # A thread of C, which needs no interpreter lock: it prints where each thread is, and ends the process.
            with suppress(OSError, ValueError, AttributeError, io.UnsupportedOperation):  # no file to print to
                faulthandler.dump_traceback_later(ORDERED_WITHIN_S + LAST_WITHIN_S + HELD_WITHIN_S, exit=True)
        if self._done.wait(ORDERED_WITHIN_S):
            return
        held_up = held_up_by(threading.main_thread())
        last = [
            threading.Thread(target=work, name="last", daemon=True) for work in (self._last, lambda: _report(held_up))
        ]
        for thread in last:
            thread.start()
        for thread in last:
            thread.join(LAST_WITHIN_S / len(last))
        os._exit(1)


def _report(held_up: str) -> None:
    log.error("not stopped within %g s, held up by %s; ending at once", ORDERED_WITHIN_S, held_up)
    logging.shutdown()


def exit_now(status: int) -> NoReturn:
    """Ends the process at once, even if threads never return; the log is flushed."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it, or it is closed
            stream.flush()
    os._exit(status)


def held_up_by(thread: threading.Thread | None) -> str:
    """Where a thread is, as the innermost line of our own code, and the threads that it waits for, one after another.
    """
    places: list[str] = []
    seen: set[threading.Thread] = set()
    while thread is not None and thread not in seen:
        seen.add(thread)
        frames = list(_frames(thread))
        own = next((frame for frame in frames if _is_own(frame)), None)
        places.append(f"thread {thread.name} in {_place(own) if own is not None else 'a library'}")
        joined = (frame.f_locals.get("self") for frame in frames if frame.f_code is threading.Thread.join.__code__)
        thread = next((other for other in joined if isinstance(other, threading.Thread)), None)
    return ", which waits for ".join(places)


def _frames(thread: threading.Thread) -> Iterator[FrameType]:
    """The frames of a thread, the innermost one first."""
    frame = sys._current_frames().get(thread.ident) if thread.ident is not None else None
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_own(frame: FrameType) -> bool:
    """Whether a line is of this project or of a performer's patch."""
    file = frame.f_code.co_filename
    return file.startswith(_OURS) or not file.startswith(("<", *_LIBRARIES))


def _place(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    short = Path(file).relative_to(_ROOT) if file.startswith(_OURS) else file
    return f"{frame.f_code.co_qualname} ({short}, line {frame.f_lineno})"
