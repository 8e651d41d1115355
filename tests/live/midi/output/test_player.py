"""The player on a virtual clock, with a list for a port: exact bytes at exact times."""

from __future__ import annotations

import pytest
from recording_player import RecordingPlayer

from live.midi import MidiError
from live.midi.output.messages import QUIET
from live.midi.output.player import TOO_LATE_S
from models.base import Control, NoteOff


@pytest.fixture
def output() -> RecordingPlayer:
    return RecordingPlayer()


def test_events_go_out_when_they_are_due_and_not_before(output: RecordingPlayer) -> None:
    output.note(0.5, 60, 0.25, velocity=80)
    output.note(0.5, 64, 0.5)
    output.until(2.0)
    assert output.heard == [(500, "903c50"), (500, "904040"), (750, "803c40"), (1000, "804040")]


def test_a_time_already_past_means_now(output: RecordingPlayer) -> None:
    output.until(3.0)
    output.note(1.0, 60)
    output.player.advance()
    assert output.heard == [(3000, "903c40")]
    assert (output.player.late.count, output.player.overdue.count) == (1, 1)


def test_a_key_struck_again_is_ended_first(output: RecordingPlayer) -> None:
    output.note(0.1, 60)
    output.note(0.2, 60)
    output.until(1.0)
    assert output.heard == [(100, "903c40"), (200, "803c40"), (200, "903c40")]
    assert output.player.sounding() == [(1, 60)]


def test_the_end_of_a_silent_key_is_not_sent(output: RecordingPlayer) -> None:
    output.player.play(0.1, "piano", NoteOff(60))
    output.note(0.2, 61, 0.1)
    output.player.play(0.4, "piano", NoteOff(61))
    output.until(1.0)
    assert output.new() == ["903d40", "803d40"]


def test_a_note_on_of_velocity_0_is_an_end(output: RecordingPlayer) -> None:
    output.note(0.1, 60)
    output.note(0.2, 60, velocity=0)
    output.until(1.0)
    assert output.new() == ["903c40", "803c40"]


def test_one_owner_does_not_end_the_note_that_another_took_over(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.3, owner="left")
    output.note(0.2, 60, 0.5, owner="right")
    output.until(0.5)
    assert output.new() == ["903c40", "803c40", "903c40"]
    output.until(1.0)
    assert output.new() == ["803c40"]


def test_transposition_changed_while_a_note_sounds_ends_the_key_that_was_struck(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.4)
    output.until(0.2)
    output.player.set("piano", transpose=12)
    output.note(0.3, 62, 0.4)
    output.until(1.0)
    assert output.new() == ["903c40", "904a40", "803c40", "804a40"]


def test_the_same_pitch_struck_again_after_transposing_ends_the_old_key(output: RecordingPlayer) -> None:
    output.note(0.1, 60)
    output.until(0.2)
    output.player.set("piano", transpose=-12)
    output.note(0.3, 60, 0.1)
    output.until(1.0)
    assert output.new() == ["903c40", "803c40", "903040", "803040"]


def test_a_channel_changed_while_a_note_sounds_ends_it_where_it_began(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.4)
    output.until(0.2)
    output.player.set("piano", channel=16)
    output.note(0.3, 62, 0.4)
    output.until(1.0)
    assert output.new() == ["903c40", "9f3e40", "803c40", "8f3e40"]


def test_pitches_moved_off_the_keyboard_are_not_played(output: RecordingPlayer) -> None:
    output.player.set("piano", transpose=24)
    output.note(0.1, 120, 0.1)
    output.note(0.1, 103, 0.1)
    output.until(1.0)
    assert output.new() == ["907f40", "807f40"]


def test_instruments_are_told_when_they_change_and_on_a_new_channel(output: RecordingPlayer) -> None:
    player = output.player
    player.set("piano", program=1)
    player.set("piano", transpose=1)
    player.set("piano", program=20, bank=129)
    player.set("piano", channel=3, volume=100)
    assert output.new() == ["c000", "b00001", "b02001", "c013", "b20001", "b22001", "c213", "b20764"]
    player.announce()
    assert output.new() == ["b20001", "b22001", "c213", "b20764"]


@pytest.mark.parametrize(
    "wrong", [{"channel": 0}, {"channel": 17}, {"program": 129}, {"transpose": 1.5}, {"volume": True}]
)
def test_settings_out_of_range_change_nothing(output: RecordingPlayer, wrong: dict[str, object]) -> None:
    with pytest.raises(MidiError, match="expected a whole number from"):
        output.player.set("piano", **wrong)
    output.note(0.1, 60)
    output.until(0.2)
    assert output.new() == ["903c40"]


