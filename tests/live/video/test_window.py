"""The window with SDL's dummy driver: pictures, published values, and input."""

from __future__ import annotations

import logging
from typing import Any

import pygame
import pytest

from live.video import Window
from live.video.window import Screen
from models.base import Pen


@pytest.fixture
def screen(show: Any) -> Screen:
    screen = Screen(show.stage, "dummy")
    screen.frame()
    return screen


def frame(show: Any, screen: Screen, now_s: float) -> float:
    show.at(now_s)
    return screen.frame()


def shown(screen: Screen, x: int, y: int) -> int:
    assert screen.surface is not None
    level: int = screen.surface.get_at((x, y))[0]
    return level


def test_it_shows_the_stage(show: Any, screen: Screen) -> None:
    show.ink.send(0.1, Pen(-1.0, 0.0, False))
    show.ink.send(0.1, Pen(1.0, 0.0, True))
    frame(show, screen, 0.05)
    assert shown(screen, 100, 50) < 50
    frame(show, screen, 0.1)
    assert shown(screen, 100, 50) > 200


def test_it_draws_at_its_rate_and_not_before(show: Any, screen: Screen) -> None:
    show.tree.set("/window/rate", 50.0)
    assert frame(show, screen, 1.0) == 1.0  # it is late, and draws the next one at once
    assert frame(show, screen, 1.0) == 1.02
    assert frame(show, screen, 1.019) == 1.02
    for number in range(1, 101):
        frame(show, screen, 1.0 + number * 0.02)
    assert show.tree.get("/window/fps") == pytest.approx(50.0, abs=1.0)


def test_only_what_has_changed_is_drawn(show: Any, screen: Screen) -> None:
    frame(show, screen, 1.0)
    assert screen.surface is not None
    assert show.stage.draw(screen.surface) is None
    show.ink.send(0.0, Pen(0.0, 0.0, True))
    show.at(1.1)
    box = show.stage.draw(screen.surface)
    assert box.collidepoint(100, 50)
    assert box.w < 20


def test_a_person_draws_with_the_mouse(show: Any, screen: Screen) -> None:
    def post(kind: int, x: int, **more: Any) -> None:
        pygame.event.post(pygame.event.Event(kind, pos=(x, 50), touch=False, **more))

    pygame.event.clear()
    post(pygame.MOUSEMOTION, 20, buttons=(0, 0, 0))
    post(pygame.MOUSEBUTTONDOWN, 50, button=1)
    post(pygame.MOUSEMOTION, 100, buttons=(1, 0, 0))
    post(pygame.MOUSEBUTTONUP, 100, button=1)
    post(pygame.MOUSEBUTTONDOWN, 150, button=3)
    frame(show, screen, 1.0)
    frame(show, screen, 1.1)
    assert show.points() == [[[(-1.0, 0.0), (0.0, 0.0)]]]
    assert shown(screen, 75, 50) > 200
    assert show.heard == [Pen(-1.0, 0.0, False), Pen(-1.0, 0.0, True), Pen(0.0, 0.0, True), Pen(0.0, 0.0, False)]


def test_two_fingers_draw_two_lines(show: Any, screen: Screen) -> None:
    pygame.event.clear()
    for kind in (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP):
        for finger in (1, 2):
            x = 0.25 if kind == pygame.FINGERDOWN else 0.5
            pygame.event.post(pygame.event.Event(kind, x=x, y=0.25 * finger, finger_id=finger))
    frame(show, screen, 1.0)
    frame(show, screen, 1.1)
    assert show.points() == [[[(-1.0, -0.5), (0.0, -0.5)]], [[(-1.0, 0.0), (0.0, 0.0)]]]


