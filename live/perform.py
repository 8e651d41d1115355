"""One performance, from its first to its last note: what `arabesque PATCH` does once its wishes are known."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from live.clock import VirtualClock
from live.engine import Engine
from live.line import Terminal
from live.options import Options
from live.osc.reference import Form, table
from live.patch import PatchError, find, load

log = logging.getLogger(__name__)


def perform(
    patch: str,
    options: Options,
    *,
    seconds: float | None,
    offline: bool,
    headless: bool,
    render: Path | None,
    on_stop: Callable[[Callable[[], None]], None],
) -> int:
    """Plays; returns the exit status. `on_stop` is given what a signal should call.

    Offline it plays on a virtual clock, to the recording only.
    """
    with tempfile.TemporaryDirectory(prefix="arabesque-") as scratch:
        if render and options.record is None:
            options = replace(options, record=Path(scratch) / "played.mid")
        if offline:
            options = replace(options, midi="silent", osc=None, osc_out=())
        show = not (headless or offline)
        try:
            path = find(patch)
            engine = Engine(load(path), VirtualClock() if offline else None, options, path)
        except PatchError as error:
            log.error("%s", error)
            return 1
        on_stop(engine.stop_soon)
        terminal = Terminal(engine.clock)
        if show:
            engine.views.append(terminal.view)
        try:
            engine.open()
            if offline:
                engine.advance(seconds or 0.0)
            else:
                engine.run(seconds, terminal.draw if show else lambda: None)
        except PatchError as error:
            log.error("%s", error)
            return 1
        finally:
            engine.close()
            if show:
                terminal.end()
        recording = engine.voices.recording()
        return _render(recording.recording, render) if recording and recording.recording and render else 0


def _render(recording: Path, wav: Path) -> int:
    from live.sound.render import main

    return main([str(recording), str(wav)])


def address_table(patch: str, form: Form) -> int:
    """Prints the addresses of a patch, from its declarations, without opening any port."""
    try:
        path = find(patch)
        engine = Engine(load(path), VirtualClock(), Options(midi="silent", osc=None))
        engine.open()
    except PatchError as error:
        log.error("%s", error)
        return 1
    sys.stdout.write(table(engine.tree, form) + "\n")
    engine.close()
    return 0
