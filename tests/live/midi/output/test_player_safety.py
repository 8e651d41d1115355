"""Properties of the MIDI player for any input: no hanging note, no burst after a stall."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_player import RecordingPlayer

from live.midi.output.messages import QUIET
from models.base import Control, NoteOff, NoteOn


@pytest.fixture
def output() -> RecordingPlayer:
    return RecordingPlayer()


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
def test_every_note_on_gets_exactly_one_note_off(
    actions: list[tuple[str, str, float, int]],
) -> None:
    output = RecordingPlayer()
    player = output.player
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
                output.until(max(at_s, output.clock.now()))
            case "sustain":
                player.set(owner, sustain=bool(number))
            case setting:
                player.set(owner, **{setting: number})
    output.until(5.0)
    player.end()
    down: set[tuple[int, int]] = set()
    pedals: set[int] = set()
    for message in map(bytes.fromhex, output.new()):
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
    output = RecordingPlayer()
    for struck, pitch, at_s in events:
        output.player.play(at_s, "piano", NoteOn(pitch, 64) if struck else NoteOff(pitch))
    for pitch in range(58, 63):
        output.player.play(3.5, "piano", NoteOff(pitch))
    output.until(1.0)
    output.player.withdraw("piano", after_s)
    output.until(5.0)
    assert output.player.sounding() == []


def test_panics_in_a_row_are_one(output: RecordingPlayer) -> None:
    output.player.panic()
    assert len(output.new()) == len(QUIET)
    output.until(0.1)
    output.player.panic()
    assert output.new() == []
    output.note(0.0, 60)
    output.player.advance()
    output.player.panic()
    assert output.new() == ["903c40", "803c40"]
    output.until(1.0)
    output.player.panic()
    assert len(output.new()) == len(QUIET)


def test_a_stalled_engine_s_notes_end_and_the_clock_ticks_on(output: RecordingPlayer) -> None:
    output.player.play(0.0, "piano", Control(64, 127))
    output.note(0.0, 60)
    output.note(2.0, 62, 1.0)
    output.player.play(2.0, "clock", b"\xf8")
    output.until(1.0)
    output.player.suspend()
    output.until(4.0)
    assert output.new() == ["b0407f", "903c40", "803c40", "b04000", "f8"]
    output.note(4.0, 64)
    output.until(4.0)
    assert output.new() == ["904040"]
