"""The player on a virtual clock, with a list for a port: exact bytes at exact times."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.midi import MidiError
from live.midi.output.messages import QUIET
from live.midi.output.player import TOO_LATE_S, Player
from live.transport.clock import VirtualClock
from models.base import Control, NoteOff, NoteOn


@dataclass
class Hall:
    """A player, and what was heard of it: (time in ms, bytes in hexadecimal)."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    heard: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.player = Player(self.clock, lambda _, m: self.heard.append((round(self.clock.now() * 1000), m.hex())))

    def note(self, at: float, pitch: int, length: float = 0.0, owner: str = "piano", velocity: int = 64) -> None:
        self.player.play(at, owner, NoteOn(pitch, velocity))
        if length:
            self.player.play(at + length, owner, NoteOff(pitch))

    def until(self, to_s: float) -> None:
        while self.player.next_due() <= to_s:
            self.clock.advance(self.player.next_due())
            self.player.advance()
        self.clock.advance(to_s)

    def new(self) -> list[str]:
        """What was heard since the last call, without the times."""
        heard = [message for _, message in self.heard]
        self.heard.clear()
        return heard


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_events_go_out_when_they_are_due_and_not_before(hall: Hall) -> None:
    hall.note(0.5, 60, 0.25, velocity=80)
    hall.note(0.5, 64, 0.5)
    hall.until(2.0)
    assert hall.heard == [(500, "903c50"), (500, "904040"), (750, "803c40"), (1000, "804040")]


def test_a_time_already_past_means_now(hall: Hall) -> None:
    hall.until(3.0)
    hall.note(1.0, 60)
    hall.player.advance()
    assert hall.heard == [(3000, "903c40")]
    assert (hall.player.late.count, hall.player.overdue.count) == (1, 1)


def test_a_key_struck_again_is_ended_first(hall: Hall) -> None:
    hall.note(0.1, 60)
    hall.note(0.2, 60)
    hall.until(1.0)
    assert hall.heard == [(100, "903c40"), (200, "803c40"), (200, "903c40")]
    assert hall.player.sounding() == [(1, 60)]


def test_the_end_of_a_silent_key_is_not_sent(hall: Hall) -> None:
    hall.player.play(0.1, "piano", NoteOff(60))
    hall.note(0.2, 61, 0.1)
    hall.player.play(0.4, "piano", NoteOff(61))
    hall.until(1.0)
    assert hall.new() == ["903d40", "803d40"]


def test_a_blow_of_velocity_0_is_an_end(hall: Hall) -> None:
    hall.note(0.1, 60)
    hall.note(0.2, 60, velocity=0)
    hall.until(1.0)
    assert hall.new() == ["903c40", "803c40"]


def test_one_owner_does_not_end_the_note_that_another_took_over(hall: Hall) -> None:
    hall.note(0.1, 60, 0.3, owner="left")
    hall.note(0.2, 60, 0.5, owner="right")
    hall.until(0.5)
    assert hall.new() == ["903c40", "803c40", "903c40"]
    hall.until(1.0)
    assert hall.new() == ["803c40"]


def test_transposition_changed_while_a_note_sounds_ends_the_key_that_was_struck(hall: Hall) -> None:
    hall.note(0.1, 60, 0.4)
    hall.until(0.2)
    hall.player.set("piano", transpose=12)
    hall.note(0.3, 62, 0.4)
    hall.until(1.0)
    assert hall.new() == ["903c40", "904a40", "803c40", "804a40"]


def test_the_same_pitch_struck_again_after_transposing_ends_the_old_key(hall: Hall) -> None:
    hall.note(0.1, 60)
    hall.until(0.2)
    hall.player.set("piano", transpose=-12)
    hall.note(0.3, 60, 0.1)
    hall.until(1.0)
    assert hall.new() == ["903c40", "803c40", "903040", "803040"]


def test_a_channel_changed_while_a_note_sounds_ends_it_where_it_began(hall: Hall) -> None:
    hall.note(0.1, 60, 0.4)
    hall.until(0.2)
    hall.player.set("piano", channel=16)
    hall.note(0.3, 62, 0.4)
    hall.until(1.0)
    assert hall.new() == ["903c40", "9f3e40", "803c40", "8f3e40"]


def test_pitches_moved_off_the_keyboard_are_not_played(hall: Hall) -> None:
    hall.player.set("piano", transpose=24)
    hall.note(0.1, 120, 0.1)
    hall.note(0.1, 103, 0.1)
    hall.until(1.0)
    assert hall.new() == ["907f40", "807f40"]


def test_instruments_are_told_when_they_change_and_on_a_new_channel(hall: Hall) -> None:
    player = hall.player
    player.set("piano", program=1)
    player.set("piano", transpose=1)
    player.set("piano", program=20, bank=129)
    player.set("piano", channel=3, volume=100)
    assert hall.new() == ["c000", "b00001", "b02001", "c013", "b20001", "b22001", "c213", "b20764"]
    player.announce()
    assert hall.new() == ["b20001", "b22001", "c213", "b20764"]


