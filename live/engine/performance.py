"""Runs one performance, after the command line was parsed."""

from __future__ import annotations

import faulthandler
import logging
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from live.engine.engine import Engine
from live.engine.options import Options
from live.engine.show_log import ShowLog
from live.engine.signal_watch import SignalWatch
from live.engine.stop_deadline import StopDeadline
from live.engine.terminal import StatusStream, Terminal
from live.gallery.arguments import kiosk_settings
from live.nodes.frame_runner import FrameRunner
from live.patch import PatchError, find
from live.service.installation import Installation
from live.service.supervision import Supervision
from live.system.realtime import spare_loaded_objects
from live.transport.clock import Clock, VirtualClock
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
    terminal: StatusStream | None = None,
) -> int:
    """Plays; returns the exit status. `on_stop` is given what a signal should call, and `terminal` is where a running
    line may be shown.

    With `offline` it plays on a virtual clock, for the recording only.
    """
    supervision = _supervision(patch, options)
    try:
        path = find(patch)
        loaded = supervision.load_patch(path)
    except PatchError as error:
        log.error("%s", error)
        return 1
    options = replace(options, window=not headless)
    if options.kiosk:
        options = replace(options, settings=(*kiosk_settings(loaded.window is not None), *options.settings))
    if supervision.start.safe:  # what crashed it may be in the saved state
        options = replace(options, restore="never")
    if options.seed is None and loaded.seed is None:
        loaded.seed = secrets.randbelow(2**31)
        log.info("seed %d (--seed %d repeats this performance)", loaded.seed, loaded.seed)
    with tempfile.TemporaryDirectory(prefix="arabesque-") as scratch:
        if render and options.record is None:
            options = replace(options, record=Path(scratch) / "played.mid")
        if offline:
            options = replace(options, midi="silent", osc=None, osc_out=())
        engine = Engine(loaded, VirtualClock() if offline else None, options, path, supervision)
        on_stop(engine.stop_soon)
        signals = None if offline else SignalWatch()

        def last() -> None:
            engine.end_notes()
            supervision.ended()

        deadline = StopDeadline(engine.stopping, last)
        display: Terminal | ShowLog = ShowLog(engine.clock, engine.tree, engine.nodes)
        if terminal is not None and not headless:
            display = Terminal(engine.clock, engine.nodes, terminal)
        screen = Screen(engine.stage, os.environ.get("SDL_VIDEODRIVER"), options.kiosk_code)
        if not offline:
            engine.routing.views.append(display.view)
        try:
            engine.open()
            if offline:
                if options.record_video is None:
                    _rest_painters(engine)
                engine.advance(seconds or 0.0)
            else:
                spare_loaded_objects()
                engine.run(seconds, partial(_show, display, None if headless else screen))
        except PatchError as error:
            log.error("%s", error)
            return 1
        finally:
            engine.close()
            screen.close()
            if not offline:
                display.end()
            deadline.cancel()
            if signals is not None:
                signals.close()
        supervision.ended()
        if engine.exit_status:
            return engine.exit_status
        if engine.nodes.stuck:
            return 1
        recording = engine.voices.recording()
        return to_sound(recording.recording, render) if recording and recording.recording and render else 0


def _supervision(patch: str, options: Options) -> Supervision:
    """How this engine was started; an installed show counts its starts."""
    if options.service is None:
        return Supervision(Path(patch).stem)
    faulthandler.enable()  # a supervisor ends an engine that hangs by SIGABRT: the log then has every thread's line
    installation = Installation(options.service, Clock())
    return Supervision(options.service, installation=installation, start=installation.begin())


def _rest_painters(engine: Engine) -> None:
    """Pauses the painters, whose pictures take most of the time and are not recorded."""
    for name, runner in engine.nodes.items():
        if isinstance(runner, FrameRunner):
            engine.tree.set(f"/{name}/pause", True)


def _show(display: Terminal | ShowLog, screen: Screen | None) -> float:
    display.draw()
    return screen.frame() if screen is not None else float("inf")


def to_sound(recording: Path, wav: Path) -> int:
    """Turns a MIDI file into sound; returns the exit status."""
    # In its own process: it needs one BLAS thread, which must be set before numpy is loaded.
    return subprocess.run([sys.executable, "-m", "live.commands.render", recording, wav], check=False).returncode
