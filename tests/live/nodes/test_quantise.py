"""Quantisation of notes to the beat grid."""

from __future__ import annotations

import pytest

from live.nodes.quantise import NoteTable, Quantisation
from live.transport.clock import BeatLine
from models.base import Control, NoteOff, NoteOn

LINE = BeatLine(at_s=10.0, beat=0.0, tempo_bpm=60.0)
"""One beat a second, from ten seconds on."""


@pytest.mark.parametrize(
    ("pull", "steps"),
    [
        (Quantisation(1.0, "1/4"), [0.0, 1.0, 2.0]),
        (Quantisation(1.0, "1/8"), [0.0, 0.5, 1.0, 1.5, 2.0]),
        (Quantisation(1.0, "1/8t"), [0.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3, 2.0]),
        (Quantisation(1.0, "1/8", swing=1 / 3), [0.0, 2 / 3, 1.0, 5 / 3, 2.0]),
        (Quantisation(1.0, "1/16", swing=0.5), [0.0, 0.375, 0.5, 0.875, 1.0, 1.375, 1.5, 1.875, 2.0]),
        (Quantisation(1.0, "1/8t", swing=0.5), [0.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3, 2.0]),
    ],
)
def test_each_onset_goes_to_the_nearest_step(pull: Quantisation, steps: list[float]) -> None:
    for number in range(201):
        beat = number / 100.0
        moved = pull.moved(10.0 + beat, LINE) - 10.0
        assert abs(moved - beat) == pytest.approx(min(abs(step - beat) for step in steps))
        assert min(abs(step - moved) for step in steps) == pytest.approx(0.0, abs=1e-9)


def test_strength_moves_a_note_part_of_the_way() -> None:
    assert [Quantisation(s, "1/4").moved(10.8, LINE) for s in (0.0, 0.5, 1.0)] == pytest.approx([10.8, 10.9, 11.0])


def test_nothing_is_quantised_while_the_clock_is_stopped() -> None:
    assert Quantisation(1.0, "1/4").moved(10.8, BeatLine(10.0, 3.0, 60.0, running=False)) == 10.8


def test_it_follows_any_tempo() -> None:
    assert Quantisation(1.0, "1/16").moved(0.13, BeatLine(0.0, 0.0, 120.0)) == pytest.approx(0.125)


def test_a_note_moves_as_a_whole() -> None:
    score, pull = NoteTable(), Quantisation(1.0, "1/4")
    assert score.place(NoteOn(60, 64), 10.8, 0.0, LINE, pull, 10.8) == pytest.approx(11.0)
    assert score.place(NoteOff(60), 11.1, 0.0, LINE, pull, 11.1) == pytest.approx(11.3)
    assert score.place(NoteOff(60), 11.1, 0.0, LINE, Quantisation(), 11.1) == pytest.approx(11.3)


def test_the_same_key_is_released_before_it_is_struck_again() -> None:
    score, pull = NoteTable(), Quantisation(1.0, "1/4")
    score.place(NoteOn(60, 64), 10.6, 0.0, LINE, pull, 10.6)
    over_s = score.place(NoteOff(60), 11.2, 0.0, LINE, pull, 11.2)
    again_s = score.place(NoteOn(60, 64), 11.3, 0.0, LINE, pull, 11.3)
    assert over_s == pytest.approx(11.6)
    assert again_s == over_s
    assert score.place(NoteOff(60), 11.35, 0.0, LINE, pull, 11.35) >= again_s


def test_nothing_is_moved_into_the_past() -> None:
    assert NoteTable().place(NoteOn(60, 64), 10.2, 10.15, LINE, Quantisation(1.0, "1/4"), 10.2) == 10.15
    assert NoteTable().place(NoteOn(60, 64), 10.2, 10.3, LINE, Quantisation(1.0, "1/4"), 10.2) == 10.2


def test_events_that_are_no_notes_stay() -> None:
    score = NoteTable()
    assert score.place(Control(64, 127), 10.8, 0.0, LINE, Quantisation(1.0), 10.8) == 10.8
    assert score.place(NoteOff(60), 10.8, 0.0, LINE, Quantisation(1.0), 10.8) == 10.8


def test_a_withdrawn_note_delays_no_other() -> None:
    score, pull = NoteTable(), Quantisation(1.0, "1/4")
    score.place(NoteOn(60, 64), 10.6, 0.0, LINE, pull, 10.6)
    score.place(NoteOff(60), 14.0, 0.0, LINE, pull, 14.0)
    score.rewind(12.0)
    assert score.place(NoteOn(60, 64), 12.1, 0.0, LINE, pull, 12.1) == pytest.approx(12.0)
    score.rewind(10.0)
    assert score.place(NoteOn(60, 64), 10.1, 0.0, LINE, pull, 10.1) == pytest.approx(10.0)
