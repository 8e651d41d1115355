"""Sends the performer's keys directly to the sender by UDP over loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from live.midi.key_datagrams import LOOPBACK, KeyReceiver, KeySender, StruckKey

KEY = StruckKey(1.25, "Stage Piano", 3)


@pytest.fixture
def receiver() -> Iterator[KeyReceiver]:
    opened = KeyReceiver()
    yield opened
    opened.close()


@pytest.fixture
def sender() -> Iterator[KeySender]:
    opened = KeySender()
    yield opened
    opened.close()


def test_a_key_arrives_as_it_was_sent(sender: KeySender, receiver: KeyReceiver) -> None:
    sender.set_addresses(receiver.address)
    sender.send(KEY)
    assert receiver.receive() == KEY


def test_every_address_receives_it_and_new_addresses_replace_old_ones(sender: KeySender, receiver: KeyReceiver) -> None:
    other = KeyReceiver()
    sender.set_addresses(f"{receiver.address} {other.address}")
    sender.send(KEY)
    assert (receiver.receive(), other.receive()) == (KEY, KEY)
    sender.set_addresses(receiver.address)
    sender.send(KEY._replace(channel=4))
    assert receiver.receive() == KEY._replace(channel=4)
    other._socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        other.receive()
    other.close()


@pytest.mark.parametrize("said", ["", "x", "1", "99999999 a", "1 a 2", "-1 a"])
def test_invalid_addresses_are_left_out(sender: KeySender, said: str) -> None:
    sender.set_addresses(said)
    sender.send(KEY)


def test_foreign_datagrams_are_ignored(receiver: KeyReceiver) -> None:
    port, word = receiver.address.split()
    wrong = [b"", b"\xff", b"[" * 1000, json.dumps(["other", *KEY]).encode(), json.dumps([word]).encode()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for data in wrong:
            stranger.sendto(data, (LOOPBACK, int(port)))
    assert [receiver.receive() for _ in wrong] == [None] * len(wrong)
