"""One model ahead of the virtual clock: exact events at exact times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import pytest
from toys import Listener, Scale, Tape

from live.nodes.event_runner import EventRunner
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from models.base import Event, Knob, NoteOff, NoteOn, Pulse, Wait, pulse


@dataclass
class EventRunnerRig:
    clock: VirtualClock
    tree: Tree
    tape: Tape
    runner: EventRunner
    told: list[tuple[str, tuple[object, ...]]]
    heard: list[list[Event]]

    def play(self, to_s: float) -> None:
        """Iterates as the thread would, until a time."""
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(to_s)

    def set(self, knob: str, value: object) -> None:
        self.tree.set(f"/scale/{knob}", value)


@pytest.fixture
def rig() -> EventRunnerRig:
    clock = VirtualClock()
    tree = Tree(clock)
    for name, knob in EventRunner.knobs_for(Scale).items():
        tree.add(f"/scale/{name}", knob)
    tree.add("/scale/state", Knob("", kind="text", default="playing", access="r"))
    told: list[tuple[str, tuple[object, ...]]] = []
    tree.watchers.append(lambda address, arguments: told.append((address, arguments)))
    tape = Tape()
    model = Scale()
    return EventRunnerRig(clock, tree, tape, EventRunner("scale", model, tree, clock, [tape]), told, model.heard)


def test_it_runs_ahead_by_the_lookahead_and_no_further(rig: EventRunnerRig) -> None:
    rig.set("lookahead", 0.25)
    rig.play(0.001)
    assert rig.tape.struck() == [(0, 0), (100, 1), (200, 2)]


def test_events_carry_the_time_at_which_they_are_due(rig: EventRunnerRig) -> None:
    rig.play(0.05)
    assert rig.tape.events[:3] == [(0, NoteOn(0, 64)), (100, NoteOff(0)), (100, NoteOn(1, 64))]


def test_a_knob_acts_a_lookahead_later(rig: EventRunnerRig) -> None:
    rig.play(0.5)
    rig.set("lowest", 50)
    rig.play(1.05)
    struck = rig.tape.struck()
    assert [pitch for due, pitch in struck if due <= 700] == list(range(8))
    assert (800, 58) in struck


def test_now_withdraws_events_and_continues_from_the_state_at_that_moment(rig: EventRunnerRig) -> None:
    rig.set("lookahead", 1.0)
    rig.play(0.45)
    assert rig.tape.struck()[-1][0] > 1000
    rig.set("lowest", 50)
    rig.set("now", True)
    rig.play(0.5)
    struck = rig.tape.struck()
    assert struck[:6] == [(0, 0), (100, 1), (200, 2), (300, 3), (400, 4), (450, 55)]
    assert struck[6] == (550, 56)


def test_input_of_undone_steps_is_passed_again(rig: EventRunnerRig) -> None:
    rig.set("lookahead", 1.0)
    rig.play(0.45)
    rig.clock.advance(0.55)
    rig.runner.hear(NoteOn(90, 1))
    rig.play(0.56)
    assert rig.heard[-1] == [NoteOn(90, 1)]
    rig.set("now", True)
    rig.play(0.57)
    assert rig.heard.count([NoteOn(90, 1)]) == 2


def test_pause_silences_and_resumes_where_it_was(rig: EventRunnerRig) -> None:
    rig.play(0.35)
    rig.set("pause", True)
    rig.play(5.0)
    assert rig.tape.struck()[-1] == (300, 3)
    assert "silence" in rig.tape.said
    assert ("/scale/state", ("paused",)) in rig.told
    rig.set("pause", False)
    rig.play(5.15)
    assert rig.tape.struck()[4:6] == [(5000, 4), (5100, 5)]


def test_mute_continues_silently(rig: EventRunnerRig) -> None:
    rig.play(0.3)
    rig.set("mute", True)
    rig.play(1.0)
    rig.set("mute", False)
    rig.play(2.0)
    pitches = [pitch for _, pitch in rig.tape.struck()]
    assert 7 not in pitches
    assert 15 in pitches


def test_reset_and_a_new_seed_begin_again(rig: EventRunnerRig) -> None:
    rig.play(0.3)
    rig.set("reset", True)
    rig.play(0.35)
    assert (300, 0) in rig.tape.struck()
    rig.set("seed", 17)
    rig.play(0.4)
    assert (350, 17) in rig.tape.struck()


def test_nudge_moves_what_is_sent(rig: EventRunnerRig) -> None:
    rig.set("nudge", 30)
    rig.play(0.01)
    assert rig.tape.events[:2] == [(30, NoteOn(0, 64)), (130, NoteOff(0))]


def test_a_failing_model_is_started_again_and_given_up_after_five_failures(rig: EventRunnerRig) -> None:
    rig.play(0.3)
    rig.set("broken", True)
    rig.play(0.5)
    assert ("/engine/error", ("scale: RuntimeError: a string broke",)) in rig.told
    rig.set("broken", False)
    rig.play(2.0)
    assert max(due for due, _ in rig.tape.struck()) > 1500
    rig.set("broken", True)
    rig.play(20.0)
    assert rig.told[-1] == ("/scale/state", ("failed",))
    rig.set("broken", False)
    rig.set("reset", True)
    rig.play(20.5)
    assert max(due for due, _ in rig.tape.struck()) > 20_000


def test_a_late_node_skips_time_instead_of_rushing(rig: EventRunnerRig) -> None:
    rig.play(0.1)
    rig.clock.advance(3.0)
    rig.play(3.1)
    assert not [due for due, _ in rig.tape.struck() if 400 < due < 3000]
    assert rig.runner.late_s == pytest.approx(2.6, abs=0.2)


def test_swapped_weights_start_at_once(rig: EventRunnerRig) -> None:
    rig.play(0.35)
    other = Scale("other")
    rig.runner.swap(other)
    rig.play(0.4)
    assert rig.runner.model is other
    assert (350, 0) in rig.tape.struck()


class Greedy(Scale):
    """A model with a knob named as one of the node's own."""

    def step(  # type: ignore[override]
        self, state: int, heard: Sequence[Event], /, *, pause: Annotated[bool, Knob("Mine")] = False
    ) -> tuple[Sequence[Event], int]:
        return (), state


