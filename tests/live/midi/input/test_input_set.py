"""Several MIDI inputs and hot-plugging."""

from __future__ import annotations

from typing import Any

import pytest

from live.midi import MidiError
from live.midi.input.input_set import VIRTUAL, InputPort, InputSet, Received, matches
from live.transport.clock import VirtualClock


class Rack:
    """Devices that a test plugs in and out."""

    def __init__(self, *patterns: str) -> None:
        self.ports: list[tuple[str, str]] = []
        self.open: dict[InputPort, Received] = {}
        self.gone: set[str] = set()
        self.busy: set[str] = set()
        self.reported: list[tuple[str, str]] = []
        self.received: list[tuple[str, float, bytes]] = []
        self.clock = VirtualClock()
        self.inputs = InputSet(
            patterns,
            self.clock,
            names=lambda: list(self.ports),
            open_input=self._open,
            message=lambda *message: self.received.append(message),
            report=lambda *state: self.reported.append(state),
        )

    def _open(self, port: InputPort, received: Received) -> Any:
        if port.name in self.busy:
            raise MidiError("another program has it")
        self.open[port] = received
        rack = self

        class One:
            def alive(self) -> bool:
                return port.name not in rack.gone

            def close(self) -> None:
                del rack.open[port]

        return One()

    def names(self) -> list[str]:
        return [port.name for port in self.open]

    def opened(self, *ports: tuple[str, str]) -> list[str]:
        """The devices opened when just these ports are there."""
        self.ports, self.reported[:] = list(ports), []
        self.inputs.scan()
        return [device for state, device in self.reported if state == "opened"]


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [
        ("auto", "USB Keyboard", True),
        ("auto", "Midi Through:Midi Through Port-0 14:0", False),
        ("midi through", "Midi Through:Midi Through Port-0 14:0", True),
        ("roland", "Roland A-49 20:0", True),
        ("*a-49*", "Roland A-49 20:0", True),
        ("korg", "Roland A-49 20:0", False),
    ],
)
def test_what_a_pattern_matches(pattern: str, name: str, is_meant: bool) -> None:
    assert matches(pattern, name) == is_meant


def test_all_that_match_are_open_at_once() -> None:
    rack = Rack("keys", "fader")
    rack.ports = [("jack", "Keys A"), ("jack", "Faders"), ("alsa", "Keys B"), ("alsa", "Drums")]
    rack.inputs.scan()
    assert rack.names() == ["Keys A", "Faders", "Keys B"]
    rack.clock.advance(1.5)
    rack.open[InputPort("alsa", "Keys B", 0)](([0x90, 60, 64], 0.0), None)
    rack.open[InputPort("alsa", "Keys B", 0)](([0xF0, 1, 2, 3, 0xF7], 0.0), None)
    assert rack.received == [("Keys B", 1.5, bytes((0x90, 60, 64)))]


def test_a_replugged_device_is_opened_again() -> None:
    rack = Rack("auto")
    rack.ports = [("alsa", "Keys")]
    rack.inputs.scan()
    rack.gone, rack.ports = {"Keys"}, []
    rack.inputs.scan()
    assert not rack.open
    rack.gone, rack.ports = set(), [("alsa", "Keys")]
    rack.inputs.scan()
    assert rack.reported == [("opened", "Keys"), ("lost", "Keys"), ("opened", "Keys")]


def test_a_busy_port_is_reported_once_and_tried_again() -> None:
    rack = Rack("auto")
    rack.ports, rack.busy = [("winmm", "Keys"), ("winmm", "Faders")], {"Keys"}
    rack.inputs.scan()
    rack.inputs.scan()
    assert rack.reported == [("error", "Keys: another program has it"), ("opened", "Faders")]
    rack.busy.clear()
    rack.inputs.scan()
    assert rack.reported[-1] == ("opened", "Keys")


def test_a_virtual_port_is_opened_without_a_search() -> None:
    rack = Rack()
    rack.ports = [(VIRTUAL, "stage"), ("jack", "Keys")]
    rack.inputs.scan()
    assert rack.names() == ["stage"]
    rack.inputs.close()
    assert not rack.open


@pytest.mark.parametrize(
    "ports",
    [
        [
            ("alsa", "Keystation 49:Keystation 49 MIDI 1 28:0"),
            ("jack", "a2j:Keystation 49 [28] (capture): Keystation 49 MIDI 1"),
        ],
        [
            ("jack", "Midi-Bridge:Keystation 49 1:(capture_0) Keystation 49 MIDI 1"),
            ("alsa", "Keystation 49:Keystation 49 MIDI 1 28:0"),
        ],
    ],
)
def test_one_device_of_two_systems_is_opened_once(ports: list[tuple[str, str]]) -> None:
    rack = Rack("auto")
    assert rack.opened(*ports) == ["Keystation 49 MIDI 1"]
    assert rack.opened(*reversed(ports)) == []
    assert len(rack.open) == 1


def test_equal_devices_are_several() -> None:
    rack = Rack("auto")
    first, second, third = (("alsa", f"nanoKONTROL2:nanoKONTROL2 MIDI 1 {number}:0") for number in (28, 32, 36))
    assert rack.opened(first, second) == ["nanoKONTROL2 MIDI 1", "nanoKONTROL2 MIDI 1 #2"]
    rack.gone = {first[1]}
    assert rack.opened(second) == []
    assert rack.opened(second, third) == ["nanoKONTROL2 MIDI 1"]
    rack.open[InputPort(*second, 0)](([0xB0, 7, 1], 0.0), None)
    assert rack.received == [("nanoKONTROL2 MIDI 1 #2", 0.0, bytes((0xB0, 7, 1)))]


def test_another_number_of_windows_is_the_same_device() -> None:
    rack = Rack("auto")
    first, moved = ("winmm", "Launchkey 49 1"), ("winmm", "3- Launchkey 49 2")
    assert rack.opened(("winmm", "Drums 0"), first, ("winmm", "2- Launchkey 49 2")) == [
        "Drums",
        "Launchkey 49",
        "Launchkey 49 #2",
    ]
    rack.gone = {first[1], "2- Launchkey 49 2", "Drums 0"}
    assert rack.opened(moved) == ["Launchkey 49"]
    assert Rack("launchkey 49").opened(first, ("alsa", "A-49 1")) == ["Launchkey 49"]


def test_equal_devices_may_have_equal_names() -> None:
    rack = Rack("auto")
    assert rack.opened(("core", "Launchpad"), ("core", "Launchpad")) == ["Launchpad", "Launchpad #2"]
    assert list(rack.open) == [InputPort("core", "Launchpad", 0), InputPort("core", "Launchpad", 1)]
    rack.opened(("core", "Launchpad"))
    assert rack.reported == [("lost", "Launchpad #2")]
    assert rack.opened(("core", "Launchpad"), ("core", "Launchpad")) == ["Launchpad #2"]


def test_our_own_ports_are_not_opened() -> None:
    rack = Rack("auto")
    assert rack.opened(
        ("alsa", "Midi Through:Midi Through Port-0 14:0"),
        ("jack", "a2j:Midi Through [14] (capture): Midi Through Port-0"),
        ("alsa", "PipeWire-RT-Event:input 131:1"),
        ("jack", "a2j:Arabesque [130] (capture): piano"),
        ("alsa", "VMPK Output:out 129:0"),
        ("alsa", "pisound:pisound MIDI PS-1 20:0"),
    ) == ["VMPK Output:out", "pisound MIDI PS-1"]
