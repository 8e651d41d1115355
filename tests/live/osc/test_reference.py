"""The table of addresses contains every declared property."""

from __future__ import annotations

import json
from typing import Any

import pytest

from live.osc.reference import table
from models.base import Knob, event


def test_as_text(rig: Any) -> None:
    rig.out.voice("piano")
    lines = [" ".join(line.split()) for line in table(rig.tree).splitlines()]
    assert "/piano/temperature f rw 0.1 to 3, log = 1 How surprising" in lines
    assert "/piano/density f rw 0 to 20 1/s = 5 Notes a second" in lines
    assert "/piano/channel i rw 1 to 16 = 1 MIDI channel" in lines
    assert "/piano/mute i rw 0 or 1 = 0 Unheard" in lines
    assert "/piano/scale s rw major, minor = major Scale" in lines
    assert "/piano/reset i w press Begin again" in lines
    assert "/piano/pitch_class fff rw 0 to 1 = 1 each Weights (c, c_sharp, d)" in lines
    assert "/piano/rate f r Notes struck" in lines
    assert any(line.startswith("/piano/note iii") for line in lines)
    assert any(line.startswith("/subscribe") for line in lines)


def test_an_event_lists_its_arguments(rig: Any) -> None:
    go = event("Go", 1, place=Knob("where", kind="text"), seconds=Knob("in how long", 0, 60, "s"))
    rig.tree.add("/piano/go", go)
    lines = [" ".join(line.split()) for line in table(rig.tree).splitlines()]
    assert "/piano/go sf w Go: place (where), [seconds (in how long, s)]" in lines


def test_as_markdown(rig: Any) -> None:
    text = table(rig.tree, "markdown")
    assert "| `/piano/temperature` | f | rw | 0.1 to 3, log | 1 | How surprising |" in text
    widths = {line.count("|") for line in text.splitlines() if "`/piano/" in line}
    assert widths == {7}


def test_as_json_for_programs(rig: Any) -> None:
    said = json.loads(table(rig.tree, "json"))
    by_address = {entry["address"]: entry for entry in said["addresses"]}
    assert by_address["/piano/temperature"] == {
        "address": "/piano/temperature",
        "types": "f",
        "kind": "float",
        "access": "rw",
        "low": 0.1,
        "high": 3.0,
        "unit": "",
        "curve": "log",
        "choices": [],
        "components": [],
        "optional": 0,
        "default": 1.0,
        "meaning": "How surprising",
    }
    assert by_address["/piano/scale"]["choices"] == ["major", "minor"]
    assert by_address["/piano/pitch_class"]["default"] == [1.0, 1.0, 1.0]
    assert {"/get", "/subscribe"} <= {command["address"] for command in said["commands"]}


def test_every_address_is_in_it(rig: Any) -> None:
    text = table(rig.tree)
    assert all(parameter.address in text for parameter in rig.tree.parameters())


def test_another_form_is_refused(rig: Any) -> None:
    with pytest.raises(ValueError, match="expected text, markdown or json"):
        table(rig.tree, "html")  # type: ignore[arg-type]
