"""The blackout: the window is darkened after all layers are drawn.

The main thread reads its value from the tree when it draws a frame: it does not depend on cues, morphs, mappings or
models, and none of them can change it.
"""

from __future__ import annotations

from typing import Final

import pygame

from live.parameters.tree import Tree
from models.base import Knob

BLACKOUT: Final = "/engine/blackout"


class Blackout:
    """Declares `/engine/blackout` and darkens surfaces by its value."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        tree.add(BLACKOUT, Knob("Darkness of the window: 1 is black; a second number is the fade in seconds", 0.0, 1.0))

    @property
    def dark(self) -> float:
        """The current darkness, 0..1."""
        return float(self._tree.get(BLACKOUT))  # type: ignore[arg-type]

    def darken(self, surface: pygame.Surface, box: pygame.Rect, dark: float) -> None:
        """Removes this share of the light from a part of a surface."""
        if dark >= 1.0:
            surface.fill((0, 0, 0), box)
        elif dark > 0.0:
            left = round(255 * (1.0 - dark))
            surface.fill((left, left, left), box, pygame.BLEND_RGB_MULT)
