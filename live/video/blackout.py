"""The blackout: black over everything that the window shows, as near to the eye as can be.

The main thread reads it from the tree where it draws the frame: it needs no cue, morph, mapping or model to work, and
none of them can lift it.
"""

from __future__ import annotations

from typing import Final

import pygame

from live.parameters.tree import Tree
from models.base import Knob

BLACKOUT: Final = "/engine/blackout"


class Blackout:
    """Declares the address, and darkens surfaces as it says."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        tree.add(BLACKOUT, Knob("Black over everything: 1 is black; a second number fades there in seconds", 0.0, 1.0))

    @property
    def closed(self) -> float:
        """How far it is closed now, 0..1."""
        return float(self._tree.get(BLACKOUT))  # type: ignore[arg-type]

    def darken(self, surface: pygame.Surface, box: pygame.Rect, closed: float) -> None:
        """Takes that share of the light from a part of a surface."""
        if closed >= 1.0:
            surface.fill((0, 0, 0), box)
        elif closed > 0.0:
            left = round(255 * (1.0 - closed))
            surface.fill((left, left, left), box, pygame.BLEND_RGB_MULT)
