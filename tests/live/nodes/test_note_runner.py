"""Quantisation, start on the bar and clock stop of one node, on the virtual clock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from toys import Scale, Tape

from live.nodes.note_runner import NoteRunner
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Event, Knob, NoteOff, NoteOn, Wait


@dataclass
class NoteRunnerRig:
    """A scale of notes 0.3 s long at 60 beats a minute."""

    clock: VirtualClock = field(default_factory=lambda: VirtualClock(60.0))
    tape: Tape = field(default_factory=Tape)

    def __post_init__(self) -> None:
        self.tree = Tree(self.clock)
        for name, knob in NoteRunner.knobs_for(Scale).items():
            self.tree.add(f"/scale/{name}", knob)
        self.tree.add("/scale/state", Knob("", kind="text", default="playing", access="r"))
        self.set("length", 0.3)
        self.runner = NoteRunner("scale", Scale(), self.tree, self.clock, [self.tape])
        self.tree.watchers.append(self.runner.notice)

    def set(self, knob: str, value: object) -> None:
        self.tree.set(f"/scale/{knob}", value)

    def play(self, to_s: float) -> None:
        wanted_s = self.clock.now()
        while (wanted_s := max(wanted_s, self.runner.iterate())) < to_s:
            self.clock.advance(wanted_s)
        self.clock.advance(to_s)

    def notes(self, *, sent_after: int = -1) -> list[tuple[int, int, int]]:
        """(struck in ms, ended in ms, pitch) of each note."""
        struck, notes = {}, []
        for due, event in sorted(self.tape.events, key=lambda entry: (entry[0], isinstance(entry[1], NoteOn))):
            if isinstance(event, NoteOn):
                struck[event.pitch] = due
            elif isinstance(event, NoteOff) and event.pitch in struck:
                notes.append((struck.pop(event.pitch), due, event.pitch))
        return sorted(note for note in notes if note[0] > sent_after)


@pytest.fixture
def rig() -> NoteRunnerRig:
    return NoteRunnerRig()


def test_without_quantisation_it_plays_as_the_model_decides(rig: NoteRunnerRig) -> None:
    rig.play(1.0)
    assert rig.notes()[:3] == [(0, 300, 0), (300, 600, 1), (600, 900, 2)]


def test_notes_are_quantised_with_their_ends(rig: NoteRunnerRig) -> None:
    rig.set("quantise", 1.0)
    rig.set("grid", "1/4")
    rig.set("lookahead", 1.0)
    rig.play(2.0)
    assert rig.notes()[:5] == [
        (0, 300, 0),
        (0, 300, 1),
        (1000, 1300, 2),
        (1000, 1300, 3),
        (1000, 1300, 4),
    ]


def test_half_strength(rig: NoteRunnerRig) -> None:
    rig.set("quantise", 0.5)
    rig.set("grid", "1/4")
    rig.play(1.5)
    assert [struck for struck, _, _ in rig.notes()[:4]] == [0, 150, 800, 950]


def test_the_lookahead_limits_how_early_a_note_may_be(rig: NoteRunnerRig) -> None:
    rig.set("quantise", 1.0)
    rig.set("grid", "1/4")
    rig.play(2.0)
    assert (100, 400, 1) in rig.notes()


def test_notes_delayed_by_quantisation_are_not_withdrawn(rig: NoteRunnerRig) -> None:
    rig.set("quantise", 1.0)
    rig.set("grid", "1/4")
    rig.play(0.85)
    rig.set("now", True)
    rig.set("lowest", 50)
    rig.play(2.5)
    notes = rig.notes()
    assert (1000, 1300, 2) in notes
    assert [pitch for struck, _, pitch in notes if struck == 1000][:2] == [2, 53]


def test_a_note_that_sounds_too_early_to_have_been_decided_is_ended(rig: NoteRunnerRig) -> None:
    rig.set("quantise", 1.0)
    rig.set("grid", "1/4")
    rig.set("lookahead", 1.0)
    rig.play(1.1)  # the fourth and fifth note, due at 1.2 and 1.5, were pulled to 1.0 and 2.0
    assert (1000, 1300, 4) in rig.notes()
    rig.set("lowest", 50)
    rig.set("now", True)
    rig.play(1.2)
    assert (1110, NoteOff(4)) in rig.tape.events
    sounding: set[int] = set()
    for _, event in sorted(rig.tape.events, key=lambda entry: entry[0]):
        if isinstance(event, NoteOn):
            sounding.add(event.pitch)
        elif isinstance(event, NoteOff):
            sounding.discard(event.pitch)
    assert 4 not in sounding


class Trill:
    """One key again and again: down for 0.4 s, and down again at the same moment."""

    kind = "trill"

    def start(self, seed: int) -> int:
        return 0

    def step(self, state: int, heard: Sequence[Event]) -> tuple[Sequence[Event], int]:
        return ((NoteOff(60), NoteOn(60, 64), Wait(0.4)) if state else (NoteOn(60, 64), Wait(0.4))), state + 1


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_repeated_key_is_released_before_it_is_struck(strength: float) -> None:
    clock, tape = VirtualClock(60.0), Tape()
    tree = Tree(clock)
    for name, knob in NoteRunner.knobs_for(Trill).items():  # type: ignore[arg-type]
        tree.add(f"/trill/{name}", knob)
    tree.set("/trill/quantise", strength)
    tree.set("/trill/grid", "1/8")
    runner = NoteRunner("trill", Trill(), tree, clock, [tape])  # type: ignore[arg-type]
    wanted_s = 0.0
    while (wanted_s := max(wanted_s, runner.iterate())) < 12.0:
        clock.advance(wanted_s)
    events = sorted((due, isinstance(event, NoteOn)) for due, event in tape.events if due < 11000)
    assert [down for _, down in events][:40] == [True, *([False, True] * 20)][:40]
    struck = [due for due, down in events if down]
    assert min(b - a for a, b in itertools.pairwise(struck)) >= 30
    if strength == 1.0:
        assert {due % 500 for due in struck} == {0, 200}  # the second one of two on one step stays where it was
    if strength == 0.0:
        assert struck == [400 * n for n in range(len(struck))]


def test_pressed_now_it_waits_for_the_bar(rig: NoteRunnerRig) -> None:
    rig.set("wait", "bar")
    rig.play(1.0)
    rig.set("lowest", 50)
    rig.set("reset", True)
    rig.play(6.0)
    struck = [(struck, pitch) for struck, _, pitch in rig.notes()]
    assert [pitch for at, pitch in struck if 2000 < at < 4000] == [57, 58, 59, 60, 61, 62, 63]
    assert [note for note in struck if note[0] >= 4000][:3] == [(4000, 50), (4300, 51), (4600, 52)]


def test_waiting_for_the_beat_withdraws_later_events(rig: NoteRunnerRig) -> None:
    rig.set("wait", "beat")
    rig.set("lookahead", 1.5)
    rig.play(1.4)
    rig.set("lowest", 50)
    rig.set("now", True)
    rig.play(2.5)
    struck = rig.tape.struck()
    assert [note for note in struck if note[0] < 2000][-1] == (1800, 6)
    assert (2000, 57) in struck


def test_it_stops_and_continues_with_the_clock(rig: NoteRunnerRig) -> None:
    rig.play(1.0)
    rig.clock.stop()
    rig.tree.publish("/clock/play", False)
    assert rig.runner.woken
    rig.play(3.0)
    assert rig.tree.get("/scale/state") == "paused"
    assert rig.tape.said[-1] == "silence"
    rig.clock.play()
    rig.play(4.0)
    assert rig.tree.get("/scale/state") == "playing"
    assert next(struck for struck, _, _ in rig.notes() if struck > 1000) == 3000


def test_it_may_continue_while_the_clock_is_stopped(rig: NoteRunnerRig) -> None:
    rig.set("transport", False)
    rig.clock.stop()
    rig.play(1.0)
    assert len(rig.notes()) >= 3
