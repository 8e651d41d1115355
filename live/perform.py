"""One performance, from its first to its last note: what `arabesque PATCH` does once its wishes are known."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from live.clock import VirtualClock
from live.engine import Engine, Options
from live.line import Terminal
from live.osc.reference import Form, table
from live.patch import PatchError, find, load

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asked for."""

    patch: str
    seconds: float | None
    offline: bool
    headless: bool
    record: Path | None
    render: Path | None
    midi: str | None
    soundfont: str | None
    seed: int | None
    osc: tuple[str, int] | None
    osc_out: tuple[tuple[str, int], ...]
    settings: tuple[tuple[str, str], ...]
    watch: bool


def perform(wish: Wish, on_stop: Callable[[Callable[[], None]], None]) -> int:
    """Plays; returns the exit status. `on_stop` is given what a signal should call."""
    with tempfile.TemporaryDirectory(prefix="arabesque-") as scratch:
        record = wish.record or (Path(scratch) / "played.mid" if wish.render else None)
        options = Options(
            seed=wish.seed,
            midi="silent" if wish.offline else wish.midi,
            soundfont=wish.soundfont,
            record=record,
            osc=None if wish.offline else wish.osc,
            osc_out=() if wish.offline else wish.osc_out,
            settings=wish.settings,
            watch=wish.watch,
        )
        try:
            path = find(wish.patch)
            engine = Engine(load(path), VirtualClock() if wish.offline else None, options, path)
            on_stop(engine.stop_soon)
            terminal = Terminal(engine.clock)
            show = not (wish.headless or wish.offline)
            if show:
                engine.views.append(terminal.view)
            try:
                engine.open()
                if wish.offline:
                    engine.advance(wish.seconds or 0.0)
                else:
                    engine.run(wish.seconds, terminal.draw if show else lambda: None)
            finally:
                engine.close()
                if show:
                    terminal.end()
        except PatchError as error:
            log.error("%s", error)
            return 1
        if wish.render and record:
            from live.sound.render import render

            render(record, wish.render)
    return 0


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
