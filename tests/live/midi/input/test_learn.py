"""MIDI learn: assigns the next moved control to a parameter, and stores the assignment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from live.transport.clock import VirtualClock
from models.base import Knob, pulse


class LearnRig:
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
        context = ServiceContext(self.tree, self.clock, self.control_thread.wake, self.failed.append)
        self.midi_in, self.learn = MidiInput(context), Learn(context, path)
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
    rig = LearnRig(path)
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b04a40", "b04a60")
    assert rig.get("temperature") == pytest.approx(1.0 + 32 / 63)
    assert rig.tree.get("/midi/learn") == ""
    assert ("/midi/learnt", ("/piano/temperature", "Faders channel 1 cc 74")) in rig.told
    rig.come("b04b00", "b14a00", device="Faders")
    rig.come("b04a00", device="Other")
    assert rig.get("temperature") == pytest.approx(1.0 + 32 / 63)


def test_the_map_is_stored_next_to_the_patch(path: Path) -> None:
    rig = LearnRig(path)
    for address, text in (("/piano/density", "b00700"), ("/piano/pause", "992464")):
        rig.tree.set("/midi/learn", address)
        rig.come(text)
    assert path.read_text("utf-8") == (
        '["/piano/density"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "pickup"\n'
        '\n["/piano/pause"]\ndevice = "Faders"\nchannel = 10\ncontrol = "note 36"\nmode = "toggle"\n'
    )
    again = LearnRig(path)
    again.come("b00700", "b0077f", "992464")
    again.later(0.1)
    assert (again.get("density"), again.get("pause")) == (64.0, True)
    assert again.tree.get("/midi/map") == (
        "/piano/density Faders channel 1 cc 7, pickup\n/piano/pause Faders channel 10 note 36, toggle"
    )


def test_soft_takeover_reports_the_distance_of_the_control() -> None:
    rig = LearnRig()
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b04a00", "b04a20", "b04a00")
    assert rig.get("temperature") == 1.0
    told = [values for address, values in rig.told if address == "/midi/pickup"]
    assert told == [("/piano/temperature", -0.25), ("/piano/temperature", -0.5)]
    rig.come("b04a50")
    rig.later(0.1)
    assert rig.get("temperature") == pytest.approx(1.25, abs=0.01)


def test_fourteen_bits_are_noticed(path: Path) -> None:
    rig = LearnRig(path)
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b00240", "b02200", "b00240", "b02210", "b02220")
    assert rig.learn._map["/piano/temperature"][0].control == "cc14 2"
    assert rig.get("temperature") == pytest.approx(1.0 + 32 / 8191)


def test_two_controllers_touched_one_after_the_other_are_two(path: Path) -> None:
    rig = LearnRig(path)
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b00240")
    rig.later(0.5)
    rig.come("b02200")
    assert rig.learn._map["/piano/temperature"][0].control == "cc 2"


def test_nrpn_and_pitch_bend_are_learnt() -> None:
    rig = LearnRig()
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b06302", "b0622c", "b00640", "b02600", "b00650", "b02600")
    assert rig.learn._map["/piano/temperature"][0].control == "nrpn 300"
    assert rig.get("temperature") == pytest.approx(1.25, abs=0.01)
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("e00040", "e07f7f")
    rig.later(0.1)
    assert rig.get("temperature") == 2.0


def test_a_released_key_is_not_learnt() -> None:
    rig = LearnRig()
    rig.tree.set("/midi/learn", "/piano/pause")
    rig.come("802440")
    assert rig.tree.get("/midi/learn") == "/piano/pause"
    rig.come("902440", "802440", "902440")
    assert rig.get("pause") is True


def test_learning_ends_with_an_empty_text() -> None:
    rig = LearnRig()
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.tree.set("/midi/learn", "")
    rig.come("b04a00")
    assert rig.tree.get("/midi/map") == ""


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/piano/temprature", "no address /piano/temprature; similar: /piano/temperature"),
        ("/piano/name", "text cannot be moved by a controller"),
    ],
)
def test_learning_an_unsuitable_address_is_an_error(address: str, sentence: str) -> None:
    rig = LearnRig()
    with pytest.raises(AddressError, match=sentence):
        rig.tree.set("/midi/learn", address)
    assert rig.tree.get("/midi/learn") == ""


def test_the_takeover_mode_can_be_chosen() -> None:
    rig = LearnRig()
    rig.tree.set("/midi/learn_mode", "relative")
    rig.tree.set("/midi/learn", "/piano/temperature")
    rig.come("b04a01", "b04a01", "b04a01")
    assert rig.get("temperature") == pytest.approx(1.0 + 2 * 2.0 / 128.0)


def test_forgetting(path: Path) -> None:
    rig = LearnRig(path)
    for address, text in (("/piano/density", "b00700"), ("/piano/temperature", "b00800")):
        rig.tree.set("/midi/learn", address)
        rig.come(text)
    rig.tree.set("/midi/forget", "/piano/density")
    rig.later(0.1)
    assert rig.tree.get("/midi/map") == "/piano/temperature Faders channel 1 cc 8, pickup"
    assert "density" not in path.read_text("utf-8")
    with pytest.raises(AddressError, match=r"no control is bound to '/piano/density'; bound are .*/piano/temperature"):
        rig.tree.set("/midi/forget", "/piano/density")
    rig.tree.set("/midi/forget", "/")
    rig.later(0.1)
    assert rig.tree.get("/midi/map") == ""


def test_edits_of_the_file_are_applied_and_its_errors_reported(path: Path) -> None:
    rig = LearnRig(path)
    good = '["/piano/density"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\npart = [1.0, 0.5]\n'
    bad = '["/piano/temperature"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 200"\n'
    path.write_text(good + bad, encoding="utf-8")
    rig.later(1.1)
    rig.come("b0077f", "b00700")
    assert rig.get("density") == pytest.approx(64.0)
    (sentence,) = rig.failed
    assert f"{path}, line 7: /piano/temperature: expected control =" in sentence
    assert "got 'cc 200'" in sentence


def test_a_device_may_be_a_pattern(path: Path) -> None:
    path.write_text('["/piano/density"]\ndevice = "*kontrol*"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n', "utf-8")
    rig = LearnRig(path)
    rig.come("b0077f", device="nanoKONTROL2")
    assert rig.get("density") == pytest.approx(64.0)
    rig.come("b00700", device="Faders")
    assert rig.get("density") == pytest.approx(64.0)


def test_a_missing_node_keeps_its_control(path: Path) -> None:
    path.write_text('["/veil/strength"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n', "utf-8")
    rig = LearnRig(path)
    assert "no address /veil/strength" in rig.failed[0]
    rig.tree.add("/veil/strength", Knob("", 0.0, 1.0))
    rig.learn.follow(Patch())
    rig.later(0.1)
    rig.come("b0077f")
    assert rig.tree.get("/veil/strength") == 1.0
    rig.tree.remove("veil")
    rig.come("b00700")
    assert len(rig.failed) == 1


def test_program_changes_recall_presets() -> None:
    rig = LearnRig()
    rig.come("c004")
    recalled: list[Any] = []
    rig.tree.add("/preset/recall", pulse(""), recalled.append)
    rig.tree.add("/preset/recall", Knob("", kind="int", default=0), recalled.append)
    rig.come("c004")
    rig.tree.set("/midi/programs", False)
    rig.come("c005")
    assert recalled == [5]


def test_a_map_survives_another_client_number(path: Path) -> None:
    """ALSA gives a device another number when it is plugged in again, and a2jmidid puts it into the name."""
    rig = LearnRig(path)
    rig.tree.set("/midi/learn", "/piano/density")
    rig.come("b00700", device="a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1")
    rig.come("b00700", "b0077f", device="a2j:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1")
    rig.later(0.1)
    assert rig.get("density") == 64.0
    rig.come("b00700", device="nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0")
    assert rig.get("density") == 1.0


def test_a_map_written_with_the_number_is_understood(path: Path) -> None:
    device = "a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1"
    table = f'device = "{device}"\nchannel = 1\ncontrol = "cc 7"\nmode = "jump"\n'
    path.write_text(f'["/piano/density"]\n{table}', "utf-8")
    rig = LearnRig(path)
    rig.come("b0077f", device="a2j:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1")
    assert rig.get("density") == pytest.approx(64.0)


def test_increments_of_two_parameters_are_two_controls(path: Path) -> None:
    rig = LearnRig(path)
    for address, number in (("/piano/temperature", "14"), ("/piano/density", "15")):
        rig.tree.set("/midi/learn", address)
        rig.come("b06301", f"b062{number}", "b06000")
    assert [one[0].control for one in rig.learn._map.values()] == ["nrpn 148 step", "nrpn 149 step"]
    rig.come("b06301", "b06214", "b06000", "b06000")
    assert rig.get("temperature") == pytest.approx(1.0 + 2 * 2.0 / 128)
    assert rig.get("density") == 8.0
    again = LearnRig(path)
    again.come("b06301", "b06214", "b06100")
    assert again.get("temperature") == pytest.approx(1.0 - 2.0 / 128)


def test_a_bound_control_is_used_up_and_others_are_not() -> None:
    rig = LearnRig()
    passed: list[bytes] = []
    rig.midi_in.receivers.append(lambda message: bool(passed.append(message.data)))
    rig.tree.set("/midi/learn", "/piano/pause")
    rig.come("902464", "802440", "902464", "802440", "902664", "914464")
    assert [data.hex() for data in passed] == ["802440", "802440", "902664", "914464"]
