"""Texts for a performer: an invitation until someone takes part, and the turn in a duet."""

from __future__ import annotations

from typing import Any

import pytest

from live.video import VideoError, Window
from models.base import Knob


def texts(show: Any) -> list[str]:
    return [text for text, _, _ in show.stage.guidance.lines()]


@pytest.fixture
def duet(show: Any) -> Any:
    show.tree.add("/piano/duet", Knob("mode", kind="choice", choices=("solo", "answer"), default="answer"))
    show.tree.add("/piano/whose_turn", Knob("turn", kind="text", default="nobody", access="r"))
    show.tree.add("/piano/ends_in", Knob("rest", unit="s", access="r"))
    show.tree.add_signal("/piano/heard", "ii", "a note")
    show.stage.guidance.taken_part = True
    return show


@pytest.mark.parametrize(
    ("turn", "left_s", "text"),
    [
        ("performer", 0.0, ["your turn"]),
        ("nobody", 0.0, ["your turn"]),
        ("pianist", 0.0, ["piano plays"]),
        ("pianist", 2.2, ["piano plays, ends in 3 s"]),
        ("both", 0.0, []),
    ],
)
def test_whose_turn_it_is(duet: Any, turn: str, left_s: float, text: list[str]) -> None:
    duet.tree.publish("/piano/whose_turn", turn)
    duet.tree.publish("/piano/ends_in", left_s)
    assert texts(duet) == text


def test_no_turn_is_shown_alone_or_when_it_is_switched_off(duet: Any) -> None:
    duet.tree.set("/piano/duet", "solo")
    assert texts(duet) == []
    duet.tree.set("/piano/duet", "answer")
    duet.tree.set("/window/show_turn", False)
    assert texts(duet) == []


def test_the_invitation_disappears_when_a_performer_draws(show: Any) -> None:
    show.stage.set_window(Window(200, 100, invitation="draw here"))
    assert texts(show) == ["draw here"]
    show.stage.touch("ink", 0.0, 0.0, True)
    assert texts(show) == []


def test_the_invitation_disappears_when_a_performer_plays(duet: Any) -> None:
    duet.stage.set_window(Window(200, 100, invitation="play"))
    duet.stage.guidance.taken_part = False
    assert texts(duet) == ["play"]
    duet.tree.publish("/piano/heard", 60, 80)
    assert texts(duet) == ["your turn"]


@pytest.mark.parametrize("invitation", ["two\nlines", "x" * 201, 7])
def test_an_invitation_is_one_line(invitation: Any) -> None:
    with pytest.raises(VideoError, match="invitation: expected one line"):
        Window(invitation=invitation)
