"""How an engine begins to keep a session."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from live.session.recorder import SessionRecorder, versions
from live.session.session_file import SessionHead

if TYPE_CHECKING:
    from live.engine.engine import Engine


def start_session(engine: Engine) -> SessionRecorder | None:
    """A recording of all that will happen, where the options ask for one; what cannot be is told and done without."""
    wanted, text = engine.options.session, engine.patch.text
    if wanted is None:
        return None
    if engine.path is None or not text:
        engine.fail(f"--record-session {wanted}: the patch comes from no file; playing on without")
        return None
    head = SessionHead(
        patch=str(engine.path.resolve()),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        date=engine.clock.date(),
        versions=versions(),
        seed=engine.options.seed,
        settings=engine.options.settings,
    )
    try:
        return SessionRecorder(wanted, head, engine.clock, engine.fail)
    except OSError as error:
        engine.fail(f"--record-session {wanted}: {error.strerror}; playing on without")
        return None
