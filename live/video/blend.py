"""Blends one layer over the layers below."""

from __future__ import annotations

from typing import Protocol

import pygame


class Drawable(Protocol):
    """Something that can be drawn over a surface."""

    def draw(self, surface: pygame.Surface) -> None: ...


def lay(surface: pygame.Surface, drawn: Drawable, opacity: float, blend: str) -> None:
    """Draws with an opacity 0..1 and one of `live.video.BLENDS`, inside the clip of the surface."""
    if opacity <= 0.0:
        return
    if blend == "over":
        if opacity >= 1.0:
            drawn.draw(surface)
            return
        over = surface.copy()
        over.set_clip(surface.get_clip())
        drawn.draw(over)
        over.set_alpha(round(opacity * 255.0))
        surface.blit(over, (0, 0))
        return
    part = round(opacity * 255.0)
    alone = pygame.Surface(surface.get_size(), 0, 32)
    alone.set_clip(surface.get_clip())
    if blend == "multiply":
        alone.fill((255, 255, 255))
        drawn.draw(alone)
        alone.fill((part,) * 3, special_flags=pygame.BLEND_RGB_MULT)
        alone.fill((255 - part,) * 3, special_flags=pygame.BLEND_RGB_ADD)
        surface.blit(alone, (0, 0), special_flags=pygame.BLEND_RGB_MULT)
        return
    drawn.draw(alone)
    if part < 255:
        alone.fill((part,) * 3, special_flags=pygame.BLEND_RGB_MULT)
    if blend == "screen":  # a + b - a b
        under = pygame.Surface(surface.get_size(), 0, 32)
        under.set_clip(surface.get_clip())
        under.fill((255, 255, 255))
        under.blit(surface, (0, 0), special_flags=pygame.BLEND_RGB_SUB)
        alone.blit(under, (0, 0), special_flags=pygame.BLEND_RGB_MULT)
    surface.blit(alone, (0, 0), special_flags=pygame.BLEND_RGB_ADD)
