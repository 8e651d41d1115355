"""The event codec: small scores written out event by event, and properties of any score."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import array, cumsum, float64, int64

from models.performance_rnn.events import (
    NOTE_OFF,
    NOTE_ON,
    ONE_SECOND,
    TIME_SHIFT,
    VELOCITY,
    VOCABULARY,
    Note,
    bin_velocity,
    decode,
    encode,
    encode_arrays,
    name,
    shift_steps,
    sustain,
    to_steps,
    velocity_bin,
)


def words(*events: str) -> list[int]:
    """Events from their names: "on 60", "off 60", "wait 25" (steps), "bin 20"."""
    first = {"on": NOTE_ON, "off": NOTE_OFF, "wait": TIME_SHIFT - 1, "bin": VELOCITY - 1}
    return [first[word] + int(number) for word, number in (event.split() for event in events)]


def test_a_note_is_touch_key_wait_key() -> None:
    assert encode([Note(60, 80, 0.0, 0.25)]).tolist() == words("bin 20", "on 60", "wait 25", "off 60")


def test_the_numbers_are_those_of_performance_rnn() -> None:
    assert encode([Note(60, 80, 0.0, 0.25)]).tolist() == [375, 60, 280, 188]
    assert (ONE_SECOND, VOCABULARY) == (355, 388)


def test_the_velocity_event_is_written_only_when_it_changes() -> None:
    score = [Note(60, 77, 0.0, 0.1), Note(62, 80, 0.1, 0.2), Note(64, 81, 0.2, 0.3)]
    assert encode(score).tolist() == words(
        "bin 20", "on 60", "wait 10", "off 60", "on 62", "wait 10", "off 62", "bin 21", "on 64", "wait 10", "off 64"
    )


def test_a_chord_goes_down_from_low_to_high_and_comes_up_in_the_order_it_was_struck() -> None:
    score = [Note(67, 64, 0.0, 0.5), Note(60, 64, 0.0, 0.5), Note(50, 64, 0.3, 0.5)]
    assert encode(score).tolist() == words(
        "bin 16", "on 60", "on 67", "wait 30", "on 50", "wait 20", "off 60", "off 67", "off 50"
    )


def test_a_repeated_key_comes_up_before_it_goes_down_again() -> None:
    score = [Note(60, 64, 0.0, 0.5), Note(60, 64, 0.5, 0.6)]
    assert encode(score).tolist() == words("bin 16", "on 60", "wait 50", "off 60", "on 60", "wait 10", "off 60")


@pytest.mark.parametrize(
    ("seconds", "shifts"),
    [(0.01, [1]), (0.99, [99]), (1.0, [100]), (1.01, [100, 1]), (2.0, [100, 100]), (3.5, [100, 100, 100, 50])],
)
def test_a_long_wait_is_full_seconds_and_what_remains(seconds: float, shifts: list[int]) -> None:
    score = encode([Note(60, 64, seconds, seconds + 0.01)]).tolist()
    assert [shift_steps(event) for event in score[: len(shifts)]] == shifts
    assert score[len(shifts) :] == words("bin 16", "on 60", "wait 1", "off 60")


def test_time_is_rounded_with_halves_upward_and_no_note_is_empty() -> None:
    assert to_steps(array([0.0, 0.004, 0.005, 0.0149, 0.125])).tolist() == [0, 0, 1, 1, 13]
    assert encode([Note(60, 64, 0.001, 0.002)]).tolist() == words("bin 16", "on 60", "wait 1", "off 60")


def test_nothing_is_nothing() -> None:
    assert encode([]).tolist() == []
    assert decode([]) == []


def test_a_key_that_never_went_down_cannot_come_up() -> None:
    assert decode(words("off 60", "bin 16", "on 62", "wait 5", "off 62", "off 62")) == [Note(62, 61, 0.0, 0.05)]


def test_what_still_sounds_ends_at_the_end_and_lasts_a_step() -> None:
    assert decode(words("bin 1", "on 60", "wait 100", "on 62")) == [Note(60, 1, 0.0, 1.0), Note(62, 1, 1.0, 1.01)]


def test_of_two_notes_on_one_key_the_older_ends_first() -> None:
    played = decode(words("bin 2", "on 60", "wait 10", "on 60", "wait 10", "off 60", "wait 10", "off 60"))
    assert played == [Note(60, 5, 0.0, 0.2), Note(60, 5, 0.1, 0.3)]


@pytest.mark.parametrize("event", [-1, 388, 10**9])
def test_events_that_do_not_exist_are_refused(event: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.387"):
        decode([event])
    with pytest.raises(ValueError, match=r"0\.\.387"):
        name(event)


@pytest.mark.parametrize(
    "note",
    [
        Note(128, 64, 0.0, 1.0),
        Note(-1, 64, 0.0, 1.0),
        Note(60, 0, 0.0, 1.0),
        Note(60, 128, 0.0, 1.0),
        Note(60, 64, -0.1, 1.0),
        Note(60, 64, 2.0, 1.0),
        Note(60, 64, 0.0, float("inf")),
        Note(60, 64, float("nan"), 1.0),
    ],
)
def test_notes_that_no_piano_plays_are_refused(note: Note) -> None:
    with pytest.raises(ValueError, match=r"0\.\.127|starts at 0 s"):
        encode([note])


def test_events_have_names() -> None:
    assert [name(event) for event in (60, 188, 280, 355, 375)] == [
        "on 60", "off 60", "shift 250 ms", "shift 1000 ms", "velocity 77",
    ]  # fmt: skip


@given(st.integers(1, 127))
def test_a_bin_stands_for_its_softest_velocity(velocity: int) -> None:
    assert 0 <= velocity - bin_velocity(velocity_bin(velocity)) < 4


@pytest.mark.parametrize("wrong", [0, 128, -5])
def test_velocities_out_of_range_are_refused(wrong: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.127"):
        velocity_bin(wrong)
    with pytest.raises(ValueError, match=r"1\.\.32"):
        bin_velocity(wrong)


@st.composite
def scores(draw: st.DrawFn) -> list[Note]:
    """Any notes on the 10 ms grid, keys struck again while they sound among them."""
    notes = []
    for _ in range(draw(st.integers(0, 30))):
        start = draw(st.integers(0, 700))
        length = draw(st.integers(1, 400))
        pitch, bin_ = draw(st.integers(58, 64)), draw(st.integers(1, 32))
        notes.append(Note(pitch, bin_velocity(bin_), start / 100, (start + length) / 100))
    return notes


def playable(score: list[Note]) -> list[Note]:
    """The score with no key struck while it sounds, by start and pitch."""
    free: dict[int, float] = {}
    kept = []
    for note in sorted(score, key=lambda note: (note.start_s, note.pitch)):
        if note.start_s >= free.get(note.pitch, 0.0):
            free[note.pitch] = note.end_s
            kept.append(note)
    return kept


@given(scores())
def test_what_is_encoded_comes_back(score: list[Note]) -> None:
    score = playable(score)
    assert decode(encode(score)) == score


def plainly(score: list[Note]) -> list[int]:
    """The same encoding the slow way, as the published description has it."""
    ordered = sorted(score, key=lambda note: (note.start_s, note.pitch, note.end_s))
    changes: list[tuple[int, int, int, Note]] = []
    for index, note in enumerate(ordered):
        changes.append((int(note.start_s * 100 + 0.5), index, 0, note))
        changes.append((int(note.end_s * 100 + 0.5), index, 1, note))
    events, now, touch = [], 0, 0
    for step, _, off, note in sorted(changes, key=lambda change: change[:3]):
        while step > now:
            shift = min(step - now, 100)
            events.append(TIME_SHIFT + shift - 1)
            now += shift
        if not off and velocity_bin(note.velocity) != touch:
            touch = velocity_bin(note.velocity)
            events.append(VELOCITY + touch - 1)
        events.append(note.pitch + (NOTE_OFF if off else NOTE_ON))
    return events


@given(scores())
def test_the_quick_encoding_is_the_plain_one(score: list[Note]) -> None:
    assert encode(score).tolist() == plainly(score)


@given(scores())
def test_each_event_is_returned_with_its_starting_step(score: list[Note]) -> None:
    columns: list[Any] = [array([getattr(note, part) for note in score]) for part in Note.__slots__]
    pitch, velocity, start, end = columns
    events, begins = encode_arrays(
        pitch.astype(int64), velocity.astype(int64), to_steps(start.astype(float64)), to_steps(end.astype(float64))
    )
    passed = cumsum([0, *(shift_steps(int(event)) for event in events)])
    assert begins.tolist() == passed[:-1].tolist()


@given(st.lists(st.integers(0, VOCABULARY - 1), max_size=200))
def test_any_events_are_some_music(events: list[int]) -> None:
    notes = decode(events)
    assert len(notes) == sum(event < NOTE_OFF for event in events)
    assert all(0 <= note.start_s < note.end_s and 1 <= note.velocity <= 127 for note in notes)


def test_the_pedal_holds_until_it_comes_up() -> None:
    score = [Note(60, 64, 0.0, 0.5), Note(64, 64, 1.0, 1.5), Note(67, 64, 3.0, 3.5)]
    held = sustain(score, [(0.2, 127), (2.0, 0)])
    assert [note.end_s for note in held] == [2.0, 2.0, 3.5]


def test_the_pedal_is_down_from_64_on() -> None:
    assert sustain([Note(60, 64, 0.0, 0.5)], [(0.1, 63), (1.0, 0)])[0].end_s == 0.5
    assert sustain([Note(60, 64, 0.0, 0.5)], [(0.1, 64), (1.0, 63)])[0].end_s == 1.0


def test_a_key_struck_again_ends_what_the_pedal_held() -> None:
    score = [Note(60, 64, 0.0, 0.5), Note(60, 70, 1.0, 1.2)]
    assert sustain(score, [(0.0, 100), (3.0, 0)]) == [Note(60, 64, 0.0, 1.0), Note(60, 70, 1.0, 3.0)]


def test_a_pedal_that_never_comes_up_holds_to_the_end() -> None:
    score = [Note(60, 64, 0.0, 0.5), Note(64, 64, 1.0, 4.0)]
    assert [note.end_s for note in sustain(score, [(0.2, 127)])] == [4.0, 4.0]


def test_a_pedal_that_moves_as_the_key_comes_up_counts() -> None:
    assert sustain([Note(60, 64, 0.0, 0.5)], [(0.5, 127), (1.0, 0)])[0].end_s == 1.0
    assert sustain([Note(60, 64, 0.0, 0.5)], [(0.1, 127), (0.5, 0)])[0].end_s == 0.5


def test_a_key_struck_twice_at_once_counts_once() -> None:
    score = [Note(60, 64, 0.0, 0.5), Note(60, 70, 0.0, 0.9)]
    assert sustain(score, []) == [Note(60, 70, 0.0, 0.9)]


@given(scores(), st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 127)), max_size=12))
def test_under_any_pedal_a_key_sounds_once_at_a_time(score: list[Note], moves: list[tuple[int, int]]) -> None:
    held = sustain(score, [(step / 100, value) for step, value in sorted(moves)])
    assert [(note.start_s, note.pitch) for note in held] == sorted({(n.start_s, n.pitch) for n in score})
    for key in {note.pitch for note in held}:
        row = [note for note in held if note.pitch == key]
        assert all(first.end_s <= then.start_s for first, then in pairwise(row))
    assert all(note.start_s < note.end_s for note in held)
