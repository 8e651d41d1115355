"""`/window/input`: signals the use of a key, the pointer or the touch screen of the window."""

from __future__ import annotations

from typing import Final

import pygame

from live.parameters.tree import Tree

EVERY_S: Final = 0.25
"""It is sent no more often than this."""
KINDS: Final = {
    pygame.KEYDOWN: "key",
    pygame.MOUSEBUTTONDOWN: "pointer",
    pygame.MOUSEMOTION: "pointer",
    pygame.FINGERDOWN: "finger",
    pygame.FINGERMOTION: "finger",
}


def declare_input(tree: Tree) -> None:
    """Declares the signal."""
    tree.add_signal("/window/input", "s", "A key, the pointer or a finger is used in the window")


class InputSignal:
    """Sends the signal."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._sent_s = float("-inf")

    def see(self, event: pygame.event.Event, now_s: float) -> None:
        """Looks at an event of the window."""
        if event.type in KINDS and now_s - self._sent_s >= EVERY_S:
            self._sent_s = now_s
            self._tree.publish("/window/input", KINDS[event.type])
