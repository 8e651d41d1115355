"""The clock follows MIDI clock of another device."""

from __future__ import annotations

from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.midi_input import MidiInput
from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.transport.midi_clock_in import MidiClockIn
from live.transport.tempo import TempoService


class ClockInRig:
    def __init__(self) -> None:
        self.clock = VirtualClock(100.0)
        self.tree = Tree(self.clock)
        self.control_thread = ControlThread(self.clock, pytest.fail)
        self.midi_in = MidiInput(ServiceContext(self.tree, self.clock, self.control_thread.wake, pytest.fail))
        clock_in = MidiClockIn(self.tree, self.clock)
        self.midi_in.receivers.append(clock_in.receive)
        self.control_thread.open(
            [self.midi_in, clock_in, TempoService(self.tree, self.clock, self.control_thread.wake)]
        )
        self.told: list[tuple[str, Any]] = []
        self.tree.watchers.append(lambda address, values: self.told.append((address, values[0])))
        self.tree.set("/clock/source", "midi")

    def come(self, text: str, device: str = "Sequencer") -> None:
        self.midi_in.arrive(device, self.clock.now(), bytes.fromhex(text))
        self.control_thread.advance(self.clock.now())

    def beats(self, beats: float, tempo: float = 60.0, device: str = "Sequencer") -> None:
        """A device ticks, as time goes by."""
        for _ in range(round(beats * 24)):
            self.come("f8", device)
            self.clock.advance(self.clock.now() + 60.0 / tempo / 24)

    def later(self, seconds: float) -> None:
        for _ in range(round(seconds * 20)):
            self.clock.advance(self.clock.now() + 0.05)
            self.control_thread.advance(self.clock.now())

    def state(self) -> Any:
        return self.tree.get("/clock/state")


@pytest.fixture
def rig() -> ClockInRig:
    return ClockInRig()


def test_it_waits_in_its_own_tempo(rig: ClockInRig) -> None:
    rig.later(1.2)
    assert rig.state() == "waiting for a MIDI clock"
    assert rig.clock.beat() == pytest.approx(2.0)


def test_it_follows_start_tempo_and_place(rig: ClockInRig) -> None:
    rig.later(1.0)
    rig.come("fa")
    assert (rig.clock.running, rig.clock.beat()) == (False, 0.0)
    rig.beats(4.0)
    assert rig.clock.beat() == pytest.approx(4.0)
    assert rig.tree.get("/clock/tempo") == pytest.approx(60.0)
    assert rig.state() == "Sequencer runs"
    assert rig.tree.get("/clock/play") is True


def test_it_stops_and_goes_on_from_a_song_position(rig: ClockInRig) -> None:
    rig.come("fa")
    rig.beats(2.0)
    rig.come("fc")
    rig.later(1.0)
    assert (rig.tree.get("/clock/play"), rig.clock.beat(), rig.state()) == (False, 2.0, "Sequencer is stopped")
    rig.come("f22000")  # the 32nd sixteenth: beat 8
    rig.come("fb")
    rig.beats(1.0)
    assert rig.clock.beat() == pytest.approx(9.0, abs=0.01)
    assert rig.tree.get("/clock/play") is True


def test_a_silent_clock_is_reported_and_survived(rig: ClockInRig) -> None:
    rig.come("fa")
    rig.beats(2.0)
    rig.later(3.0)
    assert rig.state() == "Sequencer is lost: continuing in its tempo"
    assert rig.clock.beat() == pytest.approx(5.0, abs=0.01)
    rig.beats(1.0)
    assert rig.state() == "Sequencer runs"
    assert rig.clock.beat() == pytest.approx(6.0, abs=0.02)


def test_the_first_device_leads_until_it_is_silent(rig: ClockInRig) -> None:
    rig.come("fa")
    rig.beats(2.0)
    rig.come("fc", "Drums")
    rig.come("f8", "Drums")
    assert rig.clock.running
    rig.later(3.0)
    rig.come("fa", "Drums")
    rig.beats(1.0, 120.0, "Drums")
    assert rig.state() == "Drums runs"
    assert rig.tree.get("/clock/tempo") == pytest.approx(120.0)


def test_one_device_may_be_named(rig: ClockInRig) -> None:
    rig.tree.set("/clock/in", "drum")
    rig.come("fa")
    rig.beats(1.0)
    assert rig.state() == "waiting for a MIDI clock"
    rig.come("fa", "Drums")
    rig.beats(1.0, device="Drums")
    assert rig.state() == "Drums runs"


def test_the_beats_can_be_moved_by_milliseconds(rig: ClockInRig) -> None:
    rig.come("fa")
    rig.beats(2.0)
    rig.tree.set("/clock/offset", 100.0)
    rig.later(0.05)
    assert rig.clock.beat() == pytest.approx(1.95, abs=0.01)


def test_back_to_the_own_tempo_it_goes_on_from_there(rig: ClockInRig) -> None:
    rig.come("fa")
    rig.beats(2.0)
    rig.tree.set("/clock/source", "internal")
    rig.come("fa")
    rig.later(1.0)
    assert rig.clock.beat() == pytest.approx(3.0, abs=0.01)
    assert rig.state() == ""
    rig.tree.set("/clock/tempo", 120.0)
    rig.later(1.0)
    assert rig.clock.beat() == pytest.approx(5.0, abs=0.01)
