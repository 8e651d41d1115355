"""How an engine begins to keep a session."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from live.session.journal import Head
from live.session.recording import Recording, versions

if TYPE_CHECKING:
    from live.engine import Engine


def begin(engine: Engine) -> Recording | None:
    """A recording of all that will happen, where the options ask for one; what cannot be is told and done without."""
    wanted, text = engine.options.session, engine.patch.text
    if wanted is None:
        return None
    if engine.path is None or not text:
        engine.fail(f"--record-session {wanted}: the patch comes from no file; playing on without")
        return None
    head = Head(
        patch=str(engine.path.resolve()),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        date=engine.clock.date(),
        versions=versions(),
        seed=engine.options.seed,
        settings=engine.options.settings,
    )
    try:
        return Recording(wanted, head, engine.clock, engine.fail)
    except OSError as error:
        engine.fail(f"--record-session {wanted}: {error.strerror}; playing on without")
        return None
