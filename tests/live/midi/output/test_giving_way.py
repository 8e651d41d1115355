"""A performer's key stops the notes of the owners that give way to it, before the engine has heard of it."""

from __future__ import annotations

import pytest
from hall import Hall

from live.midi.output.player import HUSH_AT_MOST_S
from live.midi.output.sender import Sender
from live.midi.output.sender_process import SenderProgram
from live.midi.port import SilentPort
from live.transport.clock import VirtualClock
from models.base import NoteOn


@pytest.fixture
def hall() -> Hall:
    hall = Hall()
    hall.player.set("piano", gives_way=True, keys="Stage*", keys_channel=0)
    return hall


def test_nothing_more_is_struck_and_what_sounds_ends_as_scheduled(hall: Hall) -> None:
    hall.note(0.1, 60, 0.4)
    hall.note(0.3, 62, 0.4)
    hall.until(0.2)
    hall.player.key_struck(0.2, "Stage Piano", 1)
    hall.until(2.0)
    assert hall.heard == [(100, "903c40"), (500, "803c40")]


def test_a_note_that_is_due_and_not_yet_sent_is_not_struck(hall: Hall) -> None:
    hall.note(0.2, 60, 0.4)
    hall.clock.advance(0.201)
    hall.player.key_struck(0.2005, "Stage Piano", 1)
    hall.until(2.0)
    assert hall.heard == []


def test_what_still_comes_is_dropped_until_the_node_has_heard_the_key(hall: Hall) -> None:
    hall.until(0.2)
    hall.player.key_struck(0.2, "Stage Piano", 1)
    hall.note(0.25, 60, 0.1)
    hall.player.heard("piano", 0.19)  # of something played before
    hall.note(0.25, 61, 0.1)
    hall.player.heard("piano", 0.21)
    hall.note(0.3, 62, 0.1)
    hall.until(2.0)
    assert hall.new() == ["903e40", "803e40"]


def test_an_engine_that_never_answers_is_waited_for_half_a_second(hall: Hall) -> None:
    hall.player.key_struck(0.0, "Stage Piano", 1)
    hall.until(HUSH_AT_MOST_S)
    hall.note(0.6, 60)
    hall.until(1.0)
    assert hall.new() == ["903c40"]


def test_other_owners_devices_and_channels_play_on(hall: Hall) -> None:
    hall.player.set("organ", gives_way=True, keys="Organ", keys_channel=0)
    hall.player.set("harp", gives_way=True, keys="auto", keys_channel=5)
    hall.player.set("drums", gives_way=False, keys="auto")
    hall.player.set("bells", gives_way=True, keys="")
    for number, owner in enumerate(("piano", "organ", "harp", "drums", "bells")):
        hall.note(0.1, 60 + number, owner=owner)
    hall.player.key_struck(0.0, "Stage Piano", 1)
    hall.until(1.0)
    assert hall.new() == ["903d40", "903e40", "903f40", "904040"]


def test_an_owner_that_is_silenced_begins_anew(hall: Hall) -> None:
    hall.player.key_struck(0.0, "Stage Piano", 1)
    hall.player.silence("piano")
    hall.note(0.1, 60)
    hall.until(1.0)
    assert hall.new() == ["903c40"]


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
