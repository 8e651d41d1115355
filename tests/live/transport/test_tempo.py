"""The clock's addresses: a tempo that glides and is tapped, bars, play and stop."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
from trees import writing

from live.engine.control_thread import ControlThread
from live.parameters.glides import Glides
from live.parameters.tree import Tree
from live.transport.clock import BeatLine, VirtualClock
from live.transport.tempo import TempoService
from models.base import KnobError


@dataclass
class TempoRig:
    clock: VirtualClock
    tree: Tree
    control_thread: ControlThread
    told: list[tuple[float, str, Any]] = field(default_factory=list)

    def play(self, to_s: float) -> None:
        while (wanted_s := max(self.control_thread.next_s(), self.clock.now())) <= to_s:
            self.clock.advance(wanted_s)
            self.control_thread.advance(wanted_s)
        self.clock.advance(to_s)


@pytest.fixture
def rig() -> TempoRig:
    clock = VirtualClock(60.0)
    tree = Tree(clock)
    control_thread = ControlThread(clock, pytest.fail)
    rig = TempoRig(clock, tree, control_thread)
    tree.watchers.append(lambda address, values: rig.told.append((round(clock.now(), 3), address, values[0])))
    control_thread.open([Glides(tree, clock, control_thread.wake), TempoService(tree, clock, control_thread.wake)])
    return rig


def test_the_tempo_is_set_at_once(rig: TempoRig) -> None:
    rig.play(2.0)
    rig.tree.set("/clock/tempo", 120)
    assert rig.clock.beats.tempo_bpm == 120.0
    rig.play(3.0)
    assert rig.clock.beat() == pytest.approx(4.0)


def test_the_tempo_glides(rig: TempoRig) -> None:
    rig.tree.set("/clock/tempo", 180.0, glide_s=4.0)
    tempos = []
    for second in range(6):
        rig.play(float(second))
        tempos.append(rig.clock.beats.tempo_bpm)
    assert tempos == pytest.approx([60.0, 90.0, 120.0, 150.0, 180.0, 180.0], abs=2.0)
    assert tempos[5] == 180.0
    # A ramp's mean tempo is 120: 8 beats in 4 s, and 3 in the fifth; the steps of the ramp cost a hundredth of it.
    assert rig.clock.beat() == pytest.approx(11.0, abs=0.1)


def test_a_glide_is_left_for_a_new_tempo(rig: TempoRig) -> None:
    rig.tree.set("/clock/tempo", 180.0, glide_s=4.0)
    rig.play(2.0)
    rig.tree.set("/clock/tempo", 60.0)
    rig.play(4.0)
    assert rig.clock.beats.tempo_bpm == 60.0


def test_taps_set_the_tempo_by_their_median(rig: TempoRig) -> None:
    for at_s in (0.0, 0.5, 1.0, 1.52, 2.0, 2.9, 3.4):  # one came late, and one is a slip
        rig.play(at_s)
        rig.tree.set("/clock/tap", True)
    assert rig.tree.get("/clock/tempo") == pytest.approx(120.0)
    rig.play(10.0)
    rig.tree.set("/clock/tap", True)
    assert rig.clock.beats.tempo_bpm == pytest.approx(120.0)
    rig.play(11.0)
    rig.tree.set("/clock/tap", True)
    assert rig.clock.beats.tempo_bpm == pytest.approx(60.0)


def test_stop_and_play(rig: TempoRig) -> None:
    rig.play(2.5)
    rig.tree.set("/clock/play", False)
    rig.play(10.0)
    assert rig.clock.beat() == 2.5
    rig.tree.set("/clock/play", True)
    rig.play(11.0)
    assert rig.clock.beat() == 3.5


def test_beats_and_bars_are_published_as_they_begin(rig: TempoRig) -> None:
    rig.tree.set("/clock/meter", 3)
    rig.play(6.9)
    assert [(at_s, bar) for at_s, address, bar in rig.told if address == "/clock/bar"] == [(0, 0), (3, 1), (6, 2)]
    beats = [(at_s, beat) for at_s, address, beat in rig.told if address == "/clock/beat"]
    assert (4.0, pytest.approx(4.0, abs=0.001)) in beats
    assert rig.tree.get("/clock/phase") == pytest.approx(0.9, abs=0.06)


def test_a_bar_begins_where_one_is_asked_for(rig: TempoRig) -> None:
    rig.play(6.3)
    rig.tree.set("/clock/downbeat", True)
    assert rig.clock.bar() == (2, 0.0)
    rig.tree.set("/clock/play", False)
    rig.tree.set("/clock/locate", 100.0)
    assert (rig.clock.beat(), rig.clock.running) == (100.0, False)


def test_another_leader_is_not_disturbed(rig: TempoRig) -> None:
    rig.tree.set("/clock/source", "midi")
    rig.clock.follow(BeatLine(0.0, 10.0, 90.0))
    for address, value in (("tempo", 200.0), ("play", False), ("downbeat", True), ("locate", 0.0)):
        with pytest.raises(KnobError, match="follows midi") if address in ("downbeat", "locate") else nullcontext():
            rig.tree.set(f"/clock/{address}", value)
        rig.play(rig.clock.now() + 1.0)
    assert rig.clock.beats == BeatLine(0.0, 10.0, 90.0)
    assert rig.tree.get("/clock/play") is True


def test_a_tempo_is_refused_while_a_midi_clock_leads(rig: TempoRig) -> None:
    rig.tree.set("/clock/source", "midi")
    with writing(("127.0.0.1", 9999)), pytest.raises(KnobError, match="the clock follows midi: set"):
        rig.tree.set("/clock/tempo", 200.0)
    rig.play(0.1)
    assert (rig.clock.beats.tempo_bpm, rig.tree.get("/clock/tempo")) == (60.0, 60.0)
    assert [value for _, address, value in rig.told if address == "/clock/tempo"][-1] == 60.0
    rig.tree.set("/clock/tempo", 90.0)  # by this machine, such as a preset
    rig.play(0.2)
    assert rig.tree.get("/clock/tempo") == 60.0
