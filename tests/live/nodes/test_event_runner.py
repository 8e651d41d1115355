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
class Stage:
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
def stage() -> Stage:
    clock = VirtualClock()
    tree = Tree(clock)
    for name, knob in EventRunner.knobs_for(Scale).items():
        tree.add(f"/scale/{name}", knob)
    tree.add("/scale/state", Knob("", kind="text", default="playing", access="r"))
    told: list[tuple[str, tuple[object, ...]]] = []
    tree.watchers.append(lambda address, arguments: told.append((address, arguments)))
    tape = Tape()
    model = Scale()
    return Stage(clock, tree, tape, EventRunner("scale", model, tree, clock, [tape]), told, model.heard)


def test_it_plays_ahead_by_the_lookahead_and_no_further(stage: Stage) -> None:
    stage.set("lookahead", 0.25)
    stage.play(0.001)
    assert stage.tape.struck() == [(0, 0), (100, 1), (200, 2)]


def test_events_carry_the_time_at_which_they_are_due(stage: Stage) -> None:
    stage.play(0.05)
    assert stage.tape.events[:3] == [(0, NoteOn(0, 64)), (100, NoteOff(0)), (100, NoteOn(1, 64))]


def test_a_knob_acts_a_lookahead_later(stage: Stage) -> None:
    stage.play(0.5)
    stage.set("lowest", 50)
    stage.play(1.05)
    struck = stage.tape.struck()
    assert [pitch for due, pitch in struck if due <= 700] == list(range(8))
    assert (800, 58) in struck


def test_now_withdraws_and_goes_on_from_the_state_at_that_moment(stage: Stage) -> None:
    stage.set("lookahead", 1.0)
    stage.play(0.45)
    assert stage.tape.struck()[-1][0] > 1000
    stage.set("lowest", 50)
    stage.set("now", True)
    stage.play(0.5)
    struck = stage.tape.struck()
    assert struck[:6] == [(0, 0), (100, 1), (200, 2), (300, 3), (400, 4), (450, 55)]
    assert struck[6] == (550, 56)


def test_what_was_heard_in_steps_undone_is_heard_again(stage: Stage) -> None:
    stage.set("lookahead", 1.0)
    stage.play(0.45)
    stage.clock.advance(0.55)
    stage.runner.hear(NoteOn(90, 1))
    stage.play(0.56)
    assert stage.heard[-1] == [NoteOn(90, 1)]
    stage.set("now", True)
    stage.play(0.57)
    assert stage.heard.count([NoteOn(90, 1)]) == 2


def test_pause_silences_and_resumes_where_it_was(stage: Stage) -> None:
    stage.play(0.35)
    stage.set("pause", True)
    stage.play(5.0)
    assert stage.tape.struck()[-1] == (300, 3)
    assert "silence" in stage.tape.said
    assert ("/scale/state", ("paused",)) in stage.told
    stage.set("pause", False)
    stage.play(5.15)
    assert stage.tape.struck()[4:6] == [(5000, 4), (5100, 5)]


def test_mute_goes_on_unheard(stage: Stage) -> None:
    stage.play(0.3)
    stage.set("mute", True)
    stage.play(1.0)
    stage.set("mute", False)
    stage.play(2.0)
    pitches = [pitch for _, pitch in stage.tape.struck()]
    assert 7 not in pitches
    assert 15 in pitches


def test_reset_and_a_new_seed_begin_again(stage: Stage) -> None:
    stage.play(0.3)
    stage.set("reset", True)
    stage.play(0.35)
    assert (300, 0) in stage.tape.struck()
    stage.set("seed", 17)
    stage.play(0.4)
    assert (350, 17) in stage.tape.struck()


def test_nudge_moves_what_is_sent(stage: Stage) -> None:
    stage.set("nudge", 30)
    stage.play(0.01)
    assert stage.tape.events[:2] == [(30, NoteOn(0, 64)), (130, NoteOff(0))]


def test_a_failing_model_is_started_again_and_given_up_after_five_failures(stage: Stage) -> None:
    stage.play(0.3)
    stage.set("broken", True)
    stage.play(0.5)
    assert ("/engine/error", ("scale: RuntimeError: a string broke",)) in stage.told
    stage.set("broken", False)
    stage.play(2.0)
    assert max(due for due, _ in stage.tape.struck()) > 1500
    stage.set("broken", True)
    stage.play(20.0)
    assert stage.told[-1] == ("/scale/state", ("failed",))
    stage.set("broken", False)
    stage.set("reset", True)
    stage.play(20.5)
    assert max(due for due, _ in stage.tape.struck()) > 20_000


def test_falling_behind_moves_on_instead_of_rushing(stage: Stage) -> None:
    stage.play(0.1)
    stage.clock.advance(3.0)
    stage.play(3.1)
    assert not [due for due, _ in stage.tape.struck() if 400 < due < 3000]
    assert stage.runner.late_s == pytest.approx(2.6, abs=0.2)


def test_swapped_weights_start_at_once(stage: Stage) -> None:
    stage.play(0.35)
    other = Scale("other")
    stage.runner.swap(other)
    stage.play(0.4)
    assert stage.runner.model is other
    assert (350, 0) in stage.tape.struck()


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
    wanted_s = runner.iterate()  # woken by what was heard, and there is nothing to be done yet
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
    clock.advance(0.5)  # other nodes are loaded meanwhile; a replay makes the runner at its first step
    runner.iterate()
    assert model.heard == []
    assert runner.late_s == 0.0
