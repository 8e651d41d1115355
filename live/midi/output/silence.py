"""`/midi/silence`: pauses every node that plays MIDI while the switch is on."""

from __future__ import annotations

import threading

from live.parameters.tree import Tree
from live.patch import Patch
from models.base import Knob, Value


class Silence:
    """The service of the switch, usable from any thread; switching off resumes only the nodes that it paused."""

    def __init__(self, tree: Tree, patch: Patch) -> None:
        self.tree = tree
        self._patch = patch
        self._lock = threading.Lock()
        self._paused: list[str] = []

    def open(self) -> None:
        """Declares the address."""
        meaning = "While this is on, every node that plays MIDI pauses and no note sounds"
        self.tree.add("/midi/silence", Knob(meaning, kind="switch", default=False), self._switch)

    def follow(self, patch: Patch) -> None:
        """Also pauses the nodes that a reload added."""
        with self._lock:
            self._patch = patch
            if self.tree.get("/midi/silence"):
                self._pause()

    def advance(self, now_s: float) -> float:  # noqa: ARG002
        """Does nothing: the switch acts at once."""
        return float("inf")

    def close(self) -> None:
        """Does nothing: no resource is open."""

    def _switch(self, on: Value) -> None:
        with self._lock:
            if on:
                self._pause()
                self.tree.set("/midi/panic", True)
                return
            with self.tree.batch():
                for address in self._paused:
                    if address in self.tree:
                        self.tree.set(address, False)
            self._paused = []

    def _pause(self) -> None:
        names = [name for name, node in self._patch.nodes.items() if node.midi is not None]
        playing = [f"/{name}/pause" for name in names if f"/{name}/pause" in self.tree]
        playing = [address for address in playing if not self.tree.get(address)]
        with self.tree.batch():
            for address in playing:
                self.tree.set(address, True)
        self._paused += playing
