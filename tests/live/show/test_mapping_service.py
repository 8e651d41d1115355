"""Mappings: how a target follows its source, and which writes override a mapping."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live.midi.input.midi_input import MidiInput
from live.patch import Patch
from live.show.mapping import follow
from live.show.mapping_service import MappingService
from live.show.presets import Presets
from models.base import Knob, KnobError

DENSITY, TEMPERATURE, RATE = "/piano/density", "/piano/temperature", "/piano/rate"


@pytest.fixture
def path(booth: Any) -> Path:
    return Path(booth.folder) / "piece.mappings.toml"


@pytest.fixture
def mappings(booth: Any, path: Path) -> Callable[..., MappingService]:
    def open_mappings(text: str = "", **wanted: Any) -> MappingService:
        if text:
            path.write_text(text, encoding="utf-8")
        patch = Patch(mappings={f"/piano/{name}": mapping for name, mapping in wanted.items()})
        part = MappingService(booth.context, path, patch)
        booth.open(part)
        return part

    return open_mappings


def follows(booth: Any, source: str, target: str, *values: float) -> list[Any]:
    """What a target is for each value of its source, a tenth of a second apart."""
    seen = []
    for value in values:
        booth.tree.publish(source, value)
        booth.run(booth.clock.now() + 0.1)
        number = booth.tree.get(target)
        seen.append(round(number, 3) if isinstance(number, float) else number)
    return seen


def test_a_knob_of_the_patch_follows_what_is_played(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow(RATE, 2.0, 12.0, smooth=0.0))
    assert follows(booth, RATE, DENSITY, 0.0, 5.0, 10.0, 20.0, 99.0) == [2.0, 4.5, 7.0, 12.0, 12.0]
    assert booth.tree.get("/mapping/list") == "/piano/density /piano/rate"


def test_a_mapping_uses_the_targets_curve_and_its_own(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(temperature=follow(RATE, source_range=(0, 4), smooth=0), density=follow(RATE, 10, 0, curve=2.0, smooth=0))
    assert follows(booth, RATE, TEMPERATURE, 0.0, 1.0, 2.0, 4.0) == [0.25, 0.5, 1.0, 4.0]
    assert follows(booth, RATE, DENSITY, 0.0, 10.0, 20.0) == [10.0, 7.5, 0.0]


def test_a_logarithmic_source_is_mapped_logarithmically(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow(TEMPERATURE, 0, 8, smooth=0))
    assert follows(booth, TEMPERATURE, DENSITY, 0.25, 0.5, 1.0, 4.0) == [0.0, 2.0, 4.0, 8.0]


def test_smoothing_takes_its_time(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow(RATE, 0, 20, smooth=0.5))
    booth.run(0.1)
    booth.tree.publish(RATE, 20.0)
    booth.run(0.61)
    assert booth.tree.get(DENSITY) == pytest.approx(20.0 * (1.0 - math.exp(-1.0)), abs=0.5)


def test_a_wave_swings_a_control(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("triangle 4 s", 4, 8, smooth=0))
    assert booth.over(DENSITY, 0.01, 1.01, 2.01, 3.01, 4.01) == [4.0, 6.0, 8.0, 6.0, 4.0]
    booth.tree.set("/mapping/piano.density/rate", 8.0)  # from here on, without a jump
    assert booth.over(DENSITY, 5.01, 6.01) == [5.0, 6.0]
    assert booth.tree.get("/mapping/piano.density/source") == "triangle 8 s"


def test_the_beat_swings_a_control_and_the_tempo_with_it(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("saw 4 beats", 0, 8, smooth=0))
    assert booth.over(DENSITY, 0.01, 1.01, 3.01, 4.01) == [0.0, 2.0, 6.0, 0.0]
    booth.clock.set_tempo(120.0)
    assert booth.over(DENSITY, 4.521, 5.021)[1] == pytest.approx(4.0, abs=0.1)


def test_the_newest_published_value_is_the_source(booth: Any, mappings: Callable[..., MappingService]) -> None:
    booth.tree.add_signal("/piano/note", "iii", "A note")
    mappings(density=follow("/piano/note:2", 0, 10, source_range=(0, 127), smooth=0))
    booth.run(0.1)
    assert (booth.tree.get(DENSITY), booth.told) == (5.0, [])  # nothing was played yet
    booth.tree.publish("/piano/note", 60, 127, 1)
    booth.run(0.2)
    assert booth.tree.get(DENSITY) == 10.0


def test_the_end_of_a_note_does_not_move_a_mapping(
    booth: Any, mappings: Callable[..., MappingService]
) -> None:
    booth.tree.add_signal("/piano/note", "iii", "A note: pitch, velocity, and 1 or 0 for down or up")
    mappings(
        density=follow("/piano/note:2", 0, 10, source_range=(0, 127), smooth=0),
        temperature=follow("/piano/note:3", 0, 2, source_range=(0, 1), smooth=0),
    )
    booth.run(0.1)
    booth.tree.publish("/piano/note", 60, 127, 1)
    booth.run(0.2)
    assert (booth.tree.get(DENSITY), booth.tree.get("/piano/temperature")) == (10.0, 2.0)
    booth.tree.publish("/piano/note", 62, 0, 0)
    booth.run(0.3)
    assert (booth.tree.get(DENSITY), booth.tree.get("/piano/temperature")) == (10.0, 0.25)


@pytest.mark.parametrize(
    ("target", "low", "high", "seen"),
    [
        ("/piano/polyphony", 1, 5, [1, 2, 3, 5]),
        ("/piano/mute", 0, 1, [False, False, True, True]),
        ("/piano/scale", 0, 1, ["major", "major", "all", "all"]),
        ("/piano/pitch_class/c_sharp", 0, 1, [0.0, 0.25, 0.5, 1.0]),
    ],
)
def test_all_kinds_of_targets(
    booth: Any, mappings: Callable[..., MappingService], target: str, low: float, high: float, seen: list[Any]
) -> None:
    mappings()
    booth.tree.write("/mapping/add", [RATE, target, low, high, 1, 0])
    assert follows(booth, RATE, target, 0.0, 5.0, 10.0, 20.0) == seen
    assert booth.told == []


def test_a_button_is_pressed_at_each_upward_crossing(
    booth: Any, mappings: Callable[..., MappingService]
) -> None:
    mappings()
    booth.tree.write("/mapping/add", ["square 2 s", "/piano/reset", 0, 1, 1, 0])
    booth.run(6.5)
    assert [time_s for time_s, _ in booth.pressed] == pytest.approx([1.0, 3.0, 5.0], abs=0.021)


def test_a_manual_change_pauses_the_mapping(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("sine 1 s", 0, 20, smooth=0))
    booth.run(0.33)
    booth.tree.set(DENSITY, 3.0)
    assert booth.over(DENSITY, 1.0, 2.5) == [3.0, 3.0]
    assert booth.tree.get("/mapping/piano.density/enabled") is False
    booth.tree.set("/mapping/piano.density/enabled", True)  # it takes over within a second
    values = booth.over(DENSITY, 2.52, 4.51)
    assert values[0] == pytest.approx(3.0, abs=0.7)
    assert values[1] == pytest.approx(20.0, abs=0.1)


@pytest.mark.parametrize("target", [DENSITY, "/piano/polyphony"])
def test_a_manual_glide_is_a_manual_change(booth: Any, mappings: Callable[..., MappingService], target: str) -> None:
    mappings()
    booth.tree.write("/mapping/add", ["triangle 2 s", target])
    booth.run(0.5)
    booth.tree.set(target, 1, 4.0)
    booth.run(4.6)
    assert booth.tree.get(target) == 1


def test_the_mapping_resumes_after_a_manual_change(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow(RATE, 0, 20, smooth=0))
    booth.tree.write("/mapping/override", ["return"])
    booth.tree.write("/mapping/return", [2])
    booth.tree.publish(RATE, 10.0)
    booth.run(1.0)
    booth.tree.set(DENSITY, 2.0)
    booth.run(2.0)
    booth.tree.set(DENSITY, 4.0)
    assert booth.over(DENSITY, 2.5, 3.9, 4.52, 5.5) == [4.0, 4.0, pytest.approx(7.0, abs=0.2), 10.0]


def test_a_mapping_can_ignore_manual_changes(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("sine 1 s", 0, 20, smooth=0))
    booth.tree.write("/mapping/override", ["ignore"])
    booth.run(0.33)
    booth.tree.set(DENSITY, 3.0)
    assert booth.over(DENSITY, 0.505) == [20.0]


def test_presets_do_not_move_mapped_parameters(booth: Any, mappings: Callable[..., MappingService]) -> None:
    part = mappings(density=follow(RATE, 0, 20, smooth=0))
    presets = Presets(booth.context, None, part.drives)
    booth.open(presets)
    booth.run(0.1)
    booth.tree.write("/preset/store", ["now"])
    assert "density" not in presets.store.presets["now"]["piano"]
    assert part.drives("/piano/density")
    assert not part.drives("/piano/temperature")
    booth.tree.set("/mapping/piano.density/enabled", False)
    assert not part.drives("/piano/density")


def test_cyclic_mappings_do_not_block(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("/piano/density", 1, 19, smooth=0), temperature=follow("/ink/width", smooth=0))
    booth.tree.write("/mapping/add", [TEMPERATURE, "/ink/width", 1, 9])
    booth.tree.set("/ink/width", 5)
    booth.run(2.0)
    assert 1.0 <= booth.tree.get(DENSITY) <= 19.0
    assert booth.told == []


def test_mappings_made_over_osc_are_kept_in_the_file(
    booth: Any, mappings: Callable[..., MappingService], path: Path
) -> None:
    mappings(density=follow(RATE, 2.0, 12.0))
    booth.tree.write("/mapping/add", ["sine 0.5 hz", TEMPERATURE, 0.5, 2])
    booth.tree.set("/mapping/piano.temperature/high", 3.0)
    booth.run(1.5)
    assert tomllib.loads(path.read_text("utf-8")) == {
        TEMPERATURE: {"source": "sine 0.5 hz", "low": 0.5, "high": 3.0, "curve": 1.0, "smooth": 0.1}
    }
    booth.tree.write("/mapping/remove", ["piano.temperature"])
    booth.run(2.5)
    assert tomllib.loads(path.read_text("utf-8")) == {}
    assert [a for a in booth.tree.addresses() if a.startswith("/mapping/piano.temperature")] == []
    assert "/mapping/piano.density/low" in booth.tree


def test_the_file_overrides_the_patch_and_is_reread(
    booth: Any, mappings: Callable[..., MappingService], path: Path
) -> None:
    text = f'["{DENSITY}"]\nsource = "{RATE}"\nlow = 0\nhigh = 10\nsmooth = 0\n'
    mappings(text, density=follow(RATE, 12.0, 12.0, smooth=0))
    assert follows(booth, RATE, DENSITY, 20.0) == [10.0]
    path.write_text(text.replace("10", "8"), encoding="utf-8")
    booth.run(1.5)
    assert follows(booth, RATE, DENSITY, 20.0) == [8.0]
    path.write_text("", encoding="utf-8")
    booth.run(3.0)
    assert (booth.tree.get("/mapping/list"), booth.told) == (f"{DENSITY} {RATE}", [])
    assert follows(booth, RATE, DENSITY, 0.0) == [pytest.approx(12.0)]  # the patch's, again


def test_a_file_with_errors_is_otherwise_used(booth: Any, mappings: Callable[..., MappingService], path: Path) -> None:
    mappings(
        f'["/piano/densty"]\nsource = "{RATE}"\n["{TEMPERATURE}"]\nsource = "sinus 1 hz"\n["/ink/width"]\nsourc = 3\n'
        f'["/ink/title"]\nsource = "{RATE}"\n["/engine/blackout"]\nsource = "{RATE}"\n'
        f'["/piano/pitch_class"]\nsource = "{RATE}"\n["{DENSITY}"]\nsource = "{RATE}"\nsmooth = "long"\n'
        f'["/piano/polyphony"]\nsource = "{RATE}"\n'
    )
    said = [
        "line 1: mapping to /piano/densty: no address /piano/densty; similar: ",
        "line 3: mapping to /piano/temperature: expected an address, or one of sine, triangle, saw, square, random",
        "line 5: mapping to /ink/width: expected source = an address or a wave, got None",
        "line 7: mapping to /ink/title: a mapping moves numbers, switches, choices and buttons, not a text",
        "line 9: mapping to /engine/blackout: no mapping may move /engine/blackout",
        "line 11: mapping to /piano/pitch_class: a mapping moves one number: expected one of the components c, c_sh",
        "line 13: mapping to /piano/density: smooth: expected a number, got 'long'",
    ]
    assert [sentence.startswith(f"{path}, {begin}") for sentence, begin in zip(booth.told, said, strict=True)] == (
        [True] * 7
    )
    assert booth.tree.get("/mapping/list") == "/piano/polyphony /piano/rate"


def test_a_missing_source_may_appear_later(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow("/midi/in/box/cc7", 0, 20, smooth=0))
    booth.run(0.5)
    assert booth.told == ["mapping to /piano/density: no address /midi/in/box/cc7; trying again"]
    booth.tree.add("/midi/in/box/cc7", Knob("A fader", 0, 127, kind="int", default=127, access="r"))
    assert (booth.over(DENSITY, 0.6), len(booth.told)) == ([20.0], 1)


def test_a_fader_of_a_midi_box_moves_a_control(booth: Any, mappings: Callable[..., MappingService]) -> None:
    box = MidiInput(booth.context, ())
    booth.open(box)
    mappings(density=follow("/midi/in/fader_box/ch1/cc7", 0, 20, smooth=0))
    box.arrive("Fader Box", 0.1, bytes([0xB0, 7, 127]))
    assert booth.over(DENSITY, 0.2) == [20.0]
    box.arrive("Fader Box", 0.2, bytes([0xB0, 7, 0]))
    assert booth.over(DENSITY, 0.3) == [0.0]


def test_a_loaded_patch_changes_its_mappings(booth: Any, mappings: Callable[..., MappingService]) -> None:
    part = mappings(density=follow(RATE, 2.0, 12.0), temperature=follow(RATE))
    kept = part.drivers[TEMPERATURE]
    booth.run(0.1)
    booth.control_thread.follow(Patch(mappings={TEMPERATURE: follow(RATE), "/ink/width": follow("saw 2 s")}))
    booth.run(0.2)
    assert list(part.drivers) == [TEMPERATURE, "/ink/width"]
    assert part.drivers[TEMPERATURE] is kept
    assert booth.tree.get(DENSITY) == 5.0  # its default, again
    assert "/mapping/piano.density/low" not in booth.tree


def test_another_source_brings_its_own_range(booth: Any, mappings: Callable[..., MappingService]) -> None:
    mappings(density=follow(RATE, 0, 20, smooth=0))
    booth.tree.write("/mapping/piano.density/source", ["/ink/width"])
    booth.run(0.1)
    assert booth.tree.get("/mapping/piano.density/from_high") == 9.0
    with pytest.raises(KnobError, match="expected an address, or one of sine"):
        booth.tree.write("/mapping/piano.density/source", ["noise"])
    assert booth.tree.get("/mapping/piano.density/source") == "/ink/width"


@pytest.mark.parametrize(
    ("address", "given", "sentence"),
    [
        ("/mapping/add", [RATE, "/piano/densty"], "no address /piano/densty; similar: /piano/density"),
        ("/mapping/add", ["noise", DENSITY], "expected an address, or one of sine"),
        ("/mapping/add", ["sine 1 s", RATE], "this one is read-only"),
        ("/mapping/add", [RATE, "/engine/blackout"], "no mapping may move"),
        ("/mapping/add", [RATE, DENSITY, "low"], "low: expected a number"),
        ("/mapping/remove", [DENSITY], "no mapping moves /piano/density; mapped are none"),
    ],
)
def test_errors_are_answered_to_the_sender(
    booth: Any, mappings: Callable[..., MappingService], address: str, given: list[Any], sentence: str
) -> None:
    mappings()
    with pytest.raises(KnobError, match=sentence):
        booth.tree.write(address, given)
