"""Text on the screen in pygame's default font."""

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
    """One line of text, `height` pixels high; characters that cannot be printed are left out."""
    return _font(height).render("".join(c for c in text if c.isprintable())[:300], True, colour)
