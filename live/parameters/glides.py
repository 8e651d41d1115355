"""Publishes the values of parameters that glide, twenty times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock

STEP_S: Final = 0.05
"""How often the value of a glide is published; a query gets the value of its moment."""


class Glides:
    """The control-thread service that follows the tree's glides; it sleeps while there are none."""

    def __init__(self, tree: Tree, clock: Clock, wake: Callable[[], None]) -> None:
        self.tree = tree
        self.clock = clock
        self._wake = wake
        self._awake = False
        self._step_s = 0.0

    def open(self) -> None:
        """Begins to watch."""
        self.tree.watchers.append(self._watch)

    def follow(self, patch: Patch) -> None:
        """Glides are the tree's, whatever the patch."""

    def advance(self, now_s: float) -> float:
        """Tells, if it is time to."""
        if self._awake and now_s >= self._step_s:
            self._awake = False  # first, so that a glide that begins meanwhile is not overlooked
            self.tree.gliding()
            if self.tree.glides:
                self._awake, self._step_s = True, now_s + STEP_S
        return self._step_s if self._awake else float("inf")

    def close(self) -> None:
        """Nothing to give back."""

    def _watch(self, _address: str, _arguments: tuple[Any, ...]) -> None:
        if not self._awake and self.tree.glides:
            self._awake, self._step_s = True, self.clock.now() + STEP_S
            self._wake()
