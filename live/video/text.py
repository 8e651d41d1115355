"""Words on the screen, in the one font that comes with pygame."""

from __future__ import annotations

from functools import lru_cache

import pygame

Colour = tuple[int, int, int]


@lru_cache(maxsize=8)
def _font(height: int) -> pygame.font.Font:
    pygame.font.init()
    return pygame.font.Font(None, height)


@lru_cache(maxsize=512)
def label(text: str, height: int, colour: Colour) -> pygame.Surface:
    """One line of text, so many pixels high; what pygame cannot write, such as a line break, is left out."""
    return _font(height).render("".join(c for c in text if c.isprintable())[:300], True, colour)
