"""The sustain pedal of MIDI out: half-pedal values, long notes held by pedal, and keys shared with the performer."""

from __future__ import annotations

import pytest

from live.midi.output.player import BLUR, FINGER_S, Player
from live.transport.clock import VirtualClock
from models.base import Control, NoteOff, NoteOn


class PedalPlayer:
    """A player whose port is a list."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.sent: list[tuple[float, str]] = []
        self.player = Player(self.clock, lambda _, message: self.sent.append((self.clock.now(), message.hex())))

    def note(self, at_s: float, pitch: int, length_s: float, owner: str = "piano") -> None:
        self.player.play(at_s, owner, NoteOn(pitch, 64))
        self.player.play(at_s + length_s, owner, NoteOff(pitch))

    def until(self, to_s: float) -> list[str]:
        """The messages sent since the last call."""
        while self.player.next_due() <= to_s:
            self.clock.advance(self.player.next_due())
            self.player.advance()
        self.clock.advance(to_s)
        sent, self.sent = [message for _, message in self.sent], []
        return sent


@pytest.fixture
def output() -> PedalPlayer:
    return PedalPlayer()


def test_a_half_pedal_passes_as_it_is_and_is_let_up_in_the_end(output: PedalPlayer) -> None:
    for value in (20, 50, 90, 70, 40):
        output.player.play(0.0, "piano", Control(64, value))
    output.player.advance()
    assert output.until(0.1) == ["b04014", "b04032", "b0405a", "b04046", "b04028"]
    output.player.silence("piano")
    assert output.until(0.2) == ["b04000"]


def test_a_long_note_is_held_by_the_pedal(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(1.0, 60, 3.0)
    assert output.until(1.0 + FINGER_S + 0.01) == ["903c40", "b0407f", "803c40"]
    assert output.player.sounding() == [(1, 60)]
    assert output.until(3.9) == []
    assert output.until(4.1) == ["b04000"]
    assert output.player.sounding() == []


def test_a_short_note_needs_no_pedal(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(1.0, 60, 0.3)
    assert output.until(3.0) == ["903c40", "803c40"]


def test_the_pedal_comes_up_when_too_much_rings_on(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(0.0, 36, 60.0)
    for number in range(BLUR + 1):
        output.note(1.0 + number, 60 + number, 0.2)
    assert output.until(0.9 + BLUR)[-1] == f"80{60 + BLUR - 1:02x}40"
    assert output.until(2.0 + BLUR)[-1] == "b04000"
    assert output.until(70.0) == []


def test_a_key_under_the_pedal_may_be_struck_again(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(0.0, 60, 1.0)
    output.note(1.0, 60, 0.2)
    assert output.until(2.0) == ["903c40", "b0407f", "803c40", "b04000", "903c40", "803c40"]


def test_withdrawing_leaves_no_pedal_down(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(0.0, 60, 2.0)
    output.note(1.5, 62, 2.0)
    output.until(1.0)
    output.player.withdraw("piano", 1.0)
    assert output.until(5.0) == ["b04000"]


def test_silence_releases_the_pedal_of_long_notes(output: PedalPlayer) -> None:
    output.player.set("piano", pedal=True)
    output.note(0.0, 60, 9.0)
    output.until(1.0)
    output.player.silence("piano")
    assert output.until(20.0) == ["b04000"]


# -- the performer's keys and the pianist's on one instrument -----------------------------------------------------


@pytest.fixture
def duet(output: PedalPlayer) -> PedalPlayer:
    output.player.set("thru", performer=True)
    return output


def test_the_pianist_does_not_strike_a_key_that_the_performer_holds(duet: PedalPlayer) -> None:
    duet.note(0.0, 60, 1.0, owner="thru")
    duet.note(0.5, 60, 0.2)
    assert duet.until(0.9) == ["903c40"]
    assert duet.until(2.0) == ["803c40"]


def test_a_note_that_joined_sounds_on_after_the_performer_s(duet: PedalPlayer) -> None:
    duet.note(0.0, 60, 1.0, owner="thru")
    duet.note(0.5, 60, 1.0)
    assert duet.until(1.4) == ["903c40"]
    assert duet.until(2.0) == ["803c40"]


def test_the_performer_strikes_a_key_that_the_pianist_holds_and_neither_cuts_it(duet: PedalPlayer) -> None:
    duet.note(0.0, 60, 1.0)
    duet.note(0.5, 60, 1.0, owner="thru")
    assert duet.until(1.4) == ["903c40", "803c40", "903c40"]
    assert duet.until(2.0) == ["803c40"]


def test_a_note_that_joined_is_withdrawn_and_silenced_alone(duet: PedalPlayer) -> None:
    duet.note(0.0, 60, 1.0, owner="thru")
    duet.note(0.5, 60, 5.0)
    duet.until(0.8)
    duet.player.silence("piano")
    assert duet.until(0.9) == []
    assert duet.until(8.0) == ["803c40"]


def test_panic_ends_both(duet: PedalPlayer) -> None:
    duet.note(0.0, 60, 9.0, owner="thru")
    duet.note(0.5, 60, 9.0)
    duet.until(0.8)
    duet.player.panic()
    assert duet.until(0.9)[0] == "803c40"
    assert duet.player.sounding() == []
    assert duet.until(20.0) == []
