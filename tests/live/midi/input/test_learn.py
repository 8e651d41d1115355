"""Touch a control, and it moves the parameter; the map is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from live.transport.clock import VirtualClock
from models.base import Knob, pulse


class Stage:
    def __init__(self, path: Path | None = None) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.tree.add("/piano/temperature", Knob("", 0.0, 2.0, default=1.0))
        self.tree.add("/piano/density", Knob("", 1.0, 64.0, curve="log", default=8.0))
        self.tree.add("/piano/pause", Knob("", kind="switch", default=False))
        self.tree.add("/piano/name", Knob("", kind="text", default=""))
        self.failed: list[str] = []
        self.told: list[tuple[str, tuple[Any, ...]]] = []
        self.control_thread = ControlThread(self.clock, self.failed.append)
        self.midi_in = MidiInput(self.tree, self.clock, self.control_thread.wake, self.failed.append)
        self.learn = Learn(self.tree, self.clock, self.control_thread.wake, self.failed.append, path)
        self.midi_in.receivers.append(self.learn.receive)
        self.control_thread.open([self.midi_in, self.learn])
        self.tree.watchers.append(lambda *told: self.told.append(told))

    def come(self, *texts: str, device: str = "Faders") -> None:
        for text in texts:
            self.midi_in.arrive(device, self.clock.now(), bytes.fromhex(text))
        self.control_thread.advance(self.clock.now())

    def later(self, seconds: float) -> None:
        self.clock.advance(self.clock.now() + seconds)
        self.control_thread.advance(self.clock.now())

    def get(self, name: str) -> Any:
        return self.tree.get(f"/piano/{name}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "piece.midi.toml"


def test_the_next_control_that_is_touched_moves_the_value(path: Path) -> None:
    stage = Stage(path)
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b04a40", "b04a60")
    assert stage.get("temperature") == pytest.approx(1.0 + 32 / 63)
    assert stage.tree.get("/midi/learn") == ""
    assert ("/midi/learnt", ("/piano/temperature", "Faders channel 1 cc 74")) in stage.told
    stage.come("b04b00", "b14a00", device="Faders")
    stage.come("b04a00", device="Other")
    assert stage.get("temperature") == pytest.approx(1.0 + 32 / 63)


def test_the_map_is_kept_beside_the_patch(path: Path) -> None:
    stage = Stage(path)
    for address, text in (("/piano/density", "b00700"), ("/piano/pause", "992464")):
        stage.tree.set("/midi/learn", address)
        stage.come(text)
    assert path.read_text("utf-8") == (
        '["/piano/density"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "pickup"\n'
        '\n["/piano/pause"]\ndevice = "Faders"\nchannel = 10\ncontrol = "note 36"\nmode = "toggle"\n'
    )
    again = Stage(path)
    again.come("b00700", "b0077f", "992464")
    again.later(0.1)
    assert (again.get("density"), again.get("pause")) == (64.0, True)
    assert again.tree.get("/midi/map") == (
        "/piano/density Faders channel 1 cc 7, pickup\n/piano/pause Faders channel 10 note 36, toggle"
    )


def test_soft_takeover_says_how_far_away_the_control_is() -> None:
    stage = Stage()
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b04a00", "b04a20", "b04a00")
    assert stage.get("temperature") == 1.0
    told = [values for address, values in stage.told if address == "/midi/pickup"]
    assert told == [("/piano/temperature", -0.25), ("/piano/temperature", -0.5)]
    stage.come("b04a50")
    stage.later(0.1)
    assert stage.get("temperature") == pytest.approx(1.25, abs=0.01)


def test_fourteen_bits_are_noticed(path: Path) -> None:
    stage = Stage(path)
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b00240", "b02200", "b00240", "b02210", "b02220")
    assert stage.learn._map["/piano/temperature"][0].control == "cc14 2"
    assert stage.get("temperature") == pytest.approx(1.0 + 32 / 8191)


def test_two_controllers_touched_one_after_the_other_are_two(path: Path) -> None:
    stage = Stage(path)
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b00240")
    stage.later(0.5)
    stage.come("b02200")
    assert stage.learn._map["/piano/temperature"][0].control == "cc 2"


def test_nrpn_and_pitch_bend_are_learnt() -> None:
    stage = Stage()
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b06302", "b0622c", "b00640", "b02600", "b00650", "b02600")
    assert stage.learn._map["/piano/temperature"][0].control == "nrpn 300"
    assert stage.get("temperature") == pytest.approx(1.25, abs=0.01)
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("e00040", "e07f7f")
    stage.later(0.1)
    assert stage.get("temperature") == 2.0


def test_a_released_key_is_not_learnt() -> None:
    stage = Stage()
    stage.tree.set("/midi/learn", "/piano/pause")
    stage.come("802440")
    assert stage.tree.get("/midi/learn") == "/piano/pause"
    stage.come("902440", "802440", "902440")
    assert stage.get("pause") is True


def test_learning_ends_with_an_empty_text() -> None:
    stage = Stage()
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.tree.set("/midi/learn", "")
    stage.come("b04a00")
    assert stage.tree.get("/midi/map") == ""


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/piano/temprature", "no address /piano/temprature; similar: /piano/temperature"),
        ("/piano/name", "text cannot be moved by a controller"),
    ],
)
def test_what_cannot_be_learnt_is_told(address: str, sentence: str) -> None:
    stage = Stage()
    with pytest.raises(AddressError, match=sentence):
        stage.tree.set("/midi/learn", address)
    assert stage.tree.get("/midi/learn") == ""


def test_the_way_of_moving_can_be_asked_for() -> None:
    stage = Stage()
    stage.tree.set("/midi/learn_mode", "relative")
    stage.tree.set("/midi/learn", "/piano/temperature")
    stage.come("b04a01", "b04a01", "b04a01")
    assert stage.get("temperature") == pytest.approx(1.0 + 2 * 2.0 / 128.0)


def test_forgetting(path: Path) -> None:
    stage = Stage(path)
    for address, text in (("/piano/density", "b00700"), ("/piano/temperature", "b00800")):
        stage.tree.set("/midi/learn", address)
        stage.come(text)
    stage.tree.set("/midi/forget", "/piano/density")
    stage.later(0.1)
    assert stage.tree.get("/midi/map") == "/piano/temperature Faders channel 1 cc 8, pickup"
    assert "density" not in path.read_text("utf-8")
    with pytest.raises(AddressError, match=r"no control is bound to '/piano/density'; bound are .*/piano/temperature"):
        stage.tree.set("/midi/forget", "/piano/density")
    stage.tree.set("/midi/forget", "/")
    stage.later(0.1)
    assert stage.tree.get("/midi/map") == ""


def test_a_hand_in_the_file_is_followed_and_its_slips_are_told(path: Path) -> None:
    stage = Stage(path)
    good = '["/piano/density"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\npart = [1.0, 0.5]\n'
    bad = '["/piano/temperature"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 200"\n'
    path.write_text(good + bad, encoding="utf-8")
    stage.later(1.1)
    stage.come("b0077f", "b00700")
    assert stage.get("density") == pytest.approx(64.0)
    (sentence,) = stage.failed
    assert f"{path}, line 7: /piano/temperature: expected control =" in sentence
    assert "got 'cc 200'" in sentence


def test_a_device_may_be_a_pattern(path: Path) -> None:
    path.write_text('["/piano/density"]\ndevice = "*kontrol*"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n', "utf-8")
    stage = Stage(path)
    stage.come("b0077f", device="nanoKONTROL2")
    assert stage.get("density") == pytest.approx(64.0)
    stage.come("b00700", device="Faders")
    assert stage.get("density") == pytest.approx(64.0)


def test_a_node_that_is_not_there_yet_keeps_its_control(path: Path) -> None:
    path.write_text('["/veil/strength"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n', "utf-8")
    stage = Stage(path)
    assert "no address /veil/strength" in stage.failed[0]
    stage.tree.add("/veil/strength", Knob("", 0.0, 1.0))
    stage.learn.follow(Patch())
    stage.later(0.1)
    stage.come("b0077f")
    assert stage.tree.get("/veil/strength") == 1.0
    stage.tree.remove("veil")
    stage.come("b00700")
    assert len(stage.failed) == 1


def test_program_changes_recall_presets() -> None:
    stage = Stage()
    stage.come("c004")
    recalled: list[Any] = []
    stage.tree.add("/preset/recall", pulse(""), recalled.append)
    stage.tree.add("/preset/recall", Knob("", kind="int", default=0), recalled.append)
    stage.come("c004")
    stage.tree.set("/midi/programs", False)
    stage.come("c005")
    assert recalled == [5]


def test_a_map_survives_another_client_number(path: Path) -> None:
    """ALSA gives a device another number when it is plugged in again, and a2jmidid puts it into the name."""
    stage = Stage(path)
    stage.tree.set("/midi/learn", "/piano/density")
    stage.come("b00700", device="a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1")
    stage.come("b00700", "b0077f", device="a2j:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1")
    stage.later(0.1)
    assert stage.get("density") == 64.0
    stage.come("b00700", device="nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0")
    assert stage.get("density") == 1.0


def test_a_map_written_with_the_number_is_understood(path: Path) -> None:
    device = "a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1"
    table = f'device = "{device}"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n'
    path.write_text(f'["/piano/density"]\n{table}', "utf-8")
    stage = Stage(path)
    stage.come("b0077f", device="a2j:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1")
    assert stage.get("density") == pytest.approx(64.0)


def test_increments_of_two_parameters_are_two_controls(path: Path) -> None:
    stage = Stage(path)
    for address, number in (("/piano/temperature", "14"), ("/piano/density", "15")):
        stage.tree.set("/midi/learn", address)
        stage.come("b06301", f"b062{number}", "b06000")
    assert [one[0].control for one in stage.learn._map.values()] == ["nrpn 148 step", "nrpn 149 step"]
    stage.come("b06301", "b06214", "b06000", "b06000")
    assert stage.get("temperature") == pytest.approx(1.0 + 2 * 2.0 / 128)
    assert stage.get("density") == 8.0
    again = Stage(path)
    again.come("b06301", "b06214", "b06100")
    assert again.get("temperature") == pytest.approx(1.0 - 2.0 / 128)


def test_a_bound_control_is_used_up_and_others_are_not() -> None:
    stage = Stage()
    passed: list[bytes] = []
    stage.midi_in.receivers.append(lambda message: bool(passed.append(message.data)))
    stage.tree.set("/midi/learn", "/piano/pause")
    stage.come("902464", "802440", "902464", "802440", "902664", "914464")
    assert [data.hex() for data in passed] == ["802440", "802440", "902664", "914464"]
