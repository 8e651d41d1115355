"""Converts a performer's keys and pedals to notes for the pianist."""

from __future__ import annotations

import pytest

from live.midi.input.held_keys import HeldKeys
from live.midi.input.message import InputMessage
from models.base import NoteOff, NoteOn


def notes(*texts: str, pedal: bool = True, device: str = "Keys") -> list[tuple[int, int]]:
    """(pitch, velocity) of all events, 0 for an end."""
    held = HeldKeys(pedal=pedal)
    return read(held, *texts, device=device)


def read(held: HeldKeys, *texts: str, device: str = "Keys") -> list[tuple[int, int]]:
    events = [event for text in texts for event in held.receive(InputMessage(device, 0.0, bytes.fromhex(text)))]
    return [(event.pitch, event.velocity if isinstance(event, NoteOn) else 0) for event in events]


def test_a_key_down_and_up() -> None:
    assert notes("903c40", "803c40", "803c40") == [(60, 64), (60, 0)]


@pytest.mark.parametrize("end", ["b07b00", "b07800", "b07900", "b07c00", "b07f00", "fc"])
def test_channel_modes_and_stop_release_the_keys(end: str) -> None:
    assert notes("903c40", "904040", end, "803c40") == [(60, 64), (64, 64), (60, 0), (64, 0)]


@pytest.mark.parametrize("other", ["b17b00", "b07a00", "fa", "fb", "f8", "b00700"])
def test_other_messages_release_nothing(other: str) -> None:
    assert notes("903c40", other) == [(60, 64)]


def test_the_pedal_extends_notes_until_it_comes_up() -> None:
    assert notes("b0407f", "903c40", "803c40", "904040", "b04000", "804040") == [(60, 64), (64, 64), (60, 0), (64, 0)]


def test_the_pedal_extends_a_note_to_the_next_of_its_pitch() -> None:
    assert notes("b0407f", "903c40", "803c40", "903c50", "b04000") == [(60, 64), (60, 0), (60, 80)]


def test_a_pedal_between_up_and_down_is_down_from_the_middle_on() -> None:
    assert notes("b0403f", "903c40", "803c40") == [(60, 64), (60, 0)]
    assert notes("b04040", "903c40", "803c40", "b0407f", "b0403f") == [(60, 64), (60, 0)]


def test_a_pedal_holds_only_its_own_channel() -> None:
    assert notes("b1407f", "903c40", "803c40") == [(60, 64), (60, 0)]


def test_without_the_pedal_keys_alone_count() -> None:
    assert notes("b0407f", "903c40", "803c40", pedal=False) == [(60, 64), (60, 0)]


def test_the_same_pitch_on_two_channels_is_two_keys() -> None:
    """As two strings of a guitar, or two fingers on an MPE instrument, play it."""
    assert notes("913c40", "923c50", "813c40", "823c40") == [(60, 64), (60, 0), (60, 80), (60, 0)]


def test_reset_controllers_lets_the_pedal_up() -> None:
    assert notes("b0407f", "903c40", "803c40", "b07900", "903e40", "803e40") == [(60, 64), (60, 0), (62, 64), (62, 0)]


def test_an_unplugged_device_releases_its_keys_and_pedal() -> None:
    held = HeldKeys(pedal=True)
    read(held, "b0407f", "903c40", "803c40", "904040", device="A")
    read(held, "903e40", device="B")
    assert held.release("A") == [NoteOff(60), NoteOff(64)]
    assert read(held, "903c40", "803c40", device="A") == [(60, 64), (60, 0)]
    assert held.release() == [NoteOff(62)]
    assert not held


@pytest.mark.parametrize(("configuration", "manager", "members"), [("b0", 0, (1, 2)), ("bf", 15, (14, 13))])
def test_the_pedal_of_an_mpe_zone_holds_all_its_channels(
    configuration: str, manager: int, members: tuple[int, int]
) -> None:
    """MPE 1.0: registered parameter 6 on channel 1 or 16 gives a zone its member channels."""
    held = HeldKeys(pedal=True)
    read(held, f"{configuration}6500", f"{configuration}6406", f"{configuration}0605")
    first, second = members
    keys = (f"9{first:x}3c40", f"9{second:x}4040", f"8{first:x}3c40", f"8{second:x}4040")
    assert read(held, f"b{manager:x}407f", *keys) == [(60, 64), (64, 64)]
    assert sorted(read(held, f"b{manager:x}4000")) == [(60, 0), (64, 0)]
    assert read(held, keys[0], f"b{manager:x}7b00") == [(60, 64), (60, 0)]
