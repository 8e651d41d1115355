"""Others follow our beats: which message goes out when."""

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


class Stage:
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
def stage() -> Stage:
    stage = Stage()
    stage.tree.set("/clock/out", "Drums")
    return stage


def test_twenty_four_ticks_a_beat_from_the_top(stage: Stage) -> None:
    stage.play(2.0)
    assert stage.wires[0].port == "Drums"
    assert stage.sent()[0] == (0.0, "fa")
    assert stage.ticks() == pytest.approx([n / 24 for n in range(49)], abs=1e-3)


def test_begun_later_it_goes_to_the_next_sixteenth() -> None:
    stage = Stage()
    stage.play(3.3)
    stage.tree.set("/clock/out", "Drums")
    stage.play(4.0)
    assert stage.sent()[:3] == [(3.495, "f20e00"), (3.495, "fb"), (3.5, "f8")]


def test_stop_and_continue(stage: Stage) -> None:
    stage.play(1.01)
    stage.tree.set("/clock/play", False)
    stage.play(5.0)
    assert stage.sent()[-1] == (1.01, "fc")
    stage.tree.set("/clock/play", True)
    stage.play(6.0)
    after = [message for at_s, message in stage.sent() if at_s > 5.0]
    assert after[:3] == ["f20500", "fb", "f8"]
    first_s = next(at_s for at_s in stage.ticks() if at_s > 5.0)
    assert stage.clock.beats.time_at(1.25) == pytest.approx(first_s, abs=1e-3)


def test_a_new_tempo_moves_the_ticks_that_can_still_be_moved(stage: Stage) -> None:
    stage.play(1.0)
    stage.tree.set("/clock/tempo", 120.0)
    stage.play(3.0)
    late = [at_s for at_s in stage.ticks() if at_s > 1.02]
    assert len(stage.ticks()) == 24 + 96 + 1
    assert gaps(late) == pytest.approx([0.5 / 24] * (len(late) - 1), abs=2e-4)


def test_no_tick_is_lost_or_doubled_in_a_glide(stage: Stage) -> None:
    stage.tree.set("/clock/tempo", 180.0, glide_s=4.0)
    stage.play(6.0)
    assert len(stage.ticks()) == pytest.approx(stage.clock.beat() * 24, abs=1.0)
    assert min(gaps(stage.ticks())) > 60 / 180 / 24 - 0.001
    assert max(gaps(stage.ticks())) < 60 / 60 / 24 + 0.001


def test_a_jump_is_told_as_a_song_position(stage: Stage) -> None:
    stage.play(1.0)
    stage.tree.set("/clock/locate", 64.0)
    stage.play(2.0)
    others = [message for at_s, message in stage.sent() if message != "f8" and at_s > 0.5]
    assert others == ["fc", "f20102", "fb"]
    stage.tree.set("/clock/locate", 0.0)
    stage.play(3.0)
    assert [message for at_s, message in stage.sent() if message != "f8" and at_s >= 2.0] == ["fc", "fa"]


def test_a_line_of_others_is_handed_on(stage: Stage) -> None:
    stage.play(1.0)
    stage.tree.set("/clock/source", "midi")
    stage.clock.follow(BeatLine(1.0, 1.0, 61.0))
    stage.play(2.0)
    assert len(stage.ticks()) == 24 + 24 + 1


def test_another_port_and_none(stage: Stage) -> None:
    stage.play(1.0)
    stage.tree.set("/clock/out", "Sequencer")
    stage.play(2.0)
    assert stage.sent(0)[-1] == (1.0, "fc")
    assert [wire.port for wire in stage.wires] == ["Drums", "Sequencer"]
    stage.out._say("opened", "playing to Sequencer")
    stage.tree.set("/clock/out", "")
    stage.play(3.0)
    assert stage.sent()[-1][1] == "fc"
    assert stage.tree.get("/clock/out_state") == ""


def test_it_stops_who_follows_when_it_closes(stage: Stage) -> None:
    stage.play(1.0)
    stage.control_thread.close()
    assert stage.wires[0].due[-1] == (1.0, bytes((0xFC,)))


def test_a_port_that_is_slow_to_open_or_away_gets_no_burst_of_late_ticks(stage: Stage) -> None:
    stage.play(0.02)
    stage.out._say("lost", "lost Drums")
    stage.play(1.0)
    assert max(stage.ticks()) < 0.2  # what had been sent ahead
    stage.out._say("returned", "playing to Drums again")
    stage.play(3.0)
    later = [at_s for at_s in stage.ticks() if at_s >= 1.0]
    assert gaps(later) == pytest.approx([1 / 24] * (len(later) - 1), abs=1e-3)
    assert [message[:2] for at_s, message in stage.sent() if at_s >= 1.0][:3] == ["f2", "fb", "f8"]


def test_a_port_that_was_away_for_a_moment_is_told_where_we_are(stage: Stage) -> None:
    stage.play(1.0)
    stage.out._say("lost", "lost Drums")
    stage.out._say("returned", "playing to Drums again")
    stage.play(2.0)
    assert [message for at_s, message in stage.sent() if at_s > 1.0 and message != "f8"] == ["f20500", "fb"]
    later = [at_s for at_s in stage.ticks() if at_s >= 1.25]
    assert gaps(later) == pytest.approx([1 / 24] * (len(later) - 1), abs=1e-3)


@pytest.mark.parametrize("tempo", [60.5, 120.0, 30.0])
def test_beats_that_move_before_the_first_tick_do_not_lose_the_start(tempo: float) -> None:
    stage = Stage()
    stage.play(3.3)
    stage.tree.set("/clock/out", "Drums")
    stage.play(3.4)
    stage.tree.set("/clock/tempo", tempo)
    stage.play(6.0)
    told = [message for _, message in stage.sent()]
    assert told[:3] == ["f20e00", "fb", "f8"]
    assert set(told[2:]) == {"f8"}
    assert stage.ticks()[0] == pytest.approx(stage.clock.beats.time_at(3.5), abs=1e-3)
    assert gaps(stage.ticks()) == pytest.approx([60 / tempo / 24] * (len(stage.ticks()) - 1), abs=1e-3)
