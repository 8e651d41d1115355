"""The kiosk: visitors' keys draw, play and hand over the turn; other keys need the code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pygame
import pytest

from live.video.computer_piano import SEMITONES
from live.video.keys import KEYS
from live.video.kiosk import BLOCKED_S, UNLOCKED_S
from live.video.window import Screen
from models.base import Knob, event, pulse

CODE = "4711"
EVERY_KEY = sorted({name for key in KEYS for name in key.names} - {"?"})


@pytest.fixture
def screen(show: Any) -> Iterator[Screen]:
    add = show.tree.add
    for name in ("stop", "reload"):
        add(f"/engine/{name}", pulse("Pressed"))
    add("/midi/panic", pulse("Panic"))
    add("/engine/home", event("Home", 0))
    add("/preset/recall", event("Recall", preset=Knob("name", kind="text")))
    add("/preset/store", event("Store", preset=Knob("name", kind="text")))
    add("/piano/pause", Knob("Pause", kind="switch", default=False))
    screen = Screen(show.stage, "dummy", CODE)
    screen.frame()
    show.tree.set("/window/kiosk", True)
    press(show, screen)
    yield screen
    screen.close()


def press(show: Any, screen: Screen, *names: str, mod: int = 0) -> None:
    """Presses keys by their pygame names, and draws a frame."""
    pygame.event.clear()
    for name in names:
        code = pygame.key.key_code(name)
        text = name if len(name) == 1 else ""
        scancode = getattr(pygame, f"KSCAN_{name.upper()}", 0)
        for kind in (pygame.KEYDOWN, pygame.KEYUP):
            pygame.event.post(pygame.event.Event(kind, key=code, mod=mod, unicode=text, scancode=scancode))
    step(show, screen, 0.1)


def step(show: Any, screen: Screen, seconds: float) -> None:
    show.at(show.clock.now() + seconds)
    screen.frame()


def changes(show: Any) -> list[tuple[Any, ...]]:
    """What is written from now on, except what the window publishes."""
    seen: list[tuple[Any, ...]] = []
    own = ("/window/fps", "/window/draw_ms", "/window/locked", "/window/input")
    show.tree.watchers.append(lambda address, values: seen.append((address, *values)) if address not in own else None)
    return seen


@pytest.mark.parametrize("mod", [0, pygame.KMOD_CTRL, pygame.KMOD_ALT, pygame.KMOD_SHIFT])
def test_no_key_stops_or_changes_a_locked_show(show: Any, screen: Screen, mod: int) -> None:
    assert show.tree.get("/window/locked") is True
    seen = changes(show)
    press(show, screen, *EVERY_KEY, *"123456789", "f4", mod=mod)
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    step(show, screen, 0.1)
    assert seen == []
    assert show.files() == []


def test_the_same_keys_act_once_the_code_is_typed_and_it_locks_again(show: Any, screen: Screen) -> None:
    press(show, screen, *CODE, "return")
    assert show.tree.get("/window/locked") is False
    seen = changes(show)
    press(show, screen, "q", "b", "f4")
    assert {"/engine/stop", "/piano/pause"} <= {address for address, *_ in seen}
    step(show, screen, UNLOCKED_S - 1.0)
    press(show, screen, "h")  # each key keeps it open
    step(show, screen, UNLOCKED_S - 1.0)
    assert show.tree.get("/window/locked") is False
    step(show, screen, 2.0)
    assert show.tree.get("/window/locked") is True


def test_a_code_must_be_whole_and_right_and_not_be_guessed(show: Any, screen: Screen) -> None:
    press(show, screen, *CODE)  # without Enter
    press(show, screen, "x", "return")
    assert show.tree.get("/window/locked") is True
    press(show, screen, *CODE[:2])
    step(show, screen, 11.0)  # begun too long ago
    press(show, screen, *CODE[2:], "return")
    for _ in range(3):
        press(show, screen, "1", "return")
    assert show.tree.get("/window/locked") is True
    press(show, screen, *CODE, "return")  # after five wrong ones
    assert show.tree.get("/window/locked") is True
    step(show, screen, BLOCKED_S)
    press(show, screen, *CODE, "return")
    assert show.tree.get("/window/locked") is False


def test_the_switch_unlocks_and_without_a_code_nothing_else_does(show: Any, screen: Screen) -> None:
    screen.kiosk._code = ""
    press(show, screen, "return")
    press(show, screen, *CODE, "return")
    assert show.tree.get("/window/locked") is True
    show.tree.set("/window/kiosk", False)
    step(show, screen, 0.1)
    assert show.tree.get("/window/locked") is False


def test_visitors_play_draw_and_hand_over_the_turn(show: Any, screen: Screen) -> None:
    show.tree.add("/piano/play", event("Play", pitch=Knob("pitch"), velocity=Knob("velocity")))
    show.tree.add("/piano/turn", pulse("Turn"))
    show.tree.add("/piano/duet", Knob("Duet", kind="choice", choices=("solo", "answer"), default="answer"))
    played: list[Any] = []
    show.tree.add("/drum/play", event("Play", pitch=Knob("pitch"), velocity=Knob("velocity")), played.append)
    show.tree.set("/window/piano", True)
    seen = changes(show)
    press(show, screen, "a", "space")
    assert ("/piano/turn", True) in seen
    assert played == [(60 + SEMITONES[pygame.KSCAN_A], 80.0), (60.0, 0.0)]
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=(50, 50), button=1, touch=False))
    step(show, screen, 0.1)
    step(show, screen, 0.1)
    assert [stroke for drawing in show.points() for stroke in drawing] == [[(-1.0, 0.0)]]


def test_neither_pointer_nor_messages_are_shown_except_an_alarm(show: Any, screen: Screen) -> None:
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=(50, 50), buttons=(0, 0, 0), touch=False))
    step(show, screen, 0.6)
    step(show, screen, 0.6)
    assert pygame.mouse.get_visible() is False
    show.stage.say(True, "a string broke")
    assert screen.hud.wants() is False
    show.stage.guidance.show_alarm("safe start after 5 crashes")
    assert screen.hud.wants() is True  # that is for whoever looks after the installation
    show.stage.guidance.show_alarm("")
    show.tree.set("/window/kiosk", False)
    step(show, screen, 0.1)
    assert screen.hud.wants() is True


def test_visitors_at_two_screens_draw_with_several_fingers_each(show: Any, screen: Screen) -> None:
    pygame.event.clear()
    for kind, x in ((pygame.FINGERDOWN, 0.25), (pygame.FINGERMOTION, 0.5), (pygame.FINGERUP, 0.5)):
        for touch_id in (7, 8):
            for finger in (1, 2):
                y = 0.1 * finger + (0.5 if touch_id == 8 else 0.0)
                data = {"x": x, "y": y, "finger_id": finger, "touch_id": touch_id}
                pygame.event.post(pygame.event.Event(kind, **data))
    step(show, screen, 0.1)
    step(show, screen, 0.1)
    strokes = sorted(stroke for drawing in show.points() for stroke in drawing)
    assert [[round(x, 3) for x, _ in stroke] for stroke in strokes] == [[-1.0, 0.0]] * 4
    assert [round(stroke[0][1], 3) for stroke in strokes] == [-0.8, -0.6, 0.2, 0.4]


def test_every_use_of_the_window_is_published_a_few_times_a_second(show: Any, screen: Screen) -> None:
    seen: list[Any] = []
    show.tree.watchers.append(lambda address, values: seen.append(values[0]) if address == "/window/input" else None)
    step(show, screen, 1.0)
    press(show, screen, "q", "x", "y")  # locked keys are signs of a visitor, too
    assert seen == ["key"]
    pygame.event.post(pygame.event.Event(pygame.FINGERDOWN, x=0.5, y=0.5, finger_id=1))
    step(show, screen, 0.3)
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=(5, 5), buttons=(0, 0, 0), touch=False))
    step(show, screen, 0.3)
    assert seen == ["key", "finger", "pointer"]
