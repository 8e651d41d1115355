"""Publishes incoming MIDI messages, and passes them on in order."""

from __future__ import annotations

from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.device_name import plain_name, slug
from live.midi.input.message import InputMessage
from live.midi.input.midi_input import ADDRESSES_AT_MOST, QUEUE_SIZE, MidiInput
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock


class InputRig:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.failed: list[str] = []
        self.taken: list[InputMessage] = []
        self.told: list[tuple[str, tuple[Any, ...]]] = []
        self.control_thread = ControlThread(self.clock, self.failed.append)
        self.midi_in = MidiInput(
            ServiceContext(self.tree, self.clock, self.control_thread.wake, self.failed.append)
        )
        self.midi_in.receivers.append(lambda message: self.taken.append(message) or False)
        self.control_thread.open([self.midi_in])
        self.control_thread.advance(0.0)
        self.tree.watchers.append(lambda *told: self.told.append(told))

    def come(self, text: str, device: str = "Faders") -> None:
        self.midi_in.arrive(device, self.clock.now(), bytes.fromhex(text))
        if self.control_thread.woken:
            self.control_thread.advance(self.clock.now())


@pytest.fixture
def rig() -> InputRig:
    return InputRig()


def test_every_message_is_published(rig: InputRig) -> None:
    for text in ("903c40", "803c40", "913c00", "b24a07", "c504", "d330", "e07f7f", "e00040", "e00000"):
        rig.come(text)
    signals = [(address.rpartition("/")[2], *values[1:]) for address, values in rig.told if len(values) > 1]
    assert signals == [
        ("note", 1, 60, 64),
        ("note", 1, 60, 0),
        ("note", 2, 60, 0),
        ("control", 3, 74, 7),
        ("program", 6, 5),
        ("pressure", 4, 48),
        ("bend", 1, 1.0),
        ("bend", 1, 0.0),
        ("bend", 1, -1.0),
    ]


def test_a_controller_has_an_address_once_it_moved(rig: InputRig) -> None:
    rig.come("b24a07", "nanoKONTROL2:nanoKONTROL2 CTRL 20:0")
    rig.come("b24a7f", "nanoKONTROL2:nanoKONTROL2 CTRL 24:0")
    assert rig.tree.get("/midi/in/nanokontrol2_ctrl/ch3/cc74") == 127.0
    assert rig.tree.knob("/midi/in/nanokontrol2_ctrl/ch3/cc74").high == 127.0


def test_addresses_of_controllers_are_bounded(rig: InputRig) -> None:
    for channel in range(4):
        for number in range(120):
            rig.come(f"{0xB0 | channel:02x}{number:02x}05")
    assert len([a for a in rig.tree.addresses() if a.startswith("/midi/in/faders")]) == ADDRESSES_AT_MOST
    assert len(rig.taken) == 480


@pytest.mark.parametrize("text", ["", "90", "903c", "903cff", "f0f7", "fe", "3c40", "903c4000"])
def test_invalid_messages_are_ignored(rig: InputRig, text: str) -> None:
    rig.come(text)
    assert (rig.taken, rig.told) == ([], [])


def test_single_clock_ticks_do_not_wake_the_control_thread(rig: InputRig) -> None:
    woken = []
    for number in range(10):
        rig.midi_in.arrive("Faders", number * 0.005, b"\xf8")
        woken.append(rig.control_thread.woken)
        rig.control_thread.woken = False
    assert woken == [True, False, False, False, False, True, False, False, False, False]
    rig.come("fa")
    assert [given.kind for given in rig.taken] == [0xF8] * 10 + [0xFA]


def test_an_overflow_drops_the_oldest_and_is_reported(rig: InputRig) -> None:
    for number in range(QUEUE_SIZE + 10):
        rig.midi_in.arrive("Faders", float(number), bytes((0xB0, 1, number % 128)))
    rig.control_thread.advance(0.0)
    assert [given.at_s for given in rig.taken] == [float(number) for number in range(10, QUEUE_SIZE + 10)]
    assert "the oldest 10 messages were dropped" in rig.failed[0]


@pytest.mark.parametrize(
    ("port", "name"),
    [
        ("nanoKONTROL2:nanoKONTROL2 CTRL 20:0", "nanoKONTROL2 CTRL"),
        ("MOTU:MOTU MIDI 2 28:1", "MOTU MIDI 2"),
        ("system:midi_capture_1", "system:midi_capture_1"),
        ("A-49 1", "A-49 1"),
        ("VMPK Output:out 129:0", "VMPK Output:out"),
        ("a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1", "nanoKONTROL2 MIDI 1"),
        ("a2j:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1", "nanoKONTROL2 MIDI 1"),
        ("a2j:VMPK Output [129] (capture): out", "VMPK Output:out"),
        ("a2j-01:nanoKONTROL2 [32] (capture): nanoKONTROL2 MIDI 1", "nanoKONTROL2 MIDI 1"),
        ("Midi-Bridge:Keystation 49 1:(capture_0) Keystation 49 MIDI 1", "Keystation 49 MIDI 1"),
        ("Midi-Bridge:UM-ONE at usb-0000:00:14.0-3, full speed:(capture_0) UM-ONE MIDI 1", "UM-ONE MIDI 1"),
    ],
)
def test_a_device_is_known_by_its_name_alone(port: str, name: str) -> None:
    assert plain_name(port) == name


def test_names_in_addresses() -> None:
    assert (slug("nanoKONTROL2 _ CTRL!"), slug("ピアノ")) == ("nanokontrol2_ctrl", "device")
