"""Converts a performer's events to the network's events."""

from __future__ import annotations

from models.base import Control, NoteOff, NoteOn, Wait
from models.performance_rnn.events import NOTE_OFF, VELOCITY
from models.performance_rnn.listening import events_of, shifts_of
from models.performance_rnn.performer import Performer

LOUD = VELOCITY + 24
SILENCE = Performer()


def test_a_note_with_its_velocity_where_it_changes() -> None:
    assert events_of(NoteOn(60, 97), 0, 0, SILENCE) == [LOUD, 60]
    assert events_of(NoteOn(60, 97), 25, 0, SILENCE) == [60]
    assert events_of(NoteOff(60), 25, 1 << 60, SILENCE) == [NOTE_OFF + 60]
    assert events_of(NoteOff(60), 25, 0, SILENCE) == []
    assert events_of(NoteOn(60, 97), 25, 1 << 60, SILENCE) == [NOTE_OFF + 60, 60]


def test_the_pedal_prolongs_notes_until_it_comes_up() -> None:
    playing = SILENCE.press(down=True).strike(60, 97, 1.0).strike(64, 97, 1.0).release(60)
    sounding = 1 << 60 | 1 << 64
    assert events_of(NoteOff(60), 25, sounding, playing) == []
    assert events_of(Control(64, 0), 25, sounding, playing) == [NOTE_OFF + 60]
    assert events_of(NoteOn(60, 97), 25, sounding, playing) == [NOTE_OFF + 60, 60]


def test_a_pedal_that_stays_down_does_not_hold_notes_for_ever() -> None:
    playing = SILENCE.press(down=True).strike(60, 97, 1.0).strike(64, 97, 1.0).release(60).after(20.0)
    assert events_of(NoteOn(72, 97), 25, 1 << 60 | 1 << 64, playing) == [NOTE_OFF + 60, 72]


def test_other_events_and_nonsense_are_no_events_of_the_network() -> None:
    for event in (Control(67, 127), Control(64, 127), Wait(1.0), NoteOn(200, 3), NoteOff(-1)):
        assert events_of(event, 25, 0, SILENCE) == []


def test_time_is_converted_to_shifts_of_a_second_and_at_most_ten_seconds() -> None:
    assert list(shifts_of(2.5, 1.0)) == [355, 355, 305]
    assert list(shifts_of(1.0, 0.5)) == [305]
    assert list(shifts_of(0.004, 1.0)) == []
    assert len(list(shifts_of(1e6, 1.0))) == 10
