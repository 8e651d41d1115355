"""MIDI clock out: which message is sent when."""

from __future__ import annotations

import itertools

import pytest

from live.engine.control_thread import ControlThread
from live.parameters.glides import Glides
from live.parameters.tree import Tree
from live.transport.clock import BeatLine, VirtualClock
from live.transport.midi_clock_out import MidiClockOut
from live.transport.tempo import TempoService

TICK = bytes((0xF8,))


class Wire:
    """What waits to be sent, and what was sent by its time."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.due: list[tuple[float, bytes]] = []

    def send_raw(self, due_s: float, message: bytes) -> None:
        self.due.append((due_s, message))

    def withdraw(self, after_s: float) -> None:
        self.due = [entry for entry in self.due if entry[0] <= after_s]


class ClockOutRig:
    def __init__(self, tempo: float = 60.0) -> None:
        self.clock = VirtualClock(tempo)
        self.tree = Tree(self.clock)
        self.control_thread = ControlThread(self.clock, pytest.fail)
        self.wires: list[Wire] = []
        self.out = out = MidiClockOut(self.tree, self.clock, self.control_thread.wake, self._opening)
        tempo_part = TempoService(self.tree, self.clock, self.control_thread.wake)
        self.control_thread.open([Glides(self.tree, self.clock, self.control_thread.wake), tempo_part, out])

    def _opening(self, port: str) -> Wire:
        self.wires.append(Wire(port))
        return self.wires[-1]

    def play(self, to_s: float) -> None:
        while (wanted_s := max(self.control_thread.next_s(), self.clock.now())) <= to_s:
            self.clock.advance(wanted_s)
            self.control_thread.advance(wanted_s)
        self.clock.advance(to_s)

    def sent(self, of: int = -1) -> list[tuple[float, str]]:
        """(seconds, message) of all that was sent by now, in its order."""
        due = sorted(self.wires[of].due, key=lambda entry: entry[0])
        return [(round(at_s, 4), message.hex()) for at_s, message in due if at_s <= self.clock.now()]

    def ticks(self) -> list[float]:
        return [at_s for at_s, message in self.sent() if message == "f8"]


def gaps(times: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(times)]


@pytest.fixture
def rig() -> ClockOutRig:
    rig = ClockOutRig()
    rig.tree.set("/clock/out", "Drums")
    return rig


def test_twenty_four_ticks_a_beat_from_the_top(rig: ClockOutRig) -> None:
    rig.play(2.0)
    assert rig.wires[0].port == "Drums"
    assert rig.sent()[0] == (0.0, "fa")
    assert rig.ticks() == pytest.approx([n / 24 for n in range(49)], abs=1e-3)


def test_begun_later_it_goes_to_the_next_sixteenth() -> None:
    rig = ClockOutRig()
    rig.play(3.3)
    rig.tree.set("/clock/out", "Drums")
    rig.play(4.0)
    assert rig.sent()[:3] == [(3.495, "f20e00"), (3.495, "fb"), (3.5, "f8")]


def test_stop_and_continue(rig: ClockOutRig) -> None:
    rig.play(1.01)
    rig.tree.set("/clock/play", False)
    rig.play(5.0)
    assert rig.sent()[-1] == (1.01, "fc")
    rig.tree.set("/clock/play", True)
    rig.play(6.0)
    after = [message for at_s, message in rig.sent() if at_s > 5.0]
    assert after[:3] == ["f20500", "fb", "f8"]
    first_s = next(at_s for at_s in rig.ticks() if at_s > 5.0)
    assert rig.clock.beats.time_at(1.25) == pytest.approx(first_s, abs=1e-3)


def test_a_new_tempo_moves_the_ticks_that_can_still_be_moved(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.tree.set("/clock/tempo", 120.0)
    rig.play(3.0)
    late = [at_s for at_s in rig.ticks() if at_s > 1.02]
    assert len(rig.ticks()) == 24 + 96 + 1
    assert gaps(late) == pytest.approx([0.5 / 24] * (len(late) - 1), abs=2e-4)


def test_no_tick_is_lost_or_doubled_in_a_glide(rig: ClockOutRig) -> None:
    rig.tree.set("/clock/tempo", 180.0, glide_s=4.0)
    rig.play(6.0)
    assert len(rig.ticks()) == pytest.approx(rig.clock.beat() * 24, abs=1.0)
    assert min(gaps(rig.ticks())) > 60 / 180 / 24 - 0.001
    assert max(gaps(rig.ticks())) < 60 / 60 / 24 + 0.001


def test_a_jump_is_sent_as_a_song_position(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.tree.set("/clock/locate", 64.0)
    rig.play(2.0)
    others = [message for at_s, message in rig.sent() if message != "f8" and at_s > 0.5]
    assert others == ["fc", "f20102", "fb"]
    rig.tree.set("/clock/locate", 0.0)
    rig.play(3.0)
    assert [message for at_s, message in rig.sent() if message != "f8" and at_s >= 2.0] == ["fc", "fa"]


def test_an_external_line_is_passed_on(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.tree.set("/clock/source", "midi")
    rig.clock.follow(BeatLine(1.0, 1.0, 61.0))
    rig.play(2.0)
    assert len(rig.ticks()) == 24 + 24 + 1


def test_another_port_and_none(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.tree.set("/clock/out", "Sequencer")
    rig.play(2.0)
    assert rig.sent(0)[-1] == (1.0, "fc")
    assert [wire.port for wire in rig.wires] == ["Drums", "Sequencer"]
    rig.out._say("opened", "playing to Sequencer")
    rig.tree.set("/clock/out", "")
    rig.play(3.0)
    assert rig.sent()[-1][1] == "fc"
    assert rig.tree.get("/clock/out_state") == ""


def test_closing_sends_stop(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.control_thread.close()
    assert rig.wires[0].due[-1] == (1.0, bytes((0xFC,)))


def test_a_port_that_is_slow_to_open_or_away_gets_no_burst_of_late_ticks(rig: ClockOutRig) -> None:
    rig.play(0.02)
    rig.out._say("lost", "lost Drums")
    rig.play(1.0)
    assert max(rig.ticks()) < 0.2  # what had been sent ahead
    rig.out._say("returned", "playing to Drums again")
    rig.play(3.0)
    later = [at_s for at_s in rig.ticks() if at_s >= 1.0]
    assert gaps(later) == pytest.approx([1 / 24] * (len(later) - 1), abs=1e-3)
    assert [message[:2] for at_s, message in rig.sent() if at_s >= 1.0][:3] == ["f2", "fb", "f8"]


def test_a_reopened_port_receives_the_song_position(rig: ClockOutRig) -> None:
    rig.play(1.0)
    rig.out._say("lost", "lost Drums")
    rig.out._say("returned", "playing to Drums again")
    rig.play(2.0)
    assert [message for at_s, message in rig.sent() if at_s > 1.0 and message != "f8"] == ["f20500", "fb"]
    later = [at_s for at_s in rig.ticks() if at_s >= 1.25]
    assert gaps(later) == pytest.approx([1 / 24] * (len(later) - 1), abs=1e-3)


@pytest.mark.parametrize("tempo", [60.5, 120.0, 30.0])
def test_beats_that_move_before_the_first_tick_do_not_lose_the_start(tempo: float) -> None:
    rig = ClockOutRig()
    rig.play(3.3)
    rig.tree.set("/clock/out", "Drums")
    rig.play(3.4)
    rig.tree.set("/clock/tempo", tempo)
    rig.play(6.0)
    told = [message for _, message in rig.sent()]
    assert told[:3] == ["f20e00", "fb", "f8"]
    assert set(told[2:]) == {"f8"}
    assert rig.ticks()[0] == pytest.approx(rig.clock.beats.time_at(3.5), abs=1e-3)
    assert gaps(rig.ticks()) == pytest.approx([60 / tempo / 24] * (len(rig.ticks()) - 1), abs=1e-3)
