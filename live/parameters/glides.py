"""Publishes the values of parameters that glide, twenty times a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock

STEP_S: Final = 0.05
"""Interval at which a gliding value is published; a query returns the current value."""


class Glides:
    """The control-thread service that follows the tree's glides; it sleeps while there are none."""

    def __init__(self, tree: Tree, clock: Clock, wake: Callable[[], None]) -> None:
        self.tree = tree
        self.clock = clock
        self._wake = wake
        self._awake = False
        self._step_s = 0.0

    def open(self) -> None:
        """Starts to watch the tree."""
        self.tree.watchers.append(self._watch)

    def follow(self, patch: Patch) -> None:
        """Does nothing: glides do not depend on the patch."""

    def advance(self, now_s: float) -> float:
        """Publishes the gliding values, if it is time."""
        if self._awake and now_s >= self._step_s:
            self._awake = False  # first, so that a glide that begins meanwhile is not overlooked
            self.tree.gliding()
            if self.tree.glides:
                self._awake, self._step_s = True, now_s + STEP_S
        return self._step_s if self._awake else float("inf")

    def close(self) -> None:
        """Does nothing: no resource is open."""

    def _watch(self, _address: str, _arguments: tuple[Any, ...]) -> None:
        if not self._awake and self.tree.glides:
            self._awake, self._step_s = True, self.clock.now() + STEP_S
            self._wake()
