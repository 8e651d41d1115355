"""Projection mapping: corners, mesh, edges and rotation, set by address, mouse and keys."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from live.video.window import Screen
from models.base import Pen


@pytest.fixture
def screen(show: Any) -> Screen:
    screen = Screen(show.stage, "dummy")
    screen.frame()
    return screen


def frame(show: Any, screen: Screen, now_s: float) -> pygame.Surface:
    show.at(now_s)
    screen.frame()
    assert screen.surface is not None
    return screen.surface


def bar(show: Any) -> None:
    """A bright line from the left to the right through the middle of the paper; 40 pixels high."""
    show.ink.send(0.0, Pen(-2.0, 0.0, False))
    show.ink.send(0.0, Pen(2.0, 0.0, True))


def press(key: int, **more: Any) -> pygame.event.Event:
    return pygame.event.Event(pygame.KEYDOWN, key=key, scancode=0, unicode="", **{"mod": 0, **more})


def mouse(kind: int, x: int, y: int) -> pygame.event.Event:
    return pygame.event.Event(kind, pos=(x, y), touch=False, button=1, buttons=(1, 0, 0))


def post(*events: pygame.event.Event) -> None:
    pygame.event.clear()
    for event in events:
        pygame.event.post(event)


def test_a_plain_projection_draws_on_the_output_itself(show: Any, screen: Screen) -> None:
    output = frame(show, screen, 1.0)
    assert screen.projection.picture(output) is output


def test_pinned_corners_move_the_picture_and_leave_black_around_it(show: Any, screen: Screen) -> None:
    bar(show)
    assert frame(show, screen, 1.0).get_at((20, 50))[0] > 200
    for name, at in {"top_left": (0.5, 0.5), "top_right": (1.0, 0.5), "bottom_left": (0.5, 1.0)}.items():
        show.tree.set(f"/window/corner/{name}", at)
    output = frame(show, screen, 2.0)
    assert output.get_at((20, 50))[:3] == (0, 0, 0)
    assert output.get_at((150, 75))[0] > 200
    show.tree.set("/window/corner/reset", True)
    assert frame(show, screen, 3.0).get_at((20, 50))[0] > 200
    assert screen.projection.picture(output) is output


def test_drawing_follows_the_pointer_on_a_pinned_picture(show: Any, screen: Screen) -> None:
    show.tree.set("/window/corner/top_left", (0.5, 0.5))
    show.tree.set("/window/corner/top_right", (1.0, 0.5))
    show.tree.set("/window/corner/bottom_left", (0.5, 1.0))
    frame(show, screen, 1.0)
    post(mouse(pygame.MOUSEBUTTONDOWN, 150, 75))
    frame(show, screen, 2.0)
    post(mouse(pygame.MOUSEBUTTONUP, 150, 75))
    frame(show, screen, 3.0)
    assert show.points()[0][0][0] == pytest.approx((0.0, 0.0), abs=0.02)  # the middle of the paper


def test_a_quarter_turn_makes_the_stage_upright(show: Any, screen: Screen) -> None:
    bar(show)
    show.tree.set("/window/rotation", 90)
    output = frame(show, screen, 1.0)
    assert show.stage.size == (100, 200)
    assert (show.tree.get("/window/width"), show.tree.get("/window/height")) == (100, 200)
    output = frame(show, screen, 2.0)
    assert output.get_at((100, 10))[0] > 200  # the line goes from the top to the bottom
    assert output.get_at((20, 50))[0] < 50


def test_mirrored_swaps_the_sides(show: Any, screen: Screen) -> None:
    show.ink.send(0.0, Pen(-1.5, 0.0, False))
    show.ink.send(0.0, Pen(-1.0, 0.0, True))
    show.tree.set("/window/mirrored", True)
    output = frame(show, screen, 1.0)
    assert output.get_at((160, 50))[0] > 200
    assert output.get_at((40, 50))[0] < 50


def test_an_edge_fades_to_black(show: Any, screen: Screen) -> None:
    bar(show)
    show.tree.set("/window/edge/left", 0.5)
    output = frame(show, screen, 1.0)
    row = [output.get_at((x, 50))[0] for x in (0, 25, 50, 99, 150)]
    assert row[0] < 30
    assert row == sorted(row)
    assert row[-1] > 240
    lit = [(level / row[-1]) ** 2.2 for level in row[1:3]]
    assert lit == pytest.approx([0.25, 0.5], abs=0.02)  # linear in light


def test_the_mouse_drags_a_corner_in_the_setting_mode_and_draws_nothing(show: Any, screen: Screen) -> None:
    post(press(pygame.K_w))
    frame(show, screen, 1.0)
    assert show.tree.get("/window/setting") == "corners"
    down, move, up = pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP
    post(mouse(down, 190, 90), mouse(move, 170, 80), mouse(up, 170, 80))
    frame(show, screen, 2.0)
    assert show.tree.get("/window/corner/bottom_right") == pytest.approx((0.9, 0.9))
    assert show.points() == []
    for number, event in enumerate((press(pygame.K_LEFT, mod=pygame.KMOD_SHIFT), press(pygame.K_UP))):
        post(event)
        frame(show, screen, 3.0 + number)
    assert show.tree.get("/window/corner/bottom_right") == pytest.approx((0.85, 0.89))


def test_a_mesh_point_is_dragged_to_the_mouse_also_on_pinned_corners(show: Any, screen: Screen) -> None:
    show.tree.set("/window/corner/top_left", (0.2, 0.1))
    post(press(pygame.K_w), press(pygame.K_w))
    frame(show, screen, 1.0)
    frame(show, screen, 2.0)
    assert show.tree.get("/window/setting") == "mesh"
    x, y = screen.setting.places((200, 100))[12]
    down, move, up = pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP
    post(mouse(down, round(x), round(y)), mouse(move, round(x) + 8, round(y) - 6), mouse(up, 0, 0))
    frame(show, screen, 3.0)
    frame(show, screen, 4.0)
    assert screen.setting.places((200, 100))[12] == pytest.approx((x + 8, y - 6), abs=0.01)
    post(press(pygame.K_ESCAPE))
    frame(show, screen, 5.0)
    assert show.tree.get("/window/setting") == "off"


def test_a_kiosks_visitors_move_no_corner(show: Any, screen: Screen) -> None:
    show.tree.set("/window/setting", "corners")
    show.tree.set("/window/kiosk", True)
    frame(show, screen, 1.0)
    down, move, up = pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP
    post(mouse(down, 190, 90), mouse(move, 170, 80), mouse(up, 170, 80))
    frame(show, screen, 2.0)
    frame(show, screen, 3.0)
    assert show.tree.get("/window/corner/bottom_right") == (1.0, 1.0)
    assert len(show.points()) == 1  # they draw


def test_corners_that_cross_leave_the_picture_where_it_was(show: Any, screen: Screen, caplog: Any) -> None:
    show.tree.set("/window/corner/top_left", (0.5, 0.5))
    frame(show, screen, 1.0)
    before = screen.projection.warp
    show.tree.set("/window/corner/top_left", (1.5, 1.5))
    frame(show, screen, 2.0)
    show.tree.set("/window/corner/top_left", (1.6, 1.5))
    frame(show, screen, 3.0)
    assert screen.projection.warp == before
    assert [record.message for record in caplog.records] == [
        "/window/corner: the corners span no convex area; the picture stays where it was"
    ]


def test_blackout_is_black_in_the_setting_mode_too(show: Any, screen: Screen) -> None:
    show.tree.set("/window/setting", "corners")
    show.tree.set("/window/corner/top_left", (0.2, 0.2))
    assert frame(show, screen, 1.0).get_at((150, 75))[:3] != (0, 0, 0)
    show.tree.set("/engine/blackout", 1.0)
    output = frame(show, screen, 2.0)
    assert not any(output.get_view("2").raw[index] for index in (0, 1, 2, 4 * (100 * 50 + 100)))
    assert pygame.transform.average_color(output)[:3] == (0, 0, 0)