def test_withdrawing_takes_back_what_is_later_and_leaves_the_others_alone(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.1)
    output.note(0.3, 61, 0.1)
    output.note(0.3, 40, 0.1, owner="bass")
    output.player.withdraw("piano", 0.25)
    output.until(1.0)
    assert output.heard == [(100, "903c40"), (200, "803c40"), (300, "902840"), (400, "802840")]


def test_withdrawing_keeps_the_end_of_a_note_that_begins_before(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.9)
    output.note(0.3, 62, 0.7)
    output.until(0.2)
    output.player.withdraw("piano", 0.35)
    output.until(2.0)
    assert output.heard == [(100, "903c40"), (300, "903e40"), (1000, "803c40"), (1000, "803e40")]


def test_an_end_that_was_kept_does_not_cut_a_later_note_short(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.9)
    output.until(0.2)
    output.player.withdraw("piano", 0.2)
    output.player.play(0.4, "piano", NoteOff(60))
    output.note(0.8, 60, 0.6)
    output.until(2.0)
    assert output.heard == [(100, "903c40"), (400, "803c40"), (800, "903c40"), (1400, "803c40")]


def test_silence_ends_the_owners_notes_and_pedal_at_once(output: RecordingPlayer) -> None:
    output.player.set("piano", channel=2)
    output.note(0.1, 60, 5.0)
    output.player.play(0.1, "piano", Control(64, 127))
    output.note(0.1, 60, 5.0, owner="bass")
    output.note(0.5, 70)
    output.until(0.2)
    output.new()
    output.player.silence("piano")
    assert output.new() == ["813c40", "b14000"]
    output.until(9.0)
    assert output.heard == [(5100, "803c40")]


def test_panic_ends_all_notes_and_discards_scheduled_ones(output: RecordingPlayer) -> None:
    output.player.set("piano", channel=2)
    output.note(0.1, 60, 5.0)
    output.player.play(0.1, "piano", Control(64, 127))
    output.until(0.2)
    output.new()
    output.player.panic()
    assert output.new() == ["813c40", "b14000", *(message.hex() for message in QUIET)]
    assert {message[1] for message in QUIET} == {64, 120, 123}
    assert {message[0] for message in QUIET} == {0xB0 | channel for channel in range(16)}
    output.until(9.0)
    assert output.new() == []


def test_closing_resets_every_channel_that_was_used(output: RecordingPlayer) -> None:
    output.note(0.1, 60)
    output.note(0.1, 64)
    output.player.set("bass", channel=10)
    output.note(0.1, 36, owner="bass")
    output.player.play(0.1, "bass", Control(64, 90))
    output.until(0.2)
    output.new()
    output.player.end()
    assert output.new() == ["803c40", "804040", "892440", "b94000", "b07b00", "b97b00"]


def test_pedals_pass_and_come_up_on_the_channel_where_they_went_down(output: RecordingPlayer) -> None:
    output.player.play(0.1, "piano", Control(64, 100))
    output.player.play(0.15, "piano", Control(1, 30))
    output.until(0.2)
    output.player.set("piano", channel=5)
    output.player.play(0.3, "piano", Control(64, 0))
    output.until(1.0)
    assert output.new() == ["b04064", "b0011e", "b04000", "b44000"]


def test_the_sustain_setting_holds_the_pedal_whatever_the_model_does(output: RecordingPlayer) -> None:
    output.player.set("piano", sustain=True)
    output.player.play(0.1, "piano", Control(64, 0))
    output.note(0.2, 60, 0.1)
    output.until(0.5)
    assert output.new() == ["b0407f", "903c40", "803c40"]
    output.player.silence("piano")
    output.note(0.6, 60)
    output.until(0.7)
    assert output.new() == ["b04000", "b0407f", "903c40"]
    output.player.set("piano", sustain=False)
    assert output.new() == ["b04000"]


def test_after_a_stall_late_notes_are_dropped_but_ends_are_sent(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.2)
    output.until(0.2)
    output.note(0.4, 70, 0.1)
    output.clock.advance(0.4 + TOO_LATE_S + 0.1)
    output.player.advance()
    assert output.new() == ["903c40", "803c40"]
    assert output.player.dropped == 1


def test_lateness_is_counted_from_the_time_due(output: RecordingPlayer) -> None:
    output.note(0.1, 60)
    output.clock.advance(0.104)
    output.player.advance()
    assert output.player.late.figures()["max"] == pytest.approx(4.0)
    output.player.start_counting()
    assert output.player.late.count == 0
