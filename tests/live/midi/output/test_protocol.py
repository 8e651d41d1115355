"""Commands to the sender are lines of text; an invalid line is refused and never fatal."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.midi import MidiError
from live.midi.output.protocol import LINE_AT_MOST, decode, encode, event_in, event_out
from models.base import Control, Event, NoteOff, NoteOn, Wait


@pytest.mark.parametrize("event", [NoteOn(0, 1), NoteOn(127, 127), NoteOff(60), Control(64, 0)])
def test_an_event_arrives_as_it_was_sent(event: Event) -> None:
    parts = event_out(event)
    assert parts is not None
    line = encode("play", 12.3456789012345, "piano", *parts)
    command, due_s, owner, kind, first, second = decode(line)
    assert (command, due_s, owner) == ("play", 12.3456789012345, "piano")
    assert event_in(kind, first, second) == event


def test_a_wait_is_not_sent() -> None:
    assert event_out(Wait(1.0)) is None


@pytest.mark.parametrize("event", [NoteOn(128, 64), NoteOn(-1, 64), NoteOn(60, 128), NoteOff(200), Control(1, -1)])
def test_numbers_out_of_midis_range_are_refused(event: Event) -> None:
    with pytest.raises(MidiError, match="0 to 127"):
        event_out(event)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"panic",
        b"[]",
        b'["fly"]',
        b'["panic", 1]',
        b'["play", NaN, "piano", "on", 60, 64]',
        b'["play", Infinity, "piano", "on", 60, 64]',
        b'["play", 1, "piano", "on", 60, 64]',
        b'["play", 1.0, "piano", "on", 60.0, 64]',
        b'["silence", null]',
        b"\xff\xfe",
        b'["silence", "' + b"x" * LINE_AT_MOST + b'"]',
        b"[" * 4000,
    ],
)
def test_invalid_commands_are_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (any of its kinds)
        decode(line)


@given(st.binary(max_size=200))
def test_noise_is_refused_or_a_command(line: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(decode(line), list)
