"""Values shown on the controls that move them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.lamps import BLINK_S, Lamps, OnState
from live.midi.input.learn import Learn
from live.midi.input.midi_input import MidiInput
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


class Stage:
    def __init__(self, path: Path | None = None) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.tree.add("/piano/temperature", Knob("", 0.0, 2.0, default=1.0))
        self.tree.add("/piano/pause", Knob("", kind="switch", default=False))
        self.failed: list[str] = []
        self.boxes: list[Box] = []
        self.control_thread = ControlThread(self.clock, self.failed.append)
        wake = self.control_thread.wake
        self.midi_in = MidiInput(self.tree, self.clock, wake, self.failed.append)
        self.learn = Learn(self.tree, self.clock, wake, self.failed.append, path)
        self.midi_in.receivers.append(self.learn.receive)
        lamps = Lamps(self.tree, self.clock, wake, self.learn, self._open)
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
def stage() -> Stage:
    return Stage()


def test_a_button_s_lamp_shows_its_switch(stage: Stage) -> None:
    stage.bind("/piano/pause", "902464")
    (box,) = stage.boxes
    assert (box.device, box.new()) == ("Faders", ["902400"])
    stage.tree.set("/piano/pause", True)
    stage.later()
    assert box.new() == ["90247f"]
    stage.later()
    assert box.new() == []


def test_a_fader_is_sent_what_others_set_and_not_its_own_movement(stage: Stage) -> None:
    stage.bind("/piano/temperature", "b00740")
    (box,) = stage.boxes
    box.new()
    stage.come("b00741", "b00742")
    stage.later(0.1)
    assert box.new() == []
    stage.later()
    assert box.new() == ["b00742"]
    stage.tree.set("/piano/temperature", 2.0)
    stage.later()
    assert box.new() == ["b0077f"]


def test_fourteen_bits_and_pitch_bend(stage: Stage) -> None:
    stage.bind("/piano/temperature", "e00040")
    stage.tree.set("/piano/temperature", 2.0)
    stage.later()
    assert stage.boxes[0].new()[-1] == "e07f7f"


def test_a_lamp_of_its_own_blinks_until_the_value_is_picked_up(tmp_path: Path) -> None:
    path = tmp_path / "piece.midi.toml"
    path.write_text(
        '["/piano/temperature"]\ndevice = "Faders"\nchannel = 1\ncontrol = "cc 7"\nlamp = "note 20"\n', "utf-8"
    )
    stage = Stage(path)
    (box,) = stage.boxes
    assert box.new() == ["90147f"]
    stage.come("b00700")
    stage.later(4 * BLINK_S)
    blinks = box.new()
    assert blinks[:4] == ["901400", "90147f"] * 2
    stage.come("b0077f")
    stage.later(4 * BLINK_S)
    assert [*blinks, *box.new()][-1] == "90147f"
    stage.later(4 * BLINK_S)
    assert box.new() == []


@pytest.mark.parametrize(
    ("lamp", "sentence"), [("none", ""), ("lamp 3", 'expected lamp = "note 20", "cc 20" or "none"')]
)
def test_the_map_says_which_lamp(tmp_path: Path, lamp: str, sentence: str) -> None:
    path = tmp_path / "piece.midi.toml"
    path.write_text(
        f'["/piano/pause"]\ndevice = "Faders"\nchannel = 1\ncontrol = "note 36"\nlamp = "{lamp}"\n', "utf-8"
    )
    stage = Stage(path)
    stage.later()
    assert stage.boxes == []
    assert sentence in "".join(stage.failed)


def test_a_device_that_returns_is_shown_everything_again(stage: Stage) -> None:
    stage.bind("/piano/pause", "902464")
    (box,) = stage.boxes
    box.new()
    box.on_state("returned", "playing to Faders again")
    stage.later()
    assert box.new() == ["902400"]


def test_switched_off_the_lamps_go_out(stage: Stage) -> None:
    stage.bind("/piano/pause", "902464")
    stage.tree.set("/piano/pause", True)
    stage.later()
    (box,) = stage.boxes
    box.new()
    stage.tree.set("/midi/lamps", False)
    stage.later()
    assert (box.new(), box.closed) == (["902400"], True)
