"""Blend modes of layers: a grey of 200 below, a grey of 100 above."""

from __future__ import annotations

import pygame
import pytest

from live.video.blend import lay


class Grey:
    def __init__(self, level: int) -> None:
        self.level = level

    def draw(self, surface: pygame.Surface) -> None:
        surface.fill((self.level,) * 3, (0, 0, 10, 5))


@pytest.mark.parametrize(
    ("blend", "opacity", "expected"),
    [
        ("over", 1.0, 100),
        ("over", 0.5, 150),
        ("over", 0.0, 200),
        ("add", 1.0, 255),
        ("add", 0.25, 225),
        ("multiply", 1.0, 200 * 100 / 255),
        ("multiply", 0.5, (200 + 200 * 100 / 255) / 2),
        ("multiply", 0.0, 200),
        ("screen", 1.0, 300 - 200 * 100 / 255),
        ("screen", 0.5, 250 - 200 * 50 / 255),
    ],
)
def test_blends(blend: str, opacity: float, expected: float) -> None:
    surface = pygame.Surface((10, 10), 0, 32)
    surface.fill((200, 200, 200))
    lay(surface, Grey(100), opacity, blend)
    assert surface.get_at((5, 2))[0] == pytest.approx(expected, abs=2)
    assert surface.get_at((5, 7))[0] == 200  # where it draws nothing, all is as it was


@pytest.mark.parametrize("blend", ["over", "add", "multiply", "screen"])
def test_nothing_is_drawn_outside_of_the_clip(blend: str) -> None:
    surface = pygame.Surface((10, 10), 0, 32)
    surface.fill((200, 200, 200))
    surface.set_clip((0, 0, 5, 10))
    lay(surface, Grey(100), 0.5, blend)
    assert surface.get_at((7, 2))[0] == 200
    assert surface.get_at((2, 2))[0] != 200
