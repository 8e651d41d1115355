"""Parses a cue's table, and reports its errors."""

from __future__ import annotations

from typing import Any

import pytest

from live.show.cue import Action, Cue, Pause, read_action, read_cue


def test_all_of_it() -> None:
    table = {
        "wait": "bar",
        "fade": 4,
        "follow": "after",
        "hold": 1.5,
        "note": "when she sits down",
        "actions": ["/piano/temperature 0.7", "wait 2", "wait beat", "/preset/recall 'very calm' 8"],
    }
    assert read_cue("intro", table) == (
        Cue(
            "intro",
            Pause(grid="bar"),
            4.0,
            "after",
            1.5,
            (
                Action("/piano/temperature 0.7", "/piano/temperature", ("0.7",)),
                Pause(2.0),
                Pause(grid="beat"),
                Action("/preset/recall 'very calm' 8", "/preset/recall", ("very calm", "8")),
            ),
        ),
        [],
    )


def test_one_action_needs_no_list() -> None:
    assert read_cue("x", {"actions": "/ink/clear"})[0].actions == (Action("/ink/clear", "/ink/clear", ()),)


@pytest.mark.parametrize(
    ("table", "about", "sentence"),
    [
        ({"fades": 3}, "fades", "a cue has no 'fades'; similar: fade"),
        ({"fade": "long"}, "fade", "fade: expected seconds, got 'long'"),
        ({"fade": -1}, "fade", "fade: expected seconds, got -1"),
        ({"hold": True}, "hold", "hold: expected seconds, got True"),
        ({"wait": "dawn"}, "wait", "wait: expected seconds, beat or bar, got 'dawn'"),
        ({"follow": "yes"}, "follow", "follow: expected one of none, with, after, got 'yes'"),
        ({"actions": [7]}, "7", "expected an address"),
        ({"actions": ["piano louder"]}, "piano louder", "expected an address"),
        ({"actions": ["/ink/title 'open"]}, "/ink/title 'open", "expected an address"),
        ({"actions": ["wait"]}, "wait", "expected an address"),
        ({"actions": ["/engine/blackout 0"]}, "/engine/blackout 0", "no cue may set"),
    ],
)
def test_invalid_entries_are_reported_and_the_rest_is_used(table: dict[str, Any], about: str, sentence: str) -> None:
    cue, wrong = read_cue("x", {"actions": "/ink/clear", "hold": 1, **table})
    assert wrong[0][0] == about
    assert sentence in wrong[0][1]
    assert cue.hold == (0.0 if "hold" in table else 1.0)
    assert cue.actions == (() if "actions" in table else (read_action("/ink/clear"),))
