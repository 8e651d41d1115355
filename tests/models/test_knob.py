"""Knobs: events with arguments of which the last are optional, and numbers that do not glide."""

from __future__ import annotations

from typing import Any

import pytest

from models.base import Knob, KnobError, address_names, event

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
def test_unsuitable_arguments_are_errors(given: Any, sentence: str) -> None:
    with pytest.raises(KnobError, match=sentence):
        GO.coerce(given)


def test_a_neutral_value_does_not_glide() -> None:
    volume = Knob("Loudness", -1, 127, kind="int", unset=-1)
    assert [volume.between(-1, 64, part) for part in (0.0, 0.9, 1.0)] == [-1, -1, 64]
    assert [volume.between(64, -1, part) for part in (0.0, 0.9, 1.0)] == [64, 64, -1]
    assert [volume.between(64, 32, part) for part in (0.0, 0.5, 1.0)] == [64, 48, 32]


def test_names_become_parts_of_addresses_that_osc_allows() -> None:
    names = ("rabbit", "Mona Lisa", "t-shirt", "fire/hydrant #2", "{a,b}*?[c]", "café", "猫", "cafe", "starry_night")
    assert address_names(names) == (
        *("rabbit", "Mona_Lisa", "t-shirt", "fire_hydrant_2", "a_b_c", "cafe", "7", "cafe_8", "starry_night"),
    )
