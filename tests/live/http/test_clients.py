"""The queue of a WebSocket client is bounded: the newest value per parameter, the last signals in order."""

from __future__ import annotations

from typing import Any

import pytest

from live.http.clients import MAX_ANSWERS, MAX_SIGNALS, WebSocketClient, WebSocketClients
from live.osc.encode import message
from live.osc.output import OscOutput
from live.osc.packet import parse
from live.parameters.tree import AddressError, Tree

Waiting = list[tuple[Any, ...]]


class Seat:
    """A client among others, and how often it was woken."""

    def __init__(self, tree: Tree) -> None:
        self.woken = 0
        self.clients = WebSocketClients(tree, OscOutput(tree, tree.clock))
        self.client = WebSocketClient(("web 127.0.0.1", 5000), tree, self.wake)
        self.clients.join(self.client)

    def wake(self) -> None:
        self.woken += 1

    def heard(self) -> Waiting:
        said = [parse(packet) for packet in self.client.take()]
        return [(one.address, *one.arguments) for one in said]  # type: ignore[union-attr]


@pytest.fixture
def seat(tree: Tree) -> Seat:
    return Seat(tree)


def test_a_value_is_queued_once_and_wakes_once(tree: Tree, seat: Seat) -> None:
    seat.clients.listen(seat.client, "/piano/temperature")
    assert seat.heard() == [("/piano/temperature", 1.0)]
    seat.woken = 0
    for number in range(1_000):
        tree.set("/piano/temperature", 1.0 + number / 1_000)
    assert seat.woken == 1
    assert seat.heard() == [("/piano/temperature", pytest.approx(1.999))]
    tree.set("/piano/temperature", 1.999)
    assert seat.heard() == []


def test_the_last_signals_are_queued_in_order(tree: Tree, seat: Seat) -> None:
    seat.clients.listen(seat.client, "/piano/note")
    for number in range(MAX_SIGNALS + 500):
        tree.publish("/piano/note", number, 64, 1)
    assert [one[1] for one in seat.heard()] == list(range(500, MAX_SIGNALS + 500))


def test_a_client_that_reads_no_answers_is_disconnected(seat: Seat) -> None:
    for _ in range(MAX_ANSWERS):
        seat.client.answer(message("/pong"))
    assert not seat.client.lost
    seat.client.answer(message("/pong"))
    assert seat.client.lost


def test_each_client_receives_only_what_it_listens_to(tree: Tree, seat: Seat) -> None:
    other = WebSocketClient(("web 127.0.0.1", 5001), tree, lambda: None)
    seat.clients.join(other)
    seat.clients.listen(seat.client, "/piano/title")
    seat.clients.listen(other, "/piano/mute")
    assert len([*seat.client.take(), *other.take()]) == 2
    tree.set("/piano/mute", True)
    assert seat.heard() == []
    assert len(list(other.take())) == 1
    seat.clients.leave(other)
    tree.set("/piano/mute", False)
    assert list(other.take()) == []


def test_a_vector_and_its_components_are_listened_to_apart(tree: Tree, seat: Seat) -> None:
    for path in ("/piano/pitch_class", "/piano/pitch_class/d", "/piano/pitch_class/d"):
        seat.clients.listen(seat.client, path)
    seat.heard()
    tree.set("/piano/pitch_class/d", 0.25)
    assert seat.heard() == [("/piano/pitch_class", 1.0, 1.0, 0.25), ("/piano/pitch_class/d", 0.25)]
    tree.set("/piano/pitch_class/c", 0.0)  # the other one says nothing new
    assert seat.heard() == [("/piano/pitch_class", 0.0, 1.0, 0.25)]


def test_a_missing_address_is_reported(seat: Seat) -> None:
    with pytest.raises(AddressError, match="similar: /piano/temperature"):
        seat.clients.listen(seat.client, "/piano/temprature")


def test_a_node_removed_meanwhile_is_left_out(tree: Tree, seat: Seat) -> None:
    seat.clients.listen(seat.client, "/piano/temperature")
    tree.set("/piano/temperature", 2.0)
    tree.remove("piano")
    assert seat.heard() == []
