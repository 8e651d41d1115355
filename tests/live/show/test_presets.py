"""Presets: what is stored, how a morph proceeds, and how a file with errors is read."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.parameters.tree import Tree
from live.show import preset_store
from live.show.preset_store import PresetStore
from live.show.presets import Presets
from live.show.toml_repair import COMPLAINTS_AT_MOST
from models.base import Knob, KnobError

CALM = """[calm.piano]
temperature = 0.25
density = 15
polyphony = 4
mute = true
scale = "major"
"""


@pytest.fixture
def path(booth: Any) -> Path:
    return Path(booth.folder) / "piece.presets.toml"


@pytest.fixture
def presets(booth: Any, path: Path) -> Callable[..., Presets]:
    def open_presets(text: str = "", **options: Any) -> Presets:
        if text:
            path.write_text(text, encoding="utf-8")
        part = Presets(booth.context, path, **options)
        booth.open(part)
        return part

    return open_presets


def test_what_is_stored_is_recalled(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets()
    write, get = booth.tree.write, booth.tree.get
    write("/piano/temperature", [2.5])
    write("/piano/pitch_class", [0.5, 0.25, 0.0])
    write("/ink/title", ["dusk"])
    write("/preset/store", ["evening"])
    for address, value in (("/piano/temperature", 1.0), ("/piano/pitch_class", (1.0, 1.0, 1.0)), ("/ink/title", "x")):
        booth.tree.set(address, value)
    write("/preset/recall", ["evening"])
    assert (get("/piano/temperature"), get("/piano/pitch_class"), get("/ink/title")) == (2.5, (0.5, 0.25, 0.0), "dusk")
    booth.run(0.1)
    assert tomllib.loads(path.read_text("utf-8")) == {
        "evening": {
            "piano": {
                "temperature": 2.5,
                "density": 5.0,
                "polyphony": 8,
                "mute": False,
                "scale": "all",
                "pitch_class": [0.5, 0.25, 0.0],
            },
            "ink": {"width": 2.0, "title": "dusk"},
        }
    }
    assert (get("/preset/list"), get("/preset/last"), booth.told) == ("evening", "evening", [])


def test_a_morph_moves_each_value_along_its_own_curve(booth: Any, presets: Callable[..., Presets]) -> None:
    presets(CALM)
    booth.tree.write("/preset/recall", ["calm", 4])
    assert booth.over("/piano/temperature", 0, 1, 2, 3, 4, 5) == [1.0, 0.707, 0.5, 0.354, 0.25, 0.25]
    booth.tree.write("/piano/density", [5])
    booth.tree.write("/preset/recall", ["calm", 4])
    assert booth.over("/piano/density", 5, 6, 7, 8, 9, 10) == [5.0, 7.5, 10.0, 12.5, 15.0, 15.0]


def test_values_already_reached_are_not_set_again(booth: Any, presets: Callable[..., Presets]) -> None:
    presets("[calm.piano]\ndensity = 5\ntemperature = 1\n[calm.ink]\nwidth = 9\n")
    booth.tree.set("/piano/temperature", 4.0)
    booth.tree.set("/piano/temperature", 1.0, 60.0)
    told: list[str] = []
    booth.tree.watchers.append(lambda address, _: told.append(address))
    booth.tree.write("/preset/recall", ["calm", 4])
    assert told == ["/piano/temperature", "/ink/width", "/preset/last"]


@pytest.mark.parametrize(("flip", "times"), [(0.0, [True, True, True]), (0.5, [False, True, True])])
def test_switches_and_texts_change_at_the_flip(
    booth: Any, presets: Callable[..., Presets], flip: float, times: list[bool]
) -> None:
    presets(CALM)
    booth.tree.set("/preset/flip", flip)
    booth.tree.write("/preset/recall", ["calm", 4])
    assert booth.over("/piano/mute", 1.9, 2.1, 4.0) == times
    assert booth.tree.get("/piano/pitch_class") == (1.0, 0.0, 1.0)  # what sets others goes first, with the morph


def test_a_manual_change_cancels_a_pending_flip(booth: Any, presets: Callable[..., Presets]) -> None:
    presets('[one.ink]\ntitle = "one"\n')
    booth.tree.set("/preset/flip", 1.0)
    booth.tree.write("/preset/recall", ["one", 4])
    booth.run(1.0)
    booth.tree.set("/ink/title", "mine")
    assert booth.over("/ink/title", 5.0) == ["mine"]


def test_a_later_recall_replaces_a_pending_flip(booth: Any, presets: Callable[..., Presets]) -> None:
    presets('[one.ink]\ntitle = "one"\n[two.ink]\ntitle = "two"\n')
    booth.tree.set("/preset/flip", 1.0)
    booth.tree.write("/preset/recall", ["one", 4])
    booth.run(1.0)
    booth.tree.write("/preset/recall", ["two", 4])
    assert booth.over("/ink/title", 4.5, 5.5) == ["untitled", "two"]


def test_one_node_alone(booth: Any, presets: Callable[..., Presets]) -> None:
    presets()
    write = booth.tree.write
    write("/preset/store", ["both"])
    write("/ink/width", [7])
    write("/piano/density", [11])
    write("/preset/store", ["both", "ink"])
    write("/preset/store", ["lines", "/ink"])
    write("/ink/width", [3])
    write("/preset/recall", ["both", 0, "ink"])
    assert (booth.tree.get("/ink/width"), booth.tree.get("/piano/density")) == (7.0, 11.0)
    write("/preset/recall", ["both"])
    assert booth.tree.get("/piano/density") == 5.0
    with pytest.raises(KnobError, match="preset lines contains no values of /piano"):
        write("/preset/recall", ["lines", 0, "piano"])


def test_a_number_is_a_name_or_a_position(booth: Any, presets: Callable[..., Presets]) -> None:
    presets("[calm.ink]\nwidth = 3\n[wild.ink]\nwidth = 9\n[1.ink]\nwidth = 1\n")
    seen = []
    for number in (1, 2, 2.0, "2"):
        booth.tree.write("/preset/recall", [number])
        seen.append(booth.tree.get("/ink/width"))
    assert seen == [1.0, 9.0, 9.0, 9.0]


@pytest.mark.parametrize(
    ("address", "given", "sentence"),
    [
        ("/preset/recall", ["clam"], "no preset 'clam'; similar: calm"),
        ("/preset/recall", [2], "no preset '2'"),
        ("/preset/recall", ["calm", "soon"], "seconds: expected a number"),
        ("/preset/recall", [], r"expected name \[seconds\] \[node\]"),
        ("/preset/store", [""], "expected a name of 1 to 100 characters"),
        ("/preset/store", ["two\nlines"], "expected a name of 1 to 100 characters"),
        ("/preset/store", ["x", "drums"], "/drums has no values to store"),
        ("/preset/delete", ["x"], "no preset 'x'"),
        ("/preset/scope", ["piano"], "a pattern begins with /"),
    ],
)
def test_errors_are_answered_to_the_sender(
    booth: Any, presets: Callable[..., Presets], address: str, given: list[Any], sentence: str
) -> None:
    presets(CALM)
    with pytest.raises(KnobError, match=sentence):
        booth.tree.write(address, given)


def test_the_scope_limits_a_store(booth: Any, presets: Callable[..., Presets]) -> None:
    part = presets()
    booth.tree.add("/piano/listen", Knob("Hear the keys", kind="switch", default=True))
    for name in ("in", "out"):
        booth.tree.add(f"/clock/{name}", Knob("A port", kind="text", default=""))
    booth.tree.write("/preset/store", ["usual"])
    booth.tree.write("/preset/scope", ["/ink/* /piano/{seed,density} -/*/title"])
    booth.tree.write("/preset/store", ["mine"])
    assert set(part.store.presets["usual"]) == {"piano", "ink"}
    assert "seed" not in part.store.presets["usual"]["piano"]
    assert "listen" not in part.store.presets["usual"]["piano"]
    assert part.store.presets["mine"] == {"piano": {"density": 5.0, "seed": 1}, "ink": {"width": 2.0}}


def test_a_file_with_errors_is_otherwise_used(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets(
        "[calm.piano]\ntemperatur = 0.5\ndensity = 99\npolyphony = 'many'\nmute = = 1\nrate = 3\n"
        "[calm.engine]\nblackout = 1\n[calm.ink]\nwidth = 4\n"
    )
    said = [
        f"{path}, line 5: Invalid value: mute = = 1",
        f"{path}, line 2: no address /piano/temperatur; similar: /piano/temperature, /piano/rate, /piano/seed",
        f"{path}, line 3: /piano/density: 99 is out of range, 0 to 20 1/s: 20 is used",
        f"{path}, line 4: /piano/polyphony: expected a number, got 'many'",
        f"{path}, line 6: /piano/rate is not both readable and writable, so presets cannot contain it",
        f"{path}, line 8: /engine/blackout: presets cannot set it",
    ]
    assert booth.told == said
    booth.tree.write("/preset/recall", ["calm"])
    assert booth.told == said
    get = booth.tree.get
    assert (get("/piano/density"), get("/ink/width"), get("/engine/blackout")) == (20.0, 4.0, 0.0)


def test_a_file_of_another_patch_is_complained_of_a_few_times_and_costs_no_search_for_each_value(
    booth: Any, presets: Callable[..., Presets], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches, near = list[str](), Tree.near
    monkeypatch.setattr(Tree, "near", lambda tree, address: searches.append(address) or near(tree, address))
    path.write_text("".join(f"[p{n}.other]\nknob{n} = 1\n" for n in range(300)), encoding="utf-8")
    shown = presets()
    assert len(booth.told) == COMPLAINTS_AT_MOST + 1
    assert booth.told[0] == f"{path}, line 2: no address /other/knob0"
    assert booth.told[-1] == "preset p20: more values that cannot be set"
    booth.tree.write("/preset/recall", ["p299"])
    assert len(searches) == COMPLAINTS_AT_MOST
    assert len(shown.store.presets) == 300


def test_the_file_is_followed_while_it_plays(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets(CALM)
    booth.run(0.5)
    path.write_text(CALM.replace("15", "12") + "[wild.ink]\nwidth = 9\n", encoding="utf-8")
    booth.run(1.5)
    assert booth.tree.get("/preset/list") == "calm\nwild"
    booth.tree.write("/preset/recall", ["calm"])
    assert booth.tree.get("/piano/density") == 12.0


def test_deleting_takes_it_out_of_the_file(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets(CALM + "[wild.ink]\nwidth = 9\n")
    booth.tree.write("/preset/delete", ["calm"])
    booth.run(0.1)
    assert tomllib.loads(path.read_text("utf-8")) == {"wild": {"ink": {"width": 9}}}
    assert booth.tree.get("/preset/list") == "wild"


@pytest.mark.parametrize(("grid", "at"), [("beat", 2.0), ("bar", 4.0)])
def test_a_recall_waits_for_beat_or_bar(booth: Any, presets: Callable[..., Presets], grid: str, at: float) -> None:
    presets(CALM)
    booth.run(1.3)
    booth.tree.set("/preset/quantise", grid)
    booth.tree.write("/preset/recall", ["calm"])
    assert booth.over("/piano/density", at - 0.01, at + 0.01) == [5.0, 15.0]


def test_a_waiting_recall_follows_the_tempo_and_is_replaced_by_the_next(
    booth: Any, presets: Callable[..., Presets]
) -> None:
    presets(CALM + "[wild.piano]\ndensity = 20\n")
    booth.tree.set("/preset/quantise", "bar")
    booth.run(1.0)
    booth.tree.write("/preset/recall", ["calm"])
    booth.run(2.0)
    booth.tree.write("/preset/recall", ["wild"])
    booth.clock.set_tempo(120.0)  # beat 4 is now due at 3.0
    booth.control_thread.wake()
    assert booth.over("/piano/density", 2.99, 3.01, 9.0) == [5.0, 20.0, 20.0]


def test_mapped_parameters_are_neither_stored_nor_recalled(booth: Any, presets: Callable[..., Presets]) -> None:
    part = presets(CALM, driven=lambda address: address == "/piano/density")
    booth.tree.write("/preset/recall", ["calm"])
    booth.tree.write("/preset/store", ["now"])
    assert booth.tree.get("/piano/density") == 5.0
    assert "density" not in part.store.presets["now"]["piano"]


def test_a_failed_write_is_reported_and_tried_again(
    booth: Any, presets: Callable[..., Presets], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    presets()
    with monkeypatch.context() as patched:

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patched.setattr(os, "fsync", full)
        booth.tree.write("/preset/store", ["safe"])
        booth.run(5.0)
        assert booth.told == [f"{path} cannot be written, trying again: [Errno 28] No space left on device"]
        booth.tree.write("/preset/recall", ["safe"])
    booth.run(12.0)
    assert list(tomllib.loads(path.read_text("utf-8"))) == ["safe"]


def test_what_was_stored_last_is_written_at_the_end(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets()
    booth.tree.write("/preset/store", ["last"])
    booth.control_thread.close()
    assert list(tomllib.loads(path.read_text("utf-8"))) == ["last"]


def test_the_limit_of_presets_is_reported_and_a_full_file_is_read_again(
    booth: Any, presets: Callable[..., Presets], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preset_store, "MOST_BYTES", 2_000)
    part = presets()

    def store(count: int) -> None:
        for number in range(count):
            booth.tree.write("/preset/store", [f"p{number}"])

    with pytest.raises(KnobError, match=r"is not stored: presets are limited to .* with /preset/delete"):
        store(100)
    assert 1 < len(part.store.presets) < 100
    again = PresetStore(path)
    assert again.read() == []
    assert again.presets == part.store.presets
    booth.tree.write("/preset/delete", ["p0"])
    booth.tree.write("/preset/store", ["one more"])


def test_a_preset_gets_another_name(booth: Any, presets: Callable[..., Presets], path: Path) -> None:
    presets("")
    for name in ("calm", "loud"):
        booth.tree.write("/preset/store", [name])
    booth.tree.write("/preset/rename", ["calm", "still"])
    assert booth.tree.get("/preset/list") == "loud\nstill"
    booth.tree.write("/preset/recall", ["still"])
    booth.tree.write("/preset/rename", ["still", "silent"])
    assert booth.tree.get("/preset/last") == "silent"
    for wrong in (["gone", "x"], ["loud", "silent"], ["loud", " "]):
        with pytest.raises(KnobError):
            booth.tree.write("/preset/rename", wrong)
    assert booth.tree.get("/preset/list") == "loud\nsilent"
    booth.run(0.1)
    assert list(tomllib.loads(path.read_text("utf-8"))) == ["loud", "silent"]
