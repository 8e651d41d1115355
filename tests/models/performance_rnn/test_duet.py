"""Turn-taking between the pianist and a performer, on the virtual clock."""

from __future__ import annotations

import itertools

import pytest
from stage_piano import StagePiano, melody, small_parameters

from models.performance_rnn.events import PITCHES

PHRASE = melody(1.0, (60, 63, 67, 65, 63, 62), 0.5)  # its last key comes up at 3.95 s
ENDS_S = 4.7
"""The last onset, 3.5 s, and the shortest pause that ends a phrase."""


@pytest.fixture
def piano() -> StagePiano:
    return StagePiano()


def test_it_waits_in_silence_for_a_first_phrase(piano: StagePiano) -> None:
    piano.run(10.0)
    assert piano.struck() == []


@pytest.mark.parametrize(("duet", "turn"), [("answer", "nobody"), ("hand over", "nobody"), ("solo", "pianist")])
def test_whose_turn_it_is_is_published_from_the_start(duet: str, turn: str) -> None:
    piano = StagePiano(duet=duet)
    piano.run(1.5)
    assert [value for _, value in piano.turns()] == [turn]
    assert piano.turns()[0][0] <= 1.0


def test_a_turn_passed_before_the_performer_plays_is_published() -> None:
    piano = StagePiano(duet="hand over")
    piano.play([], 4.0, sets=[(1.0, "turn", True), (3.0, "turn", True)])
    assert piano.turns()[:2] == [(0.0, "nobody"), (1.0, "pianist")]
    assert piano.turns()[2] == (3.0, "nobody")


def test_it_answers_at_the_end_of_a_phrase_for_about_its_length(piano: StagePiano) -> None:
    piano.play(PHRASE, 20.0)
    struck = piano.struck()
    assert struck[0] == pytest.approx(ENDS_S, abs=0.001)
    assert 1.5 < struck[-1] - struck[0] <= 3.5
    assert piano.sounding(20.0) == set()
    begins = [(0.0, "nobody"), (1.0, "performer"), (ENDS_S, "pianist")]
    assert piano.turns() == [*begins, (pytest.approx(8.65, abs=1.0), "nobody")]


def test_a_phrase_gets_one_answer(piano: StagePiano) -> None:
    piano.play(PHRASE, 60.0)
    assert piano.struck(12.0) == []


def test_patience_puts_the_answer_off() -> None:
    piano = StagePiano(patience=2.0)
    piano.play(PHRASE, 20.0)
    assert piano.struck()[0] == pytest.approx(3.5 + 2 * (ENDS_S - 3.5), abs=0.001)


def test_an_answer_gives_way_to_a_note(piano: StagePiano) -> None:
    piano.play([*PHRASE, (6.0, 6.3, 72, 90)], 6.9)
    assert piano.struck(ENDS_S, 6.0)
    assert piano.struck(6.0) == []
    assert piano.sounding(6.31) == set()


@pytest.mark.parametrize(("yielding", "silent_s"), [("cut", 6.0), ("release", 6.3), ("beat", 6.5)])
def test_notes_are_released_as_the_knob_says(yielding: str, silent_s: float) -> None:
    piano = StagePiano(yielding=yielding)
    piano.play([*PHRASE, (6.0, 6.1, 72, 90)], 7.0)
    before = piano.sounding(5.999)
    assert before
    assert piano.sounding(silent_s + 0.002) == set()
    if yielding != "cut":
        assert piano.sounding(6.02)


def test_the_turn_is_handed_over_by_a_button() -> None:
    piano = StagePiano(duet="hand over")
    piano.play(PHRASE, 30.0, sets=[(10.0, "turn", True), (14.0, "turn", True)])
    struck = piano.struck()
    assert struck[0] == 10.0
    assert 13.0 < struck[-1] <= 14.0
    assert piano.sounding(15.0) == set()


def test_the_turn_is_handed_over_by_a_pedal() -> None:
    piano = StagePiano(duet="hand over", turn_pedal="sostenuto")
    pedals = [(5.0, 67, 127), (6.0, 66, 127), (6.5, 66, 0), (9.0, 66, 127)]
    piano.play(PHRASE, 12.0, pedals)
    struck = piano.struck()
    assert struck[0] == 6.0
    assert struck[-1] <= 9.0


def test_handed_over_it_plays_until_the_performer_does() -> None:
    piano = StagePiano(duet="hand over")
    piano.play([*PHRASE, (40.0, 40.5, 60, 60)], 60.0, sets=[(6.0, "turn", True)])
    struck = piano.struck()
    assert struck[-1] > 38.0
    assert piano.struck(40.0) == []


def test_in_answer_the_turn_may_be_handed_over_early(piano: StagePiano) -> None:
    piano.play(PHRASE, 12.0, sets=[(4.0, "turn", True)])
    assert piano.struck()[0] == 4.0


def test_an_accompaniment_begins_with_the_performer_and_ends_after_them() -> None:
    piano = StagePiano(duet="accompany")
    piano.play(melody(1.0, (60, 63, 67, 65) * 5, 0.5), 30.0)
    struck = piano.struck()
    assert 2.0 <= struck[0] < 5.0
    assert 9.0 < struck[-1] < 16.0
    assert piano.sounding(30.0) == set()


def test_an_accompaniment_stays_thin_under_a_busy_performer_though_the_network_wants_to_strike() -> None:
    eager = small_parameters()
    eager["head.bias"][:PITCHES] += 12.0
    piano = StagePiano(eager, duet="accompany")
    piano.play(melody(1.0, (60, 63, 67, 65) * 30, 1 / 6), 30.0)
    assert 2 <= len(piano.struck(4.0, 20.0)) <= 16 * 0.5


def test_an_answer_has_the_mean_pitch_of_a_phrase_in_two_registers() -> None:
    piano = StagePiano()
    phrase = (40, 84, 86, 88, 86, 84, 79, 84, 88, 40) * 4
    piano.play(melody(1.0, phrase, 0.25), 25.0)
    pitches = [pitch for _, pitch in piano.tape.struck()]
    assert len(pitches) >= 20
    assert sum(pitches) / len(pitches) == pytest.approx(sum(phrase) / len(phrase), abs=4.0)


def test_an_echo_keeps_the_notes() -> None:
    piano = StagePiano(duet="echo", echo_variation=0.0)
    piano.play(PHRASE, 20.0)
    assert [pitch for _, pitch in piano.tape.struck()] == [60, 63, 67, 65, 63, 62]
    assert piano.struck() == pytest.approx([ENDS_S + 0.5 * number for number in range(6)], abs=0.002)
    assert piano.sounding(20.0) == set()


def test_an_echo_varies_the_timing() -> None:
    piano = StagePiano(duet="echo", echo_variation=1.0)
    piano.play(PHRASE, 20.0)
    assert [pitch for _, pitch in piano.tape.struck()] == [60, 63, 67, 65, 63, 62]
    gaps = [after - before for before, after in itertools.pairwise(piano.struck())]
    assert max(gaps) - min(gaps) > 0.05


def test_an_echo_keeps_the_rhythm_with_new_notes() -> None:
    piano = StagePiano(duet="echo", echo_keeps="rhythm")
    piano.play(PHRASE, 20.0)
    assert piano.struck() == pytest.approx([ENDS_S + 0.5 * number for number in range(6)], abs=0.002)
    assert [pitch for _, pitch in piano.tape.struck()] != [60, 63, 67, 65, 63, 62]


def test_solo_plays_on_whatever_is_heard() -> None:
    piano = StagePiano(duet="solo")
    piano.play(PHRASE, 10.0)
    assert len(piano.struck(1.0, 4.0)) > 3
    assert len(piano.struck(5.0, 10.0)) > 3


def test_a_mode_set_in_silence_answers_no_old_phrase() -> None:
    piano = StagePiano(duet="hand over")
    piano.play(PHRASE, 20.0, sets=[(10.0, "duet", "answer")])
    assert piano.struck() == []


def test_from_solo_to_answer_it_stops_and_releases_its_notes() -> None:
    piano = StagePiano(duet="solo")
    piano.play([], 10.0, sets=[(5.0, "duet", "answer")])
    assert piano.struck(0.0, 5.0)
    assert piano.struck(5.3) == []
    assert piano.sounding(7.0) == set()


def test_the_first_note_of_a_handed_over_turn_is_due_at_once_whatever_the_lookahead() -> None:
    for lookahead in (0.05, 2.0):
        piano = StagePiano(duet="hand over", lookahead=lookahead)
        piano.play(PHRASE, 12.0, sets=[(6.123, "turn", True)])
        assert piano.struck()[0] == pytest.approx(6.123, abs=0.001)


def test_a_stale_answer_is_skipped() -> None:
    piano = StagePiano(lookahead=0.05)
    piano.play(PHRASE, ENDS_S - 0.06)
    piano.clock.advance(ENDS_S + 0.3)  # the machine stood still
    piano.run(20.0)
    assert piano.struck() == []


def test_the_same_performer_gets_the_same_answer() -> None:
    first, again = StagePiano(), StagePiano()
    for piano in (first, again):
        piano.play([*PHRASE, (6.0, 6.3, 72, 90)], 20.0)
    assert first.tape.events == again.tape.events
    assert first.published == again.published


# -- bad input


def test_a_stuck_key_does_not_keep_the_turn(piano: StagePiano) -> None:
    piano.play([(0.5, 1e6, 40, 64), *PHRASE], 20.0)
    assert piano.struck()[0] == pytest.approx(5.5, abs=0.01)  # five seconds after it was struck, no longer
    again = StagePiano()
    again.play([(0.5, 1e6, 40, 64), *melody(1.0, (60, 62) * 10, 0.5)], 20.0)
    assert again.struck()[0] == pytest.approx(10.5 + ENDS_S - 3.5, abs=0.01)


def test_a_pedal_that_is_never_released_does_not_keep_the_turn(piano: StagePiano) -> None:
    piano.play(PHRASE, 20.0, [(0.5, 64, 127)])
    assert ENDS_S - 0.01 <= piano.struck()[0] < ENDS_S + 1.0


def test_a_device_that_vanishes_in_a_phrase_ends_it(piano: StagePiano) -> None:
    piano.play([(1.0, 2.2, 60, 64), (1.5, 2.2, 64, 64), (2.0, 2.2, 67, 64)], 20.0)  # as KeyRouting releases its keys
    assert 2.4 < piano.struck()[0] < 4.0


def test_a_trill_is_answered_soon_and_not_before_its_end(piano: StagePiano) -> None:
    piano.play(melody(1.0, (72, 74) * 30, 0.08), 20.0)
    assert 5.72 < piano.struck()[0] < 7.0


def test_a_single_note_is_answered_shortly(piano: StagePiano) -> None:
    piano.play([(1.0, 1.5, 60, 64)], 30.0)
    struck = piano.struck()
    assert 1.5 < struck[0] < 3.5
    assert struck[-1] < struck[0] + 3.0


def test_a_minute_without_a_pause_is_heard_to_its_end(piano: StagePiano) -> None:
    piano.play(melody(1.0, (60, 63, 67, 65) * 75, 0.2), 120.0)
    struck = piano.struck()
    assert struck[0] > 61.0
    assert 20.0 < struck[-1] - struck[0] <= 31.0


def test_a_turn_handed_over_while_knobs_glide_is_taken() -> None:
    piano = StagePiano(duet="hand over")
    piano.tree.set("/piano/density", 30.0, 4.0)
    piano.tree.set("/piano/follow_key", 0.0, 4.0)
    piano.play(PHRASE, 12.0, sets=[(2.0, "duet", "answer"), (2.1, "duet", "hand over"), (4.0, "turn", True)])
    assert piano.struck()[0] == 4.0


def test_no_note_hangs_whenever_an_answer_is_interrupted(piano: StagePiano) -> None:
    notes, at_s = [], 1.0
    for number in range(25):
        notes += melody(at_s, (60, 62, 64), 0.25)
        at_s += 0.75 + 0.9 + 0.137 * number
    piano.play(notes, at_s + 30.0)
    assert len(piano.struck()) > 25
    assert piano.sounding(at_s + 30.0) == set()
