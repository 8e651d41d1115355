"""A slow change of painting, on the virtual clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from live.show.painting_change import PaintingChange
from models.base import Knob, Value

PAINTINGS = ("wave", "stars", "scream")


def faders(values: Mapping[str, Any]) -> Mapping[str, Value]:
    return {"paint": tuple(float(values["painting"] == name) for name in PAINTINGS)}


@pytest.fixture
def easel(booth: Any) -> Any:
    add = booth.tree.add
    add("/veil/painting", Knob("", choices=PAINTINGS, kind="choice", default="wave", sets=faders))
    add("/veil/paint", Knob("", 0.0, 1.0, components=PAINTINGS, kind="vector", default=(1.0, 0.0, 0.0)))
    add("/veil/change", Knob("", 0.0, 3600.0, default=0.0))
    booth.open(PaintingChange(booth.tree, booth.clock))
    return booth


def paint(easel: Any, *times_s: float) -> list[tuple[float, ...]]:
    found = []
    for time_s in times_s:
        easel.run(time_s)
        found.append(tuple(round(part, 2) for part in easel.tree.get("/veil/paint")))
    return found


def test_nothing_changes_by_itself(easel: Any) -> None:
    assert paint(easel, 10_000.0) == [(1.0, 0.0, 0.0)]


def test_one_painting_glides_into_the_next_and_the_last_into_the_first(easel: Any) -> None:
    easel.tree.set("/veil/change", 30.0)
    assert paint(easel, 29.9, 35.0, 40.0) == [(1.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.0, 1.0, 0.0)]
    assert paint(easel, 75.0, 105.0) == [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]
    assert easel.tree.get("/veil/painting") == "wave"


def test_a_painting_that_was_chosen_stays_its_whole_time(easel: Any) -> None:
    easel.tree.set("/veil/change", 30.0)
    easel.run(25.0)
    easel.tree.set("/veil/painting", "scream")
    assert paint(easel, 54.0, 67.0) == [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)]


def test_it_stops_where_it_is(easel: Any) -> None:
    easel.tree.set("/veil/change", 30.0)
    easel.run(45.0)
    easel.tree.set("/veil/change", 0.0)
    assert paint(easel, 1000.0) == [(0.0, 1.0, 0.0)]


def test_a_node_that_is_removed_meanwhile_is_left_alone(easel: Any) -> None:
    easel.tree.set("/veil/change", 30.0)
    easel.run(10.0)
    easel.tree.remove("veil")
    easel.run(100.0)
    assert easel.told == []
