"""Ableton Link: shares tempo and beats with all Link programs on the network, without a leader.

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
from live.transport.clock import BeatLine, Clock
from models.base import Knob

log = logging.getLogger(__name__)

SYNC_EVERY_S = 0.02
CHANGED_BPM = 0.01
JOIN_WITHIN_S = 2.0
HELP = "Ableton Link needs aalink: install the extra arabesque[link]"


class AbletonLink:
    """The control-thread service that shares tempo and beats with a Link session while `/clock/source` is `link`.

    Bars are aligned, too: Link's quantum is the meter of the clock. Setting `/clock/tempo` changes the tempo of the
    session; `/clock/play` affects this program only, which resumes at the session's beat.
    """

    def __init__(self, tree: Tree, clock: Clock, fail: Callable[[str], None]) -> None:
        self.tree = tree
        self.clock = clock
        self._fail = fail
        self._session: LinkSession | None = None
        self._tempo = 0.0
        self._state = ""

    def open(self) -> None:
        """Declares the address."""
        how = "Number of other programs in the Ableton Link session"
        self.tree.add("/clock/link", Knob(how, kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Does nothing: Link does not depend on the patch."""

    def advance(self, now_s: float) -> float:
        """Takes tempo and beat from the session, and passes on a tempo that was set here."""
        if self.tree.get("/clock/source") != "link":
            self._leave()
            self._publish("")
            return float("inf")
        if self._session is None:
            self._tempo = self.clock.beats.tempo_bpm
            self._session = LinkSession(self._tempo)
        if self._session.failed:
            self._fail(self._session.failed)
            self._leave()
            self.tree.set("/clock/source", "internal")
            return float("inf")
        link = self._session.link
        if link is None:
            self._publish("joining")
            return now_s + SYNC_EVERY_S
        link.quantum = float(self.clock.meter)
        wanted = float(self.tree.get("/clock/tempo"))  # type: ignore[arg-type]
        if abs(wanted - self._tempo) >= CHANGED_BPM:
            link.tempo = self._tempo = wanted
        elif abs(link.tempo - wanted) >= CHANGED_BPM:
            self._tempo = round(link.tempo, 2)
            self.tree.publish("/clock/tempo", self._tempo)
        before_s, beat = self.clock.now(), link.beat
        at_s = (before_s + self.clock.now()) / 2.0
        self.clock.follow(BeatLine(at_s, beat, link.tempo, bool(self.tree.get("/clock/play"))))
        others = link.num_peers
        self._publish(f"{others} other{'s' * (others != 1)}" if others else "no others")
        return now_s + SYNC_EVERY_S

    def close(self) -> None:
        """Leaves the session."""
        session, self._session = self._session, None
        if session is not None:
            session.leave()
            session.join()

    # -- inside -------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Leaves the session without waiting."""
        if self._session is not None:
            self._session.leave()
            self._session = None

    def _publish(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.tree.publish("/clock/link", state)


class LinkSession:
    """Joins a Link session on its own thread, since importing aalink and opening its sockets may take seconds."""

    def __init__(self, tempo_bpm: float) -> None:
        self.link: Any = None
        """aalink's Link, once it has joined."""
        self.failed = ""
        """The error if it could not join."""
        self._tempo_bpm = tempo_bpm
        self._lock = threading.Lock()
        self._left = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Leaves the session; returns at once."""
        with self._lock:
            self._left = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)

    def join(self) -> None:
        """Waits briefly for the thread to end."""
        self._thread.join(JOIN_WITHIN_S)

    def _run(self) -> None:
        try:
            aalink = importlib.import_module("aalink")
        except ImportError:
            self.failed = HELP
            return
        try:
            loop = asyncio.new_event_loop()  # required by aalink for its callbacks, which are not used
            with self._lock:
                if self._left:
                    loop.close()
                    return
                self._loop = loop
            link = loop.run_until_complete(self._make(aalink))
            link.enabled = True
            self.link = link
            log.info("joined an Ableton Link session")
            if not self._left:
                loop.run_forever()
            link.enabled = False
        except Exception as error:
            self.failed = f"Ableton Link: {error}"
        finally:
            with self._lock:
                loop, self._loop = self._loop, None  # type: ignore[assignment]
            if loop is not None:
                loop.close()

    async def _make(self, aalink: Any) -> Any:
        return aalink.Link(self._tempo_bpm)
