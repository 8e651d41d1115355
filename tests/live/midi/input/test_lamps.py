"""Sends values back to the LEDs and motor faders of learned controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.lamps import BLINK_S, Lamps, OnState
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Knob


class Box:
    """The lamps of one device."""

    def __init__(self, device: str, on_state: OnState) -> None:
        self.device = device
        self.on_state = on_state
        self.sent: list[str] = []
        self.closed = False

    def send_raw(self, due_s: float, message: bytes) -> None:
        assert due_s == 0.0
        self.sent.append(message.hex())

    def close(self) -> None:
        self.closed = True

    def close_soon(self) -> None:
        self.closed = True

    def new(self) -> list[str]:
        sent, self.sent = self.sent, []
        return sent


class LampRig:
    def __init__(self, path: Path | None = None) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.tree.add("/piano/temperature", Knob("", 0.0, 2.0, default=1.0))
        self.tree.add("/piano/pause", Knob("", kind="switch", default=False))
        self.failed: list[str] = []
        self.boxes: list[Box] = []
        self.control_thread = ControlThread(self.clock, self.failed.append)
        wake = self.control_thread.wake
        context = ServiceContext(self.tree, self.clock, wake, self.failed.append)
        self.midi_in, self.learn = MidiInput(context), Learn(context, path)
        self.midi_in.receivers.append(self.learn.receive)
        lamps = Lamps(context, self.learn, self._open)
        self.control_thread.open([self.midi_in, self.learn, lamps])
        self.tree.set("/midi/lamps", True)
        self.later(0.1)

    def _open(self, device: str, on_state: OnState) -> Any:
        self.boxes.append(Box(device, on_state))
        return self.boxes[-1]

    def bind(self, address: str, text: str) -> None:
        self.tree.set("/midi/learn", address)
        self.come(text)

    def come(self, *texts: str) -> None:
        for text in texts:
            self.midi_in.arrive("Faders", self.clock.now(), bytes.fromhex(text))
        self.control_thread.advance(self.clock.now())

    def later(self, seconds: float = 0.3) -> None:
        end_s = self.clock.now() + seconds
        while self.clock.now() < end_s:
            self.clock.advance(min(end_s, self.clock.now() + 0.05))
            self.control_thread.advance(self.clock.now())


@pytest.fixture
def rig() -> LampRig:
    return LampRig()


def test_a_button_s_lamp_shows_its_switch(rig: LampRig) -> None:
    rig.bind("/piano/pause", "902464")
    (box,) = rig.boxes
    assert (box.device, box.new()) == ("Faders", ["902400"])
    rig.tree.set("/piano/pause", True)
    rig.later()
    assert box.new() == ["90247f"]
    rig.later()
    assert box.new() == []


def test_a_fader_is_sent_what_others_set_and_not_its_own_movement(rig: LampRig) -> None:
    rig.bind("/piano/temperature", "b00740")
    (box,) = rig.boxes
    box.new()
    rig.come("b00741", "b00742")
    rig.later(0.1)
    assert box.new() == []
    rig.later()
    assert box.new() == ["b00742"]
    rig.tree.set("/piano/temperature", 2.0)
    rig.later()
    assert box.new() == ["b0077f"]


def test_fourteen_bits_and_pitch_bend(rig: LampRig) -> None:
    rig.bind("/piano/temperature", "e00040")
    rig.tree.set("/piano/temperature", 2.0)
    rig.later()
    assert rig.boxes[0].new()[-1] == "e07f7f"


def test_a_separate_lamp_blinks_until_takeover(tmp_path: Path) -> None:
    path = tmp_path / "piece.midi.toml"
    path.write_text(
        '["/piano/temperature"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nlamp = "note 20"\n', "utf-8"
    )
    rig = LampRig(path)
    (box,) = rig.boxes
    assert box.new() == ["90147f"]
    rig.come("b00700")
    rig.later(4 * BLINK_S)
    blinks = box.new()
    assert blinks[:4] == ["901400", "90147f"] * 2
    rig.come("b0077f")
    rig.later(4 * BLINK_S)
    assert [*blinks, *box.new()][-1] == "90147f"
    rig.later(4 * BLINK_S)
    assert box.new() == []


@pytest.mark.parametrize(
    ("lamp", "sentence"), [("none", ""), ("lamp 3", 'expected lamp = "note 20", "cc 20" or "none"')]
)
def test_the_map_names_the_lamp(tmp_path: Path, lamp: str, sentence: str) -> None:
    path = tmp_path / "piece.midi.toml"
    path.write_text(
        f'["/piano/pause"]\ndevice = "Faders"\nchannel = 1\ncontrol = "note 36"\nlamp = "{lamp}"\n', "utf-8"
    )
    rig = LampRig(path)
    rig.later()
    assert rig.boxes == []
    assert sentence in "".join(rig.failed)


def test_a_replugged_device_receives_every_value_again(rig: LampRig) -> None:
    rig.bind("/piano/pause", "902464")
    (box,) = rig.boxes
    box.new()
    box.on_state("returned", "playing to Faders again")
    rig.later()
    assert box.new() == ["902400"]


def test_disabling_turns_the_lamps_off(rig: LampRig) -> None:
    rig.bind("/piano/pause", "902464")
    rig.tree.set("/piano/pause", True)
    rig.later()
    (box,) = rig.boxes
    box.new()
    rig.tree.set("/midi/lamps", False)
    rig.later()
    assert (box.new(), box.closed) == (["902400"], True)
