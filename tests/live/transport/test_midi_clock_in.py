"""The clock follows another device."""

from __future__ import annotations

from typing import Any

import pytest

from live.engine.control_thread import ControlThread
from live.midi.input.midi_input import MidiInput
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.transport.midi_clock_in import MidiClockIn
from live.transport.tempo import TempoService


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock(100.0)
        self.tree = Tree(self.clock)
        self.control_thread = ControlThread(self.clock, pytest.fail)
        self.midi_in = MidiInput(self.tree, self.clock, self.control_thread.wake, pytest.fail)
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
def stage() -> Stage:
    return Stage()


def test_it_waits_in_its_own_tempo(stage: Stage) -> None:
    stage.later(1.2)
    assert stage.state() == "waiting for a MIDI clock"
    assert stage.clock.beat() == pytest.approx(2.0)


def test_it_follows_start_tempo_and_place(stage: Stage) -> None:
    stage.later(1.0)
    stage.come("fa")
    assert (stage.clock.running, stage.clock.beat()) == (False, 0.0)
    stage.beats(4.0)
    assert stage.clock.beat() == pytest.approx(4.0)
    assert stage.tree.get("/clock/tempo") == pytest.approx(60.0)
    assert stage.state() == "Sequencer runs"
    assert stage.tree.get("/clock/play") is True


def test_it_stops_and_goes_on_from_a_song_position(stage: Stage) -> None:
    stage.come("fa")
    stage.beats(2.0)
    stage.come("fc")
    stage.later(1.0)
    assert (stage.tree.get("/clock/play"), stage.clock.beat(), stage.state()) == (False, 2.0, "Sequencer is stopped")
    stage.come("f22000")  # the 32nd sixteenth: beat 8
    stage.come("fb")
    stage.beats(1.0)
    assert stage.clock.beat() == pytest.approx(9.0, abs=0.01)
    assert stage.tree.get("/clock/play") is True


def test_a_silence_is_told_and_survived(stage: Stage) -> None:
    stage.come("fa")
    stage.beats(2.0)
    stage.later(3.0)
    assert stage.state() == "Sequencer is lost: continuing in its tempo"
    assert stage.clock.beat() == pytest.approx(5.0, abs=0.01)
    stage.beats(1.0)
    assert stage.state() == "Sequencer runs"
    assert stage.clock.beat() == pytest.approx(6.0, abs=0.02)


def test_the_first_device_leads_until_it_is_silent(stage: Stage) -> None:
    stage.come("fa")
    stage.beats(2.0)
    stage.come("fc", "Drums")
    stage.come("f8", "Drums")
    assert stage.clock.running
    stage.later(3.0)
    stage.come("fa", "Drums")
    stage.beats(1.0, 120.0, "Drums")
    assert stage.state() == "Drums runs"
    assert stage.tree.get("/clock/tempo") == pytest.approx(120.0)


def test_one_device_may_be_named(stage: Stage) -> None:
    stage.tree.set("/clock/in", "drum")
    stage.come("fa")
    stage.beats(1.0)
    assert stage.state() == "waiting for a MIDI clock"
    stage.come("fa", "Drums")
    stage.beats(1.0, device="Drums")
    assert stage.state() == "Drums runs"


def test_the_beats_can_be_moved_by_milliseconds(stage: Stage) -> None:
    stage.come("fa")
    stage.beats(2.0)
    stage.tree.set("/clock/offset", 100.0)
    stage.later(0.05)
    assert stage.clock.beat() == pytest.approx(1.95, abs=0.01)


def test_back_to_the_own_tempo_it_goes_on_from_there(stage: Stage) -> None:
    stage.come("fa")
    stage.beats(2.0)
    stage.tree.set("/clock/source", "internal")
    stage.come("fa")
    stage.later(1.0)
    assert stage.clock.beat() == pytest.approx(3.0, abs=0.01)
    assert stage.state() == ""
    stage.tree.set("/clock/tempo", 120.0)
    stage.later(1.0)
    assert stage.clock.beat() == pytest.approx(5.0, abs=0.01)