@pytest.mark.parametrize(
    "wrong", [{"channel": 0}, {"channel": 17}, {"program": 129}, {"transpose": 1.5}, {"volume": True}]
)
def test_settings_out_of_range_change_nothing(hall: Hall, wrong: dict[str, object]) -> None:
    with pytest.raises(MidiError, match="expected a whole number from"):
        hall.player.set("piano", **wrong)
    hall.note(0.1, 60)
    hall.until(0.2)
    assert hall.new() == ["903c40"]


def test_withdrawing_takes_back_what_is_later_and_leaves_the_others_alone(hall: Hall) -> None:
    hall.note(0.1, 60, 0.1)
    hall.note(0.3, 61, 0.1)
    hall.note(0.3, 40, 0.1, owner="bass")
    hall.player.withdraw("piano", 0.25)
    hall.until(1.0)
    assert hall.heard == [(100, "903c40"), (200, "803c40"), (300, "902840"), (400, "802840")]


def test_withdrawing_keeps_the_end_of_a_note_that_begins_before(hall: Hall) -> None:
    hall.note(0.1, 60, 0.9)
    hall.note(0.3, 62, 0.7)
    hall.until(0.2)
    hall.player.withdraw("piano", 0.35)
    hall.until(2.0)
    assert hall.heard == [(100, "903c40"), (300, "903e40"), (1000, "803c40"), (1000, "803e40")]


def test_an_end_that_was_kept_does_not_cut_a_later_note_short(hall: Hall) -> None:
    hall.note(0.1, 60, 0.9)
    hall.until(0.2)
    hall.player.withdraw("piano", 0.2)
    hall.player.play(0.4, "piano", NoteOff(60))
    hall.note(0.8, 60, 0.6)
    hall.until(2.0)
    assert hall.heard == [(100, "903c40"), (400, "803c40"), (800, "903c40"), (1400, "803c40")]


def test_silence_ends_the_owners_notes_and_pedal_at_once(hall: Hall) -> None:
    hall.player.set("piano", channel=2)
    hall.note(0.1, 60, 5.0)
    hall.player.play(0.1, "piano", Control(64, 127))
    hall.note(0.1, 60, 5.0, owner="bass")
    hall.note(0.5, 70)
    hall.until(0.2)
    hall.new()
    hall.player.silence("piano")
    assert hall.new() == ["813c40", "b14000"]
    hall.until(9.0)
    assert hall.heard == [(5100, "803c40")]


def test_panic_ends_everything_everywhere_and_throws_away_what_waits(hall: Hall) -> None:
    hall.player.set("piano", channel=2)
    hall.note(0.1, 60, 5.0)
    hall.player.play(0.1, "piano", Control(64, 127))
    hall.until(0.2)
    hall.new()
    hall.player.panic()
    assert hall.new() == ["813c40", "b14000", *(message.hex() for message in QUIET)]
    assert {message[1] for message in QUIET} == {64, 120, 123}
    assert {message[0] for message in QUIET} == {0xB0 | channel for channel in range(16)}
    hall.until(9.0)
    assert hall.new() == []


def test_the_end_of_all_lets_go_of_everything_it_touched(hall: Hall) -> None:
    hall.note(0.1, 60)
    hall.note(0.1, 64)
    hall.player.set("bass", channel=10)
    hall.note(0.1, 36, owner="bass")
    hall.player.play(0.1, "bass", Control(64, 90))
    hall.until(0.2)
    hall.new()
    hall.player.end()
    assert hall.new() == ["803c40", "804040", "892440", "b94000", "b07b00", "b97b00"]


def test_pedals_pass_and_come_up_on_the_channel_where_they_went_down(hall: Hall) -> None:
    hall.player.play(0.1, "piano", Control(64, 100))
    hall.player.play(0.15, "piano", Control(1, 30))
    hall.until(0.2)
    hall.player.set("piano", channel=5)
    hall.player.play(0.3, "piano", Control(64, 0))
    hall.until(1.0)
    assert hall.new() == ["b04064", "b0011e", "b04000", "b44000"]


def test_the_sustain_setting_holds_the_pedal_whatever_the_model_does(hall: Hall) -> None:
    hall.player.set("piano", sustain=True)
    hall.player.play(0.1, "piano", Control(64, 0))
    hall.note(0.2, 60, 0.1)
    hall.until(0.5)
    assert hall.new() == ["b0407f", "903c40", "803c40"]
    hall.player.silence("piano")
    hall.note(0.6, 60)
    hall.until(0.7)
    assert hall.new() == ["b04000", "b0407f", "903c40"]
    hall.player.set("piano", sustain=False)
    assert hall.new() == ["b04000"]


def test_after_standing_still_there_is_no_burst_of_notes_but_the_ends_come(hall: Hall) -> None:
    hall.note(0.1, 60, 0.2)
    hall.until(0.2)
    hall.note(0.4, 70, 0.1)
    hall.clock.advance(0.4 + TOO_LATE_S + 0.1)
    hall.player.advance()
    assert hall.new() == ["903c40", "803c40"]
    assert hall.player.dropped == 1


def test_lateness_is_counted_from_the_time_due(hall: Hall) -> None:
    hall.note(0.1, 60)
    hall.clock.advance(0.104)
    hall.player.advance()
    assert hall.player.late.figures()["max"] == pytest.approx(4.0)
    hall.player.start_counting()
    assert hall.player.late.count == 0


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
