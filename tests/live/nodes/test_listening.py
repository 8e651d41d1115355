"""A model receives the performer's events at the time of playing: exact events on the virtual clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from toys import Listener, Tape

from live.nodes.note_runner import NoteRunner
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import NoteOff, NoteOn, Wait


@dataclass
class ListeningRig:
    """Notes 0.1 s long, one after the other, decided half a second ahead."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    tape: Tape = field(default_factory=Tape)

    def __post_init__(self) -> None:
        self.tree = Tree(self.clock)
        for name, knob in (NoteRunner.knobs_for(Listener) | NoteRunner.readings_of(Listener())).items():
            self.tree.add(f"/scale/{name}", knob)
        self.tree.set("/scale/lookahead", 0.5)
        self.model = Listener()
        self.runner = NoteRunner("scale", self.model, self.tree, self.clock, [self.tape])
        self.tree.watchers.append(self.runner.notice)
        self.measured: list[tuple[int, float]] = []
        self.tree.watchers.append(self._measured)

    def _measured(self, address: str, arguments: tuple[float, ...]) -> None:
        if address == "/scale/passed":  # notes struck before
            self.measured.append((round(self.clock.now() * 1000), arguments[0]))

    def play(self, to_s: float) -> None:
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(to_s)


@pytest.fixture
def rig() -> ListeningRig:
    return ListeningRig()


def test_input_acts_at_its_time_and_the_model_continues_from_there(rig: ListeningRig) -> None:
    rig.play(0.25)
    assert rig.tape.struck()[-1] == (700, 7)
    rig.runner.hear(NoteOn(90, 1))
    rig.play(0.3)
    (wait, played) = rig.model.heard[-1]
    assert wait == Wait(pytest.approx(0.05))  # type: ignore[arg-type]
    assert played == NoteOn(90, 1)
    assert rig.tape.struck()[:5] == [(0, 0), (100, 1), (200, 2), (350, 3), (450, 4)]  # a new wait


def test_two_events_at_one_moment_wait_once(rig: ListeningRig) -> None:
    rig.play(0.25)
    rig.runner.hear(NoteOn(90, 1))
    rig.runner.iterate()
    rig.runner.hear(NoteOn(91, 1))
    rig.play(0.3)
    assert rig.model.heard[-1] == [NoteOn(91, 1)]


def test_input_is_not_passed_twice(rig: ListeningRig) -> None:
    for at_s, pitch in ((0.25, 90), (0.3, 91), (0.7, 92)):
        rig.play(at_s)
        rig.runner.hear(NoteOn(pitch, 1))
    rig.play(0.71)
    pitches = [event.pitch for step in rig.model.heard for event in step if isinstance(event, NoteOn)]
    assert pitches == [90, 91, 92]
    waited = sum(event.seconds for step in rig.model.heard for event in step if isinstance(event, Wait))
    assert waited == pytest.approx(0.05 + 0.05 + 0.0)  # at 700 ms a note ends and another begins


def test_a_pulse_acts_at_once(rig: ListeningRig) -> None:
    rig.play(0.25)
    rig.tree.set("/scale/ring", True)
    rig.play(0.3)
    assert "ring" in rig.model.heard[-1]
    assert (350, 13) in rig.tape.struck()


def test_a_note_that_may_just_have_been_struck_is_ended(rig: ListeningRig) -> None:
    rig.play(0.295)
    rig.runner.hear(NoteOn(90, 1))
    rig.runner.iterate()
    assert (295, NoteOff(3)) in rig.tape.events
    assert (295, NoteOff(4)) not in rig.tape.events


def test_a_note_moved_to_a_later_beat_is_withdrawn(rig: ListeningRig) -> None:
    rig.tree.set("/scale/quantise", 1.0)
    rig.tree.set("/scale/grid", "1/4")
    rig.play(0.35)
    assert (500, 3) in rig.tape.struck()
    rig.runner.hear(NoteOn(90, 1))
    rig.runner.iterate()
    assert (500, 3) not in rig.tape.struck()


def test_a_later_nudge_moves_the_moment(rig: ListeningRig) -> None:
    rig.tree.set("/scale/nudge", 50)
    rig.play(0.32)  # the model is at 0.27
    rig.runner.hear(NoteOn(90, 1))
    rig.play(0.33)
    assert rig.tape.struck()[:5] == [(50, 0), (150, 1), (250, 2), (420, 3), (520, 4)]


def test_measures_are_published_when_their_time_comes_and_none_that_is_withdrawn(rig: ListeningRig) -> None:
    rig.play(0.25)
    assert rig.measured == [(0, 0), (100, 1), (200, 2)]
    rig.runner.hear(NoteOn(90, 1))
    rig.play(0.36)
    assert rig.measured == [(0, 0), (100, 1), (200, 2), (350, 3)]


def test_time_lost_in_a_stall_is_passed_as_a_wait(rig: ListeningRig) -> None:
    rig.play(0.25)
    rig.clock.advance(3.0)
    rig.play(3.01)
    assert rig.model.heard[0] == [Wait(pytest.approx(2.2))]  # type: ignore[arg-type]


class Interruptible(Tape):
    def interrupt(self, after_s: float) -> None:
        self.said.append(f"interrupt {round(after_s * 1000)}")

    def heard(self, after_s: float) -> None:
        self.withdraw(after_s)
        self.said[-1] = f"heard {round(after_s * 1000)}"

    def gives_way(self, yes: bool) -> None:
        self.said.append(f"gives way {yes}")


def test_an_output_is_interrupted_before_the_nodes_next_iteration(rig: ListeningRig) -> None:
    sender, roll = Interruptible(), Tape()
    rig.runner.outputs = [sender, roll]
    rig.play(0.25)
    rig.runner.hear(NoteOn(90, 1))
    assert (sender.said, roll.said) == (["gives way True", "interrupt 250"], [])
    rig.runner.iterate()
    assert (sender.said[2:], roll.said) == (["heard 250"], ["withdraw 250"])


def test_a_model_that_does_not_give_way_continues_until_its_next_iteration(rig: ListeningRig) -> None:
    rig.model.yields = False
    sender = Interruptible()
    rig.runner.outputs = [sender]
    rig.play(0.25)
    rig.runner.hear(NoteOn(90, 1))
    assert sender.said == []


def test_each_output_is_set_once_to_whether_the_model_gives_way(rig: ListeningRig) -> None:
    sender, other = Interruptible(), Interruptible()
    rig.runner.outputs = [sender]
    rig.play(0.25)
    rig.runner.outputs = [other]
    rig.play(0.5)
    rig.model.yields = False
    rig.play(0.75)
    assert (sender.said, other.said) == (["gives way True"], ["gives way True", "gives way False"])


class Interrupted(Listener):
    """A performer's note arrives during a step."""

    hear: Callable[[NoteOn], None] | None = None

    def step(self, *given: Any, **knobs: Any) -> Any:
        if self.hear is not None:
            self.hear(NoteOn(90, 1))
            self.hear = None
        return super().step(*given, **knobs)


def test_a_note_of_a_step_under_way_is_not_struck_after_the_performer_s(rig: ListeningRig) -> None:
    sender, roll = Interruptible(), Tape()
    rig.model = Interrupted()
    rig.runner.model, rig.runner.outputs = rig.model, [sender, roll]
    rig.model.hear = rig.runner.hear
    rig.runner.iterate()
    assert (sender.struck(), roll.struck()) == ([], [(0, 0)])
