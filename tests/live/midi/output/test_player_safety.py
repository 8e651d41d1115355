"""What the player of MIDI never does, whatever it is given: a note that hangs, a burst after a stall."""

from __future__ import annotations

import pytest
from hall import Hall
from hypothesis import given
from hypothesis import strategies as st

from live.midi.output.messages import QUIET
from models.base import Control, NoteOff, NoteOn


@pytest.fixture
def hall() -> Hall:
    return Hall()


_owners = st.sampled_from(["left", "right"])
_moments = st.integers(0, 30).map(lambda n: n / 10)
_actions = st.one_of(
    st.tuples(st.just("on"), _owners, _moments, st.integers(58, 62)),
    st.tuples(st.just("off"), _owners, _moments, st.integers(58, 62)),
    st.tuples(st.just("pedal"), _owners, _moments, st.sampled_from([0, 127])),
    st.tuples(st.just("withdraw"), _owners, _moments, st.just(0)),
    st.tuples(st.just("silence"), _owners, _moments, st.just(0)),
    st.tuples(st.just("channel"), _owners, _moments, st.integers(1, 2)),
    st.tuples(st.just("transpose"), _owners, _moments, st.integers(-2, 2)),
    st.tuples(st.just("sustain"), _owners, _moments, st.sampled_from([0, 1])),
    st.tuples(st.just("time"), _owners, _moments, st.just(0)),
)


@given(st.lists(_actions, max_size=40))
def test_whatever_happens_every_note_on_gets_one_note_off_and_nothing_stays(
    actions: list[tuple[str, str, float, int]],
) -> None:
    hall = Hall()
    player = hall.player
    for action, owner, at_s, number in actions:
        match action:
            case "on":
                player.play(at_s, owner, NoteOn(number, 64))
            case "off":
                player.play(at_s, owner, NoteOff(number))
            case "pedal":
                player.play(at_s, owner, Control(64, number))
            case "withdraw":
                player.withdraw(owner, at_s)
            case "silence":
                player.silence(owner)
            case "time":
                hall.until(max(at_s, hall.clock.now()))
            case "sustain":
                player.set(owner, sustain=bool(number))
            case setting:
                player.set(owner, **{setting: number})
    hall.until(5.0)
    player.end()
    down: set[tuple[int, int]] = set()
    pedals: set[int] = set()
    for message in map(bytes.fromhex, hall.new()):
        place = (message[0] & 15, message[1])
        if message[0] & 0xF0 == 0x90:
            assert place not in down
            down.add(place)
        elif message[0] & 0xF0 == 0x80:
            down.remove(place)
        elif message[1] == 64:
            (pedals.add if message[2] >= 64 else pedals.discard)(message[0] & 15)
    assert not down
    assert not pedals
    assert player.sounding() == []


@given(st.lists(st.tuples(st.booleans(), st.integers(58, 62), _moments), max_size=20), _moments)
def test_withdrawing_never_leaves_a_note_hanging(events: list[tuple[bool, int, float]], after_s: float) -> None:
    hall = Hall()
    for struck, pitch, at_s in events:
        hall.player.play(at_s, "piano", NoteOn(pitch, 64) if struck else NoteOff(pitch))
    for pitch in range(58, 63):
        hall.player.play(3.5, "piano", NoteOff(pitch))
    hall.until(1.0)
    hall.player.withdraw("piano", after_s)
    hall.until(5.0)
    assert hall.player.sounding() == []


def test_panics_in_a_row_are_one(hall: Hall) -> None:
    hall.player.panic()
    assert len(hall.new()) == len(QUIET)
    hall.until(0.1)
    hall.player.panic()
    assert hall.new() == []
    hall.note(0.0, 60)
    hall.player.advance()
    hall.player.panic()
    assert hall.new() == ["903c40", "803c40"]
    hall.until(1.0)
    hall.player.panic()
    assert len(hall.new()) == len(QUIET)


def test_a_stalled_engine_s_notes_end_and_the_clock_ticks_on(hall: Hall) -> None:
    hall.player.play(0.0, "piano", Control(64, 127))
    hall.note(0.0, 60)
    hall.note(2.0, 62, 1.0)
    hall.player.play(2.0, "clock", b"\xf8")
    hall.until(1.0)
    hall.player.suspend()
    hall.until(4.0)
    assert hall.new() == ["b0407f", "903c40", "803c40", "b04000", "f8"]
    hall.note(4.0, 64)
    hall.until(4.0)
    assert hall.new() == ["904040"]
