"""Keeps C libraries from writing over what a person reads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
"""How many threads want it quiet now; the first takes standard error away, the last gives it back."""
_kept: int | None = None


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Lets nothing through to standard error: where there is no sound card or JACK server, ALSA and JACK say so in
    twenty lines of their own.

    What matters of it is in the error that is raised. It holds for the whole process, so keep it short.
    """
    global _inside, _kept
    with _lock:
        if _inside == 0:
            _kept = _taken_away()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _kept is not None:
                os.dup2(_kept, 2)
                os.close(_kept)


def _taken_away() -> int | None:
    """Standard error as it was, under another number; None where there is none to keep quiet."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept
