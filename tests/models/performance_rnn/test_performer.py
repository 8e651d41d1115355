"""The analysis of a performer: small scores with known results."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from models.performance_rnn.performer import Performer
from models.performance_rnn.pulse import beat
from models.performance_rnn.tonality import tonality

Score = Iterable[tuple[float, float, int, int]]  # onset and end in seconds, pitch, velocity


def played(score: Score, to_s: float, pedal: Iterable[tuple[float, bool]] = (), patience: float = 1.0) -> Performer:
    """A performer who has played a score, at a time."""
    events: list[tuple[float, int, int, int]] = []
    for start, end, pitch, velocity in score:
        events += [(start, 2, pitch, velocity), (end, 0, pitch, 0)]
    events += [(at, 1, down, 0) for at, down in pedal]
    performer = Performer()
    for at_s, kind, pitch, velocity in sorted(events):
        if at_s > to_s:
            break
        performer = performer.after(at_s - performer.now_s)
        if kind == 2:
            performer = performer.strike(pitch, velocity, patience)
        else:
            performer = performer.press(down=bool(pitch)) if kind else performer.release(pitch)
    return performer.after(to_s - performer.now_s)


def line(pitches: Iterable[int], gap_s: float, held: float = 0.9, velocity: int = 64) -> Score:
    """A melody in even notes."""
    return [(i * gap_s, (i + held) * gap_s, pitch, velocity) for i, pitch in enumerate(pitches)]


C_MINOR = (60, 63, 67, 65, 63, 62, 60, 55)
G_MAJOR = (67, 71, 74, 72, 71, 69, 66, 67)


@pytest.mark.parametrize(
    ("pitches", "name"), [(C_MINOR, "C minor"), (G_MAJOR, "G major"), ([p + 6 for p in C_MINOR], "F# minor")]
)
def test_the_key_of_a_melody(pitches: Iterable[int], name: str) -> None:
    key = played(line(pitches, 0.5), 4.0).tonality()
    assert key is not None
    assert key.name == name
    assert key.certainty > 0.3


def test_a_single_note_and_a_chromatic_scale_leave_the_key_uncertain() -> None:
    single, chromatic = tonality([1.0, *[0.0] * 11]), tonality([1.0, 0.98, *[1.0] * 10])
    assert single is not None
    assert single.certainty < 0.25
    assert chromatic is None or chromatic.certainty < 0.25
    assert tonality([0.0] * 12) is None


@pytest.mark.parametrize(("gap_s", "tempo_bpm"), [(1.0, 60.0), (2 / 3, 90.0), (0.25, 120.0), (0.3, 100.0)])
def test_the_beat_of_even_notes(gap_s: float, tempo_bpm: float) -> None:
    found = played(line([60, 62, 64] * 8, gap_s), 24 * gap_s).beat()
    assert found is not None
    assert found.tempo_bpm == pytest.approx(tempo_bpm, rel=0.02)
    assert found.certainty > 0.6
    assert found.phase(8 * gap_s, 4) == pytest.approx(0.0, abs=0.1)


def test_chance_has_no_beat() -> None:
    onsets = [((k * 0.618034) % 1 + k * 0.7 + (k * k * 0.37) % 0.6) for k in range(14)]
    found = beat(sorted(onsets))
    assert found is None or found.certainty < 0.5
    assert beat([0.0, 1.0, 2.0]) is None


def test_loudness_density_and_register_are_those_of_the_last_three_seconds() -> None:
    late = [(4 + i / 2, 4.4 + i / 2, 70 + i, 80 + i) for i in range(6)]
    score = [*line([40] * 4, 1.0, velocity=20), *late]
    recent = played(score, 7.0).recent
    assert [(note.pitch, note.velocity) for note in recent] == [(71, 81), (72, 82), (73, 83), (74, 84), (75, 85)]


def test_a_phrase_ends_by_its_own_gaps() -> None:
    slow, fast = played(line([60] * 8, 1.5), 10.5), played(line([60] * 8, 0.2), 1.4)
    assert slow.end_s(1.0) - slow.last_s > 2.0
    assert fast.end_s(1.0) - fast.last_s == pytest.approx(1.2)


def test_a_phrase_with_long_and_short_notes_ends_later_than_one_of_short_notes() -> None:
    uneven = [(0.0, 0.2, 60, 64), (1.0, 1.2, 62, 64), (1.3, 1.4, 64, 64), (2.3, 2.5, 65, 64), (2.6, 2.7, 67, 64)]
    mixed, even = played(uneven, 2.8), played(line([60] * 5, 0.4, held=0.5), 1.9)
    assert mixed.end_s(1.0) - mixed.last_s == pytest.approx(1.6, abs=0.01)
    assert even.end_s(1.0) - even.last_s == pytest.approx(1.2)


def test_patience_scales_the_pause() -> None:
    performer = played(line([60] * 8, 0.5), 4.5)
    pause_s = performer.end_s(1.0) - performer.last_s
    assert performer.end_s(2.0) - performer.last_s == pytest.approx(2 * pause_s)


def test_states_of_a_phrase() -> None:
    score = line([60] * 4, 0.5)
    assert played([], 1.0).state(1.0) == "ended"
    assert played(score, 1.7).state(1.0) == "playing"
    assert played(score, 2.3).state(1.0) == "pausing"
    assert played(score, 4.0).state(1.0) == "ended"


def test_a_held_chord_puts_the_end_off() -> None:
    score = [*line([60] * 4, 0.4), (1.6, 4.6, 48, 70)]
    assert played(score, 4.0).state(1.0) == "playing"
    ended = played(score, 5.5)
    assert 4.6 < ended.end_s(1.0) < 5.5


def test_a_stuck_key_does_not_put_it_off_for_ever() -> None:
    stuck = [(0.0, 1e9, 48, 70), *line([60] * 20, 0.5)]
    performer = played(stuck, 10.0)
    assert performer.end_s(1.0) - performer.last_s < 2.0
    alone = played(stuck[:1], 1.0)
    assert alone.end_s(1.0) < 6.0


def test_a_pedal_that_stays_down_puts_it_off_a_little() -> None:
    score = line([60] * 8, 0.5)
    dry, wet = played(score, 4.0), played(score, 4.0, [(0.0, True)])
    assert 0.0 <= wet.end_s(1.0) - dry.end_s(1.0) < 1.0


def test_after_the_end_a_new_phrase_begins() -> None:
    performer = played([*line([60] * 4, 0.5), (6.0, 6.4, 72, 90)], 6.2)
    assert performer.phrase_s == 6.0
    phrase = performer.phrase()
    assert phrase is not None
    assert (len(phrase.notes), phrase.loudness) == (1, 90)


def test_a_trill_is_one_phrase_and_ends_soon() -> None:
    trill = line([60, 62] * 40, 0.08)
    performer = played(trill, 6.4)
    assert performer.phrase_s == 0.0
    assert performer.end_s(1.0) - performer.last_s == pytest.approx(1.2)


def test_memory_is_bounded() -> None:
    performer = played(line([60, 64] * 400, 0.1), 80.0)
    assert len(performer.notes) == 256
    assert all(math.isfinite(weight) for weight in performer.chroma)
    phrase = performer.phrase()
    assert phrase is not None
    assert phrase.notes_per_second == pytest.approx(10.0, rel=0.05)
