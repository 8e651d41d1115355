"""Reloads the file of a patch when it is saved, and on request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from live.engine.patch_follower import PatchFollower
from live.nodes.loading import load_model
from live.patch import PatchError, load
from live.system.sentence import describe

log = logging.getLogger(__name__)

JOIN_WITHIN_S = 5.0
"""How long `close` waits for a reload that is loading a model."""


class Reloader:
    """Reloads the patch on its own thread; after an error the last good patch continues.

    Requests during a reload are merged into one, so that a flood of requests starts no further threads.
    """

    def __init__(self, path: Path, follower: PatchFollower, fail: Callable[[str], None]) -> None:
        self._path = path
        self._follower = follower
        self._fail = fail
        self._turn = threading.Condition()
        self._requested = False
        self._stop = threading.Event()
        self._reloading = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, watch: bool) -> None:
        """Accepts requests from now on; with `watch`, saving the file is a request, too."""
        self._threads = [threading.Thread(target=self._run, name="reload", daemon=True)]
        if watch:
            self._threads.append(threading.Thread(target=self._watch, name="patch file", daemon=True))
        for thread in self._threads:
            thread.start()

    def request(self) -> None:
        """Requests a reload, from any thread, and returns at once; before `start` the reload runs in this call."""
        if not self._threads:
            self.reload()
            return
        with self._turn:
            self._requested = True
            self._turn.notify()

    def reload(self) -> bool:
        """Loads the file and applies its changes; returns False, after reporting the error, if it cannot be loaded."""
        with self._reloading:
            try:
                return not self._stop.is_set() and self._reload()
            except Exception as error:
                log.debug("reload", exc_info=True)
                self._fail(f"{self._path}: {describe(error)}")
                return False

    def close(self) -> None:
        """Ends the threads; waits at most 5 s for a reload that is loading a model."""
        self._stop.set()
        with self._turn:
            self._turn.notify()
        for thread in self._threads:
            thread.join(JOIN_WITHIN_S)

    # -- inside -------------------------------------------------------------------------------------------------

    def _reload(self) -> bool:
        try:
            new = load(self._path)
            changes = self._follower.changes_to(new)
            fresh = {change.node for change in changes if change.do in ("add", "weights")}
            models = {name: load_model(name, new.nodes[name], self._path) for name in fresh}
        except PatchError as error:
            self._fail(str(error))
            return False
        if self._stop.is_set():
            return False
        self._follower.follow(new, changes, models)
        log.info("%s: reloaded, %d change%s", self._path, len(changes), "s" * (len(changes) != 1))
        return True

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._requested and not self._stop.is_set():
                    self._turn.wait()
                self._requested = False
            if self._stop.is_set():
                return
            self.reload()

    def _watch(self) -> None:
        from watchfiles import watch

        path = self._path.resolve()
        # The folder is watched, since most editors replace the file instead of writing to it.
        for touched in watch(path.parent, stop_event=self._stop, recursive=False, rust_timeout=500):
            files = {path, *self._follower.patch.beside}
            if any(Path(name) in files for _, name in touched):
                self.request()
