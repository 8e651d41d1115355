"""Suppresses the output of C libraries to the terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
"""Number of threads that suppress it; the first redirects standard error, the last restores it."""
_kept: int | None = None


@contextmanager
def silence_stderr() -> Iterator[None]:
    """Suppresses standard error: without a sound card or JACK server, ALSA and JACK print twenty lines of messages.

    The raised error contains the relevant part. It applies to the whole process, so the block should be short.
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
    """Redirects standard error; returns a duplicate of the original, or None if there is no standard error."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept
