"""Starts the recording of a session."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from live.engine.options import Options
from live.session.recorder import SessionRecorder, versions
from live.session.session_file import SessionHead
from live.transport.clock import Clock


def start_session(
    options: Options, path: Path | None, text: str, clock: Clock, fail: Callable[[str], None]
) -> SessionRecorder | None:
    """Creates a recorder if the options ask for one; `path` and `text` are those of the patch.

    An error is reported through `fail(sentence)`, and the patch plays without a recorder.
    """
    wanted = options.session
    if wanted is None:
        return None
    if path is None or not text:
        fail(f"--record-session {wanted}: the patch has no file; playing without a recording")
        return None
    head = SessionHead(
        patch=str(path.resolve()),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        date=clock.date(),
        versions=versions(),
        seed=options.seed,
        settings=options.settings,
    )
    try:
        return SessionRecorder(wanted, head, clock, fail)
    except OSError as error:
        fail(f"--record-session {wanted}: {error.strerror}; playing without a recording")
        return None
