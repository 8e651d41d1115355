"""Cues on the virtual clock: every action at its time."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trees import writing

from live.show.cue_list import CueList
from live.show.presets import Presets
from models.base import KnobError

TWO = """
[intro]
fade = 4
actions = ["/piano/temperature 0.25", "/piano/density 9 2", "/piano/reset", "/piano/mute 1"]

[storm]
actions = ["/piano/density 20"]
"""


@pytest.fixture
def path(booth: Any) -> Path:
    return Path(booth.folder) / "piece.cues.toml"


@pytest.fixture
def cues(booth: Any, path: Path) -> Callable[[str], CueList]:
    def open_cues(text: str) -> CueList:
        path.write_text(text, encoding="utf-8")
        presets = Presets(booth.context, None)
        part = CueList(booth.context, path, presets.drop)
        booth.open(presets, part)
        return part

    return open_cues


def said(booth: Any) -> tuple[str, str, str]:
    return tuple(booth.tree.get(f"/cue/{name}") for name in ("current", "next", "state"))  # type: ignore[return-value]


def go(booth: Any) -> None:
    booth.tree.write("/cue/go", [])
    booth.run(booth.clock.now() + 1e-6)


def began(booth: Any) -> list[tuple[float, str]]:
    heard: list[tuple[float, str]] = []

    def watch(address: str, arguments: tuple[Any, ...]) -> None:
        if address == "/cue/began":
            heard.append((round(booth.clock.now(), 3), arguments[0]))

    booth.tree.watchers.append(watch)
    return heard


def test_go_runs_the_next_cue(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues(TWO)
    assert (booth.tree.get("/cue/list"), said(booth)) == ("intro\nstorm", ("", "intro", "idle"))
    go(booth)
    assert said(booth) == ("intro", "storm", "running")
    assert booth.over("/piano/temperature", 2, 4) == [0.5, 0.25]  # the cue's fade, along its curve
    assert booth.tree.get("/piano/density") == 9.0  # its own glide
    assert [address for _, address in booth.pressed] == ["/piano/reset"]
    assert booth.tree.get("/piano/mute") is True
    booth.run(4.1)
    assert said(booth) == ("intro", "storm", "idle")
    go(booth)
    assert booth.tree.get("/piano/density") == 20.0
    go(booth)
    assert (said(booth), booth.told) == (("storm", "", "idle"), ["cue: the cue list is at its end"])


def test_a_fade_is_the_same_at_every_tenth_of_a_second(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues('[swell]\nactions = ["/piano/density 10 1"]')
    booth.tree.write("/cue/go", [])
    tenths = booth.over("/piano/density", *(n / 10 for n in range(12)))
    assert tenths == [5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5, 10.0, 10.0]


def test_waits_within_a_cue_and_before_it(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues('[late]\nwait = 1.5\nactions = ["/piano/reset", "wait 0.5", "/piano/reset", "wait 2", "/piano/reset"]')
    go(booth)
    booth.run(10.0)
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [1.5, 2.0, 4.0]


def test_beats_and_bars(booth: Any, cues: Callable[[str], CueList]) -> None:
    wait = '"/piano/reset", "wait beat", "/piano/reset", "wait beat", "/piano/reset", "wait bar", "/piano/reset"'
    cues(f'[dance]\nwait = "beat"\nactions = [{wait}]')
    booth.run(0.3)
    go(booth)
    booth.run(1.5)
    booth.clock.set_tempo(120.0)  # beat 2 is at 1.75, 3 at 2.25, 4 (a bar) at 2.75
    booth.control_thread.wake()
    booth.run(10.0)
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [1.0, 1.75, 2.25, 2.75]


def test_cues_follow_automatically(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues(
        '[one]\nfollow = "with"\nhold = 0.5\nwait = 1\nactions = ["/piano/density 9 3"]\n'
        '[two]\nfollow = "after"\nhold = 0.25\nfade = 2\nactions = ["/ink/width 9", "wait 0.5", "/piano/reset"]\n'
        '[three]\nactions = ["/piano/reset"]\n[four]\n'
    )
    heard = began(booth)
    booth.tree.write("/cue/go", [])
    booth.run(10.0)
    assert heard == [(0.0, "one"), (1.5, "two"), (3.75, "three")]
    assert said(booth) == ("three", "four", "idle")
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [2.0, 3.75]


def test_back_and_goto_cancel_waiting_cues(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues(
        '[one]\nactions = ["wait 1", "/piano/reset"]\n'
        '[two]\nactions = ["wait 1", "/piano/reset"]\n[three]\nactions = []'
    )
    heard = began(booth)
    for time_s, address, given in (
        (0.0, "/cue/goto", ["two"]),
        (0.5, "/cue/back", []),
        (2.0, "/cue/back", []),
        (3.0, "/cue/goto", [3]),
    ):
        booth.run(time_s)
        booth.tree.write(address, given)
    booth.run(9.0)
    assert heard == [(0.0, "two"), (0.5, "one"), (3.0, "three")]
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [1.5]
    assert booth.told == ["cue: there is no cue before this one"]


def test_stop_ends_all_glides_at_their_current_values(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues('[one]\nfade = 4\nactions = ["/piano/density 9", "wait 3", "/piano/reset"]')
    go(booth)
    booth.run(2.0)
    booth.tree.write("/cue/stop", [])
    assert booth.over("/piano/density", 2.5, 9.0) == [7.0, 7.0]
    assert (booth.pressed, said(booth)) == ([], ("one", "", "idle"))


def test_a_cue_recalls_a_preset_in_its_fade_and_waits_for_its_end(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues('[one]\nfollow = "after"\nfade = 2\nactions = ["/preset/recall high"]\n[two]\nactions = "/piano/reset"')
    booth.tree.set("/piano/density", 15)
    booth.tree.write("/preset/store", ["high"])
    booth.tree.set("/piano/density", 5)
    booth.tree.write("/cue/go", [])
    assert booth.over("/piano/density", 1, 2, 3) == [10.0, 15.0, 15.0]
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [2.0]


def test_a_pattern_means_all_that_it_matches_but_not_the_engine(booth: Any, cues: Callable[[str], CueList]) -> None:
    cues('[all]\nactions = ["/{piano,ink}/{density,width} 3", "//* 1"]')
    booth.tree.set("/engine/blackout", 0.5)
    go(booth)
    get = booth.tree.get
    assert (get("/piano/density"), get("/ink/width"), get("/engine/blackout")) == (1.0, 1.0, 0.5)


def test_a_failing_action_is_reported_with_its_line_and_the_others_run(
    booth: Any, cues: Callable[[str], CueList], path: Path
) -> None:
    cues(
        '[one]\nactions = [\n  "/piano/densty 4",\n  "/piano/density much",\n  "/engine/blackout 0",\n'
        '  "/piano/rate 3",\n  "/piano/reset",\n]\nfad = 3\n'
    )
    at_read = [
        f"{path}, line 9: cue one: a cue has no 'fad'; similar: fade",
        f"{path}, line 5: cue one: no cue may set /engine/blackout",
        f"{path}, line 3: cue one: no address /piano/densty; similar: /piano/density, /piano/reset, /piano/seed",
    ]
    assert booth.told == at_read
    go(booth)
    assert booth.told[3:] == [
        at_read[2],
        f"{path}, line 4: cue one: /piano/density: expected a number, got 'much'",
        f"{path}, line 6: cue one: /piano/rate is read-only",
    ]
    assert [address for _, address in booth.pressed] == ["/piano/reset"]


def test_a_loop_with_waits_continues_and_one_without_is_stopped(
    booth: Any, cues: Callable[[str], CueList]
) -> None:
    cues('[calm]\nactions = ["/piano/reset", "wait 1", "/cue/goto calm"]\n[mad]\nactions = ["/cue/goto mad"]')
    go(booth)
    booth.run(3.5)
    assert [round(time_s, 3) for time_s, _ in booth.pressed] == [0.0, 1.0, 2.0, 3.0]
    booth.tree.write("/cue/goto", ["mad"])
    booth.run(9.0)
    assert booth.told == ["cue: mad is in a cycle of cues without a wait: stopped"]
    assert said(booth) == ("mad", "", "idle")


def test_a_changed_file_is_read_again_at_the_same_cue(booth: Any, cues: Callable[[str], CueList], path: Path) -> None:
    cues(TWO)
    go(booth)
    path.write_text(TWO.replace("[storm]", '[rain]\nactions = "/ink/width 3"\n[storm]'), encoding="utf-8")
    booth.run(2.5)
    assert (booth.tree.get("/cue/list"), said(booth)[:2]) == ("intro\nrain\nstorm", ("intro", "storm"))
    path.write_text("[rain]\nactions = '/ink/width 3'\n", encoding="utf-8")
    booth.run(4.5)
    assert said(booth) == ("intro", "rain", "idle")


def test_cues_are_written_over_osc(booth: Any, cues: Callable[[str], CueList], path: Path) -> None:
    cues(TWO)
    for address, given in (
        ("/cue/add", ["end", "/piano/density 1"]),
        ("/cue/add", ["end", "wait bar"]),
        ("/cue/set", ["end", "fade", 9]),
        ("/cue/set", ["end", "follow", "with"]),
        ("/cue/delete", ["storm"]),
    ):
        booth.tree.write(address, given)
        booth.run(booth.clock.now() + 0.01)
    assert booth.tree.get("/cue/list") == "intro\nend"
    table = tomllib.loads(path.read_text("utf-8"))["end"]
    assert table == {"actions": ["/piano/density 1", "wait bar"], "fade": 9.0, "follow": "with"}


@pytest.mark.parametrize(
    ("address", "given", "sentence"),
    [
        ("/cue/goto", ["intr"], "no cue 'intr'; similar: intro"),
        ("/cue/goto", [3], "no cue '3'"),
        ("/cue/add", ["x", "louder"], "/cue/add: expected an address"),
        ("/cue/set", ["intro", "fade", "long"], "/cue/set: fade: expected seconds"),
        ("/cue/set", ["intro", "fates", 3], "/cue/set: a cue has no 'fates'"),
        ("/cue/delete", ["x"], "no cue 'x'"),
    ],
)
def test_errors_are_answered_to_the_sender(
    booth: Any, cues: Callable[[str], CueList], address: str, given: list[Any], sentence: str
) -> None:
    cues(TWO)
    with pytest.raises(KnobError, match=sentence):
        booth.tree.write(address, given)


def test_a_sender_of_osc_is_answered_at_the_end_of_the_list(booth: Any, cues: Any) -> None:
    cues('[only]\nactions = ["/piano/density 9"]\n')
    with writing(("192.168.1.7", 5005)):
        with pytest.raises(KnobError, match="no cue before"):
            booth.tree.set("/cue/back", True)
        booth.tree.set("/cue/go", True)
    booth.run(0.1)
    with writing(("192.168.1.7", 5005)), pytest.raises(KnobError, match="at its end"):
        booth.tree.set("/cue/go", True)
    assert booth.told == []


def test_a_cue_can_be_changed_in_the_same_moment_in_which_it_is_added(
    booth: Any, cues: Callable[[str], CueList]
) -> None:
    cues(TWO)
    for address, values in (
        ("/cue/add", ["end", "/piano/density 1"]),
        ("/cue/set", ["end", "hold", "2"]),
        ("/cue/goto", ["end"]),
        ("/cue/delete", ["end"]),
    ):
        booth.tree.write(address, values)  # none of them has been acted on by the control thread yet
    booth.run(0.1)
    assert (booth.tree.get("/cue/current"), booth.tree.get("/cue/list"), booth.told) == ("end", "intro\nstorm", [])
    assert booth.tree.get("/piano/density") == 1.0
