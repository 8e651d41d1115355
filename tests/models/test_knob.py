"""What is asked for with arguments: texts and numbers, the last of which may be left out."""

from __future__ import annotations

from typing import Any

import pytest

from models.base import Knob, KnobError, event

GO = event(
    "Go to a place",
    optional=2,
    name=Knob("Which", kind="text"),
    seconds=Knob("In how long", 0.0, 60.0, "s"),
    how=Knob("How", kind="choice", choices=("walk", "fly")),
)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (["home", 4, "fly"], ("home", 4.0, "fly")),
        (["home", "4", 0], ("home", 4.0, "walk")),
        (["home", 99], ("home", 60.0)),
        (["home"], ("home",)),
        ("home", ("home",)),
        ([3], ("3",)),
        ([3.0], ("3",)),
        (7, ("7",)),
    ],
)
def test_an_event_takes_each_argument_as_it_is_declared(given: Any, taken: tuple[Any, ...]) -> None:
    assert GO.coerce(given) == taken


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], r"expected name \[seconds\] \[how\], got 0 arguments"),
        (["home", 1, "fly", 2], "got 4 arguments"),
        (["home", "soon"], "seconds: expected a number, got 'soon'"),
        (["home", 1, "swim"], "how: expected one of walk, fly"),
        ([True], "name: expected text, got True"),
    ],
)
def test_what_it_cannot_take_is_told(given: Any, sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        GO.coerce(given)
