"""The keys of the window, and what each sets."""

from __future__ import annotations

from typing import Any

import pygame
import pytest

from live.nodes.worker import Worker
from live.video.keys import KEYS, pressed
from models.base import Knob, KnobError, Page, event, pulse


@pytest.fixture
def done(show: Any) -> list[str]:
    """The buttons of the engine's that were pressed."""
    told: list[str] = []
    for address in ("/midi/panic", "/engine/stop"):
        show.tree.add(address, pulse("A button"), lambda _, address=address: told.append(address))
    for node in ("ink", "piano"):
        show.tree.add(f"/{node}/pause", Worker.OWN["pause"])
    show.tree.add("/piano/mode/pause", Knob("No node's pause", kind="switch", default=False))
    return told


def press(show: Any, name: str, sign: str = "", mod: int = 0) -> bool:
    event = pygame.event.Event(pygame.KEYDOWN, key=pygame.key.key_code(name), unicode=sign, mod=mod)
    return pressed(show.stage, event)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        *(("f", "fullscreen"), ("f11", "fullscreen"), ("f1", "help")),
        *(("h", "moved"), ("tab", "hud"), ("u", "address")),
    ],
)
def test_switches_go_on_and_off(show: Any, name: str, address: str) -> None:
    pygame.display.init()
    for on in (True, False):
        assert press(show, name)
        assert show.tree.get(f"/window/{address}") is on


def test_a_question_mark_is_help_on_every_keyboard(show: Any) -> None:
    pygame.display.init()
    assert press(show, "8", "?")
    assert show.tree.get("/window/help")


def test_panic_is_confirmed_in_the_window(show: Any, done: list[str]) -> None:
    pygame.display.init()
    press(show, "backspace")
    assert done == ["/midi/panic"]
    assert [sentence for _, _, sentence in show.stage.notes] == ["panic: every note was ended; the piece plays on"]


def test_space_pauses_every_node_and_plays_on(show: Any, done: list[str]) -> None:
    pygame.display.init()
    show.tree.set("/piano/pause", True)
    for paused in (True, False):
        press(show, "space", " ")
        assert show.tree.get("/ink/pause") is show.tree.get("/piano/pause") is paused
    assert show.tree.get("/piano/mode/pause") is False
    assert [sentence for _, _, sentence in show.stage.notes] == ["paused: Space or F4 plays on", "playing again"]


def test_the_piano_on_the_keys_is_announced(show: Any) -> None:
    pygame.display.init()
    pitch, velocity = Knob("pitch", 0, 127, kind="int"), Knob("velocity", 0, 127, kind="int")
    show.tree.add("/duet/play", event("A key", pitch=pitch, velocity=velocity))
    for on in (True, False):
        press(show, "f2")
        assert show.tree.get("/window/piano") is on
    assert [sentence for _, _, sentence in show.stage.notes] == [
        "A to L are a piano now; F2 ends it, F1 shows its keys", "the piano on the keys is off"
    ]  # fmt: skip


def test_where_nothing_listens_to_keys_they_stay_keys_of_the_window(show: Any) -> None:
    pygame.display.init()
    press(show, "f2")
    assert show.tree.get("/window/piano") is False
    assert [sentence for _, _, sentence in show.stage.notes] == [
        "nothing in this piece listens to keys: try arabesque duet"
    ]
    show.tree.set("/window/piano", True)  # over OSC, or before a reload that took the piano away
    press(show, "f2")
    assert show.tree.get("/window/piano") is False


def test_escape_closes_overlays_and_never_stops(show: Any, done: list[str]) -> None:
    pygame.display.init()
    for name in ("fullscreen", "hud", "help"):
        show.tree.set(f"/window/{name}", True)
    left = []
    for _ in range(5):
        press(show, "escape")
        left.append([bool(show.tree.get(f"/window/{name}")) for name in ("help", "hud", "fullscreen")])
    assert left == [[False, True, True], [False, False, True], *[[False] * 3] * 3]
    assert done == []


def test_panic_and_stop(show: Any, done: list[str]) -> None:
    pygame.display.init()
    press(show, "backspace")
    press(show, "q", "q")
    assert done == ["/midi/panic", "/engine/stop"]


def test_keys_clear_undo_and_save_the_paper(show: Any) -> None:
    pygame.display.init()
    for x in (0.0, 0.5):
        show.stage.touch("ink", x, 0.0, True)
        show.stage.touch("ink", x, 0.0, False)
    show.at(0.1)
    press(show, "z", "z")
    show.at(0.2)
    assert show.points() == [[[(0.0, 0.0)]]]
    press(show, "s", "s")
    press(show, "p", "p")
    show.at(0.3)
    assert [name.split()[0] for name in show.files()] == ["arabesque", "ink"]
    press(show, "c", "c")
    show.at(0.4)
    assert show.points() == []
    assert show.heard[-2:] == [Page("undo"), Page("clear")]


def test_a_digit_recalls_a_preset_and_with_ctrl_stores_one(show: Any) -> None:
    pygame.display.init()
    asked: list[tuple[str, object]] = []

    def recall(given: object) -> None:
        if given == ("4",):
            raise KnobError("no preset '4'")
        asked.append(("recall", given))

    press(show, "3", "3")  # nothing keeps presets here
    name = Knob("a name, or a number", kind="text")
    show.tree.add("/preset/recall", event("Go back", name=name), recall)
    show.tree.add("/preset/store", event("Keep", name=name), lambda given: asked.append(("store", given)))
    assert press(show, "3", "3")
    assert press(show, "9", "", pygame.KMOD_LCTRL)
    assert press(show, "4", "4")
    assert press(show, "7", "1")  # where digits need the shift key, the sign counts
    assert asked == [("recall", ("3",)), ("store", ("9",)), ("recall", ("1",))]
    assert [(error, sentence) for _, error, sentence in show.stage.notes][:3] == [
        (False, "preset 3"), (False, "stored preset 9"), (True, "no preset '4'")
    ]  # fmt: skip


def test_other_keys_and_the_systems_own_are_left_alone(show: Any, done: list[str]) -> None:
    pygame.display.init()
    assert not press(show, "j", "j")
    assert not press(show, "q", "q", pygame.KMOD_LALT)
    assert done == []


def test_no_key_does_two_things() -> None:
    names = [name for key in KEYS for name in key.names]
    assert len(names) == len(set(names))
