"""The blackout: its brightness over time, over any picture and any failure."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from live.video.keys import pressed
from live.video.window import Screen
from models.base import Pen

BLACK = (0, 0, 0)


def draw_line(show: Any) -> None:
    show.ink.send(0.0, Pen(-1.0, 0.0, False))
    show.ink.send(0.0, Pen(1.0, 0.0, True))
    show.at(0.1)


def colour(surface: pygame.Surface, x: int = 100, y: int = 50) -> tuple[int, int, int]:
    return tuple(surface.get_at((x, y)))[:3]  # type: ignore[return-value]


def test_it_fades_over_everything_and_back(show: Any) -> None:
    draw_line(show)
    show.tree.write("/engine/blackout", [1, 2.0])
    lit = []
    for time_s in (0.1, 0.6, 1.1, 1.6, 2.1, 3.0):
        show.clock.advance(time_s)
        lit.append(colour(show.stage.picture())[0])
    assert lit[0] > 200
    assert [round(light / lit[0], 2) for light in lit] == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    show.tree.write("/engine/blackout", [0])
    assert colour(show.stage.picture())[0] == lit[0]


def test_during_a_fade_changed_layers_are_as_dark_as_the_rest(show: Any) -> None:
    surface = pygame.Surface((200, 100), 0, 32)
    show.tree.set("/engine/blackout", 0.5)
    show.stage.draw(surface)
    assert show.stage.draw(surface) is None
    draw_line(show)
    show.stage.draw(surface)
    whole = show.stage.picture()
    assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(whole, "RGB")
    assert 100 < colour(surface)[0] < 130


def test_in_blackout_no_layer_is_drawn(show: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = pygame.Surface((200, 100), 0, 32)
    draw_line(show)
    show.stage.draw(surface)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a slip in a layer")

    with monkeypatch.context() as patched:
        patched.setattr(show.ink, "dirty", broken)
        with pytest.raises(ZeroDivisionError):
            show.stage.draw(surface)
        show.tree.set("/engine/blackout", 1)
        assert show.stage.draw(surface) == surface.get_rect()
        assert show.stage.draw(surface) is None
        assert {colour(surface, x, y) for x in range(200) for y in range(100)} == {BLACK}
        assert colour(show.stage.picture()) == BLACK
    show.tree.set("/engine/blackout", 0)
    show.stage.draw(surface)
    assert colour(surface)[0] > 200


def test_nothing_is_written_over_black(show: Any) -> None:
    screen = Screen(show.stage, "dummy")
    screen.frame()
    show.tree.set("/window/hud", True)
    show.tree.set("/window/help", True)
    show.stage.say(True, "everything has failed")
    show.at(0.1)
    screen.frame()
    assert screen.surface is not None
    size = screen.surface.get_size()
    assert {colour(screen.surface, x, y) for x in range(size[0]) for y in range(size[1])} != {BLACK}
    show.tree.set("/engine/blackout", 1)
    show.at(0.2)
    screen.frame()
    assert {colour(screen.surface, x, y) for x in range(size[0]) for y in range(size[1])} == {BLACK}


def test_a_key_starts_and_ends_it(show: Any) -> None:
    pygame.display.init()
    for closed in (1.0, 0.0):
        assert pressed(show.stage, pygame.event.Event(pygame.KEYDOWN, key=pygame.K_b, unicode="b", mod=0))
        assert show.tree.get("/engine/blackout") == closed