def test_fingers_are_distinguished_by_screen_and_number(show: Any, screen: Screen) -> None:
    told: list[tuple[Any, ...]] = []
    show.tree.watchers.append(lambda address, arguments: told.append(arguments) if address == "/ink/pen" else None)
    pygame.event.clear()
    names = 9_000_000_011, 9_000_000_021, 31  # alike in their last digit
    for kind, finger, x in [
        *((pygame.FINGERDOWN, finger, 0.25) for finger in names),
        (pygame.FINGERUP, names[1], 0.25),
        (pygame.FINGERDOWN, 5, 0.5),  # takes the number that is free again
        *((pygame.FINGERMOTION, finger, 0.75) for finger in (names[2], 5, names[0])),
        *((pygame.FINGERUP, finger, 0.75) for finger in (5, names[0], names[2])),
    ]:
        pygame.event.post(pygame.event.Event(kind, x=x, y=0.5, finger_id=finger))
    frame(show, screen, 1.0)
    frame(show, screen, 1.1)
    # Each finger has a pen below 0 of its own, and a finger that takes the place of another has its pen.
    assert [(pen, x, down) for x, _, down, pen in told if down] == [
        (-1, -1.0, 1), (-2, -1.0, 1), (-3, -1.0, 1), (-2, 0.0, 1), (-3, 1.0, 1), (-2, 1.0, 1), (-1, 1.0, 1)
    ]  # fmt: skip
    assert sorted(len(stroke) for drawing in show.points() for stroke in drawing) == [1, 2, 2, 2]


def test_values_help_and_errors_lie_over_it_and_go(show: Any, screen: Screen) -> None:
    frame(show, screen, 1.0)
    assert screen.surface is not None
    plain = screen.surface.get_view("2").raw
    for number, address in enumerate(("/window/hud", "/window/help"), 2):
        show.tree.set(address, True)
        frame(show, screen, float(number))
        assert screen.surface.get_view("2").raw != plain
        show.tree.set(address, False)
        frame(show, screen, number + 0.5)
        assert screen.surface.get_view("2").raw == plain
    show.tree.add_signal("/engine/error", "s", "What went wrong")
    show.tree.publish("/engine/error", "a string broke")
    frame(show, screen, 5.0)
    assert screen.surface.get_view("2").raw != plain
    frame(show, screen, 12.0)
    assert screen.surface.get_view("2").raw == plain


def test_closing_it_stops_in_order(show: Any, screen: Screen) -> None:
    from models.base import pulse

    stopped: list[object] = []
    show.tree.add("/engine/stop", pulse("Stop"), stopped.append)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    frame(show, screen, 1.0)
    assert stopped == [True]


def test_it_follows_the_patch(show: Any, screen: Screen) -> None:
    show.stage.set_window(Window(300, 200))
    frame(show, screen, 1.0)
    assert screen.surface is not None
    assert screen.surface.get_size() == (300, 200)
    show.stage.set_window(None)
    show.stage.remove("ink")
    assert frame(show, screen, 2.0) == float("inf")
    assert screen.surface is None


def test_the_screen_can_be_filled(show: Any, screen: Screen) -> None:
    show.tree.set("/window/fullscreen", True)
    frame(show, screen, 1.0)
    assert screen.surface is not None
    assert screen.surface.get_flags() & pygame.FULLSCREEN
    assert (show.tree.get("/window/width"), show.tree.get("/window/height")) == screen.surface.get_size()
    show.tree.set("/window/fullscreen", False)
    frame(show, screen, 2.0)
    assert screen.surface.get_size() == (200, 100)


def test_a_missing_screen_is_reported_once_and_the_piece_plays(show: Any, caplog: pytest.LogCaptureFixture) -> None:
    screen = Screen(show.stage, asked_driver=None)  # the dummy driver, chosen by SDL
    with caplog.at_level(logging.WARNING):
        for number in range(3):
            assert frame(show, screen, float(number)) == float("inf")
            show.stage.set_window(Window(300 + number, 200))
    assert [record.message for record in caplog.records] == [
        "no window: there is no screen; playing without one (--headless silences this)"
    ]
    show.ink.send(2.5, Pen(0.0, 0.0, True))
    show.at(3.0)
    assert show.points() == [[[(0.0, 0.0)]]]
