"""Ableton Link: the beats are shared with all programs on the network that know it, and nobody leads.

Needs the extra `arabesque[link]` (aalink, under the GPL-3), imported only when `/clock/source` is set to `link`.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Callable
from typing import Any

from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Beat, Clock
from models.base import Knob

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.02
TELL_BPM = 0.01
HELP = "Ableton Link needs aalink: install the extra arabesque[link]"


class AbletonLink:
    """The control-thread service that shares tempo and beats with a Link session while `/clock/source` is `link`.

    Bars are in step, too: Link's quantum is our meter. `/clock/tempo` set here goes to all others; `/clock/play` is
    ours alone, and comes in again where the others are.
    """

    def __init__(self, tree: Tree, clock: Clock, fail: Callable[[str], None]) -> None:
        self.tree = tree
        self.clock = clock
        self._fail = fail
        self._link: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tempo = 0.0
        self._told = ""

    def open(self) -> None:
        """Declares the address."""
        how = "Who shares the beats over Ableton Link"
        self.tree.add("/clock/link", Knob(how, kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Nothing of it is the patch's."""

    def advance(self, now_s: float) -> float:
        """Takes tempo and beat over from the session, and hands on what was set here."""
        if self.tree.get("/clock/source") != "link":
            self.close()
            self._tell("")
            return float("inf")
        if self._link is None and not self._join():
            return float("inf")
        link = self._link
        link.quantum = float(self.clock.meter)
        wanted = float(self.tree.get("/clock/tempo"))  # type: ignore[arg-type]
        if abs(wanted - self._tempo) >= TELL_BPM:
            link.tempo = self._tempo = wanted
        elif abs(link.tempo - wanted) >= TELL_BPM:
            self._tempo = round(link.tempo, 2)
            self.tree.publish("/clock/tempo", self._tempo)
        before_s, beat = self.clock.now(), link.beat
        at_s = (before_s + self.clock.now()) / 2.0
        self.clock.follow(Beat(at_s, beat, link.tempo, bool(self.tree.get("/clock/play"))))
        others = link.num_peers
        self._tell(f"{others} other{'s' * (others != 1)}" if others else "nobody else yet")
        return now_s + LOOK_EVERY_S

    def close(self) -> None:
        """Leaves the session."""
        if self._link is not None:
            self._link.enabled = False
            self._link = None
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None

    # -- inside -------------------------------------------------------------------------------------------------

    def _join(self) -> bool:
        try:
            aalink = importlib.import_module("aalink")
        except ImportError:
            self._fail(HELP)
            self.tree.set("/clock/source", "internal")
            return False
        # It wants an event loop for its callbacks, of which we use none.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)
        self._thread.start()
        self._tempo = self.clock.beats.tempo_bpm

        async def make() -> Any:
            return aalink.Link(self._tempo)

        self._link = asyncio.run_coroutine_threadsafe(make(), self._loop).result()
        self._link.enabled = True
        log.info("sharing the beats over Ableton Link")
        return True

    def _tell(self, state: str) -> None:
        if state != self._told:
            self._told = state
            self.tree.publish("/clock/link", state)