def test_a_model_cannot_take_a_name_of_the_node() -> None:
    with pytest.raises(TypeError, match="pause"):
        EventRunner.knobs_for(Greedy)


def test_it_plays_on_a_thread_and_stops_at_once() -> None:
    clock = Clock()
    tree = Tree(clock)
    for name, knob in EventRunner.knobs_for(Scale).items():
        tree.add(f"/scale/{name}", knob)
    tape = Tape()
    runner = EventRunner("scale", Scale(), tree, clock, [tape])
    tree.watchers.append(runner.notice)
    runner.start()
    runner.stop()
    assert tape.said[-1] == "silence"


class Bell(Scale):
    """A model with a button."""

    rung = 0

    def step(  # type: ignore[override]
        self, state: int, heard: Sequence[Event], /, *, ring: Annotated[Pulse, pulse("Ring")] = False
    ) -> tuple[Sequence[Event], int]:
        self.rung += ring
        return (Wait(1.0),), state


def test_a_button_waits_for_the_next_step() -> None:
    clock = VirtualClock()
    tree = Tree(clock)
    for name, knob in EventRunner.knobs_for(Bell).items():
        tree.add(f"/bell/{name}", knob)
    bell = Bell()
    runner = EventRunner("bell", bell, tree, clock, [])
    runner.iterate()
    tree.set("/bell/ring", True)
    runner.hear(NoteOn(60, 1))
    wanted_s = runner.iterate()  # woken by an event while no step is due
    assert bell.rung == 0
    clock.advance(wanted_s)
    runner.iterate()
    runner.iterate()
    assert bell.rung == 1


def test_time_before_the_first_step_is_no_time_that_the_model_has_missed() -> None:
    clock = VirtualClock()
    tree = Tree(clock)
    for name, knob in EventRunner.knobs_for(Listener).items():
        tree.add(f"/scale/{name}", knob)
    tree.add("/scale/state", Knob("", kind="text", default="playing", access="r"))
    model = Listener()
    runner = EventRunner("scale", model, tree, clock, [Tape()])
    clock.advance(0.5)  # other nodes load meanwhile; a replay makes the runner at its first step
    runner.iterate()
    assert model.heard == []
    assert runner.late_s == 0.0
