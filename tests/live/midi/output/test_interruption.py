"""A performer's key ends the pianist's notes in the sender, before the engine processes the key."""

from __future__ import annotations

import pytest
from recording_player import RecordingPlayer

from live.midi.output.player import HUSH_AT_MOST_S
from live.midi.output.sender import Sender
from live.midi.output.sender_process import SenderProgram
from live.midi.port import SilentPort
from live.transport.clock import VirtualClock
from models.base import NoteOn


@pytest.fixture
def output() -> RecordingPlayer:
    output = RecordingPlayer()
    output.player.set("piano", gives_way=True, keys="Stage*", keys_channel=0)
    return output


def test_no_more_keys_are_struck_and_sounding_notes_end_as_scheduled(output: RecordingPlayer) -> None:
    output.note(0.1, 60, 0.4)
    output.note(0.3, 62, 0.4)
    output.until(0.2)
    output.player.key_struck(0.2, "Stage Piano", 1)
    output.until(2.0)
    assert output.heard == [(100, "903c40"), (500, "803c40")]


def test_a_note_that_is_due_and_not_yet_sent_is_not_struck(output: RecordingPlayer) -> None:
    output.note(0.2, 60, 0.4)
    output.clock.advance(0.201)
    output.player.key_struck(0.2005, "Stage Piano", 1)
    output.until(2.0)
    assert output.heard == []


def test_later_notes_are_dropped_until_the_node_has_received_the_key(output: RecordingPlayer) -> None:
    output.until(0.2)
    output.player.key_struck(0.2, "Stage Piano", 1)
    output.note(0.25, 60, 0.1)
    output.player.heard("piano", 0.19)  # of something played before
    output.note(0.25, 61, 0.1)
    output.player.heard("piano", 0.21)
    output.note(0.3, 62, 0.1)
    output.until(2.0)
    assert output.new() == ["903e40", "803e40"]


def test_an_engine_that_never_answers_is_waited_for_half_a_second(output: RecordingPlayer) -> None:
    output.player.key_struck(0.0, "Stage Piano", 1)
    output.until(HUSH_AT_MOST_S)
    output.note(0.6, 60)
    output.until(1.0)
    assert output.new() == ["903c40"]


def test_other_owners_devices_and_channels_play_on(output: RecordingPlayer) -> None:
    output.player.set("organ", gives_way=True, keys="Organ", keys_channel=0)
    output.player.set("harp", gives_way=True, keys="auto", keys_channel=5)
    output.player.set("drums", gives_way=False, keys="auto")
    output.player.set("bells", gives_way=True, keys="")
    for number, owner in enumerate(("piano", "organ", "harp", "drums", "bells")):
        output.note(0.1, 60 + number, owner=owner)
    output.player.key_struck(0.0, "Stage Piano", 1)
    output.until(1.0)
    assert output.new() == ["903d40", "903e40", "903f40", "904040"]


def test_a_silenced_owner_may_play_again(output: RecordingPlayer) -> None:
    output.player.key_struck(0.0, "Stage Piano", 1)
    output.player.silence("piano")
    output.note(0.1, 60)
    output.until(1.0)
    assert output.new() == ["903c40"]


def test_the_sender_s_program_takes_a_key_before_the_notes_that_are_due() -> None:
    clock = VirtualClock()
    sender = Sender(clock, SilentPort, lambda *_: None)
    program = SenderProgram(sender, 0, -1)
    sender.player.set("piano", gives_way=True, keys="auto")
    sender.player.play(0.1, "piano", NoteOn(60, 64))
    clock.advance(0.2)
    program._struck.append((0.15, "Stage Piano", 1))  # type: ignore[arg-type]
    program._play_if_due()
    assert sender.player.sounding() == []
