"""One performance, from its first to its last note: what `arabesque PATCH` does once its wishes are known."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from live.clock import VirtualClock
from live.engine import Engine
from live.frames import FrameRunner
from live.line import Terminal
from live.logbook import Logbook
from live.options import Options
from live.osc.reference import Form, table
from live.patch import PatchError, find, load
from live.video.window import Screen

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
        try:
            path = find(patch)
            engine = Engine(load(path), VirtualClock() if offline else None, options, path)
        except PatchError as error:
            log.error("%s", error)
            return 1
        on_stop(engine.stop_soon)
        told: Terminal | Logbook = Terminal(engine.clock, engine.runners)
        if headless or not sys.stderr.isatty():
            told = Logbook(engine.clock, engine.tree, engine.runners)
        screen = Screen(engine.stage, os.environ.get("SDL_VIDEODRIVER"))
        if not offline:
            engine.outlets.views.append(told.view)
        try:
            engine.open()
            if offline:
                if options.record_video is None:
                    _rest_painters(engine)
                engine.advance(seconds or 0.0)
            else:
                engine.run(seconds, partial(_show, told, None if headless else screen))
        except PatchError as error:
            log.error("%s", error)
            return 1
        finally:
            engine.close()
            screen.close()
            if not offline:
                told.end()
        recording = engine.voices.recording()
        return to_sound(recording.recording, render) if recording and recording.recording and render else 0


def _rest_painters(engine: Engine) -> None:
    """Nobody keeps the pictures, which take most of the time."""
    for name, runner in engine.runners.items():
        if isinstance(runner, FrameRunner):
            engine.tree.set(f"/{name}/pause", True)


def _show(told: Terminal | Logbook, screen: Screen | None) -> float:
    told.draw()
    return screen.frame() if screen is not None else float("inf")


def to_sound(recording: Path, wav: Path) -> int:
    """Turns a MIDI file into sound; returns the exit status."""
    # In a process of its own: it wants one BLAS thread, which must be said before numpy is loaded.
    return subprocess.run([sys.executable, "-m", "live.sound.render", recording, wav], check=False).returncode


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
