"""Video feedback: the last picture, zoomed, moved, rotated and dimmed, is drawn into the next one."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from models.base import Page, Pen


@pytest.fixture
def surface(show: Any) -> pygame.Surface:
    return pygame.Surface(show.stage.size, 0, 32)


def dot(show: Any, x: float, y: float) -> None:
    show.ink.send(0.0, Pen(x, y, False))
    show.ink.send(0.0, Pen(x, y, True))


def play(show: Any, surface: pygame.Surface, from_s: float, seconds: float, rate: int = 30) -> None:
    for number in range(round(seconds * rate) + 1):
        show.at(from_s + number / rate)
        show.stage.draw(surface)


def feed(show: Any, **given: Any) -> None:
    for name, value in given.items():
        show.tree.set(f"/window/feedback/{name}", value)


def test_a_drawing_that_is_erased_stays_as_a_trail_that_fades_away(show: Any, surface: pygame.Surface) -> None:
    feed(show, amount=0.9, zoom=1.0)
    dot(show, 0.0, 0.0)
    play(show, surface, 0.0, 1.0)
    full = surface.get_at((100, 50))[0]
    assert full > 200
    show.ink.send(0.0, Page("clear"))
    play(show, surface, 1.0, 0.2)
    trail = surface.get_at((100, 50))[0]
    assert 60 < trail < full - 40
    play(show, surface, 2.0, 4.0)
    assert surface.get_at((100, 50))[:3] == surface.get_at((5, 5))[:3]  # no ghost is left


def test_zoom_and_pan_carry_it_outward(show: Any, surface: pygame.Surface) -> None:
    feed(show, amount=0.95, zoom=1.05, blend="lighten")
    dot(show, 0.4, 0.0)
    play(show, surface, 0.0, 0.6)
    assert surface.get_at((140, 50))[0] > 60  # the dot is at 120, 20 pixels from the middle
    assert surface.get_at((60, 50))[0] < 40
    feed(show, amount=0.0)
    play(show, surface, 1.0, 0.1)
    assert surface.get_at((140, 50))[0] < 40
    feed(show, amount=0.95, zoom=1.0, pan=(-0.05, 0.0))
    play(show, surface, 2.0, 0.4)
    assert surface.get_at((40, 50))[0] > 60


def test_it_turns_clockwise(show: Any, surface: pygame.Surface) -> None:
    feed(show, amount=0.97, zoom=1.0, rotation=3.0, blend="lighten")
    dot(show, 0.8, 0.0)
    play(show, surface, 0.0, 1.0)
    assert surface.get_at((100, 90))[0] > 40  # from the right downward
    assert surface.get_at((100, 10))[0] < 40


def test_the_rate_of_the_window_makes_no_difference(show: Any) -> None:
    feed(show, amount=0.9, zoom=1.02)
    dot(show, 0.2, 0.0)
    ends = []
    for number, rate in enumerate((20, 60)):
        surface = pygame.Surface(show.stage.size, 0, 32)
        feed(show, amount=0.0)
        play(show, surface, 10.0 * number, 0.1)
        feed(show, amount=0.9)
        play(show, surface, 10.0 * number + 1.0, 2.0, rate)
        ends.append([surface.get_at((x, 50))[0] for x in range(100, 200, 4)])
    assert max(abs(a - b) for a, b in zip(*ends, strict=True)) < 24


def test_a_screenshot_is_what_was_shown(show: Any, surface: pygame.Surface) -> None:
    feed(show, amount=0.9)
    dot(show, 0.4, 0.0)
    play(show, surface, 0.0, 0.5)
    show.ink.send(0.0, Page("clear"))
    play(show, surface, 0.5, 0.1)
    assert show.stage.picture().get_at((120, 50))[0] == pytest.approx(surface.get_at((120, 50))[0], abs=1)


def test_blackout_stays_black_and_without_feedback_nothing_is_drawn_twice(show: Any, surface: pygame.Surface) -> None:
    feed(show, amount=1.0)
    dot(show, 0.0, 0.0)
    play(show, surface, 0.0, 0.2)
    show.tree.set("/engine/blackout", 1.0)
    play(show, surface, 0.5, 0.1)
    assert surface.get_at((100, 50))[:3] == (0, 0, 0)
    show.tree.set("/engine/blackout", 0.0)
    feed(show, amount=0.0)
    play(show, surface, 1.0, 0.1)
    assert show.stage.draw(surface) is None
