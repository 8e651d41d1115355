"""Subscriptions: receivers, patterns, limits and expiry."""

from __future__ import annotations

from typing import Any

import pytest

from live.net.allow import Allow
from live.osc.subscriptions import BURST


def test_a_subscriber_receives_changes_and_signals(rig: Any) -> None:
    assert rig.send("/subscribe") == [("/subscribed", "127.0.0.1", 5005, "//")]
    assert rig.send("/piano/density", 3) == [("/piano/density", 3.0)]
    rig.tree.set("/piano/mute", True)
    rig.tree.publish("/piano/pen", 1.5, 2.5, "down")
    assert rig.at(0.0) == [("/piano/mute", 1), ("/piano/pen", 1.5, 2.5, "down")]


@pytest.mark.parametrize(
    ("arguments", "peer"),
    [
        ([9001], ("127.0.0.1", 9001)),
        ([9001.0], ("127.0.0.1", 9001)),
        (["9001"], ("127.0.0.1", 9001)),
        (["192.168.1.7", 9001], ("192.168.1.7", 9001)),
        (["192.168.1.7"], ("192.168.1.7", 5005)),
        (["localhost", 9001, "/piano/*"], ("127.0.0.1", 9001)),
        (["/piano/*"], ("127.0.0.1", 5005)),
    ],
)
def test_the_receiver_of_a_subscription(rig: Any, arguments: list[Any], peer: tuple[str, int]) -> None:
    patterns = [argument for argument in arguments if str(argument).startswith("/")]
    assert rig.send("/subscribe", *arguments) == [("/subscribed", *peer, *(patterns or ["//"]))]
    rig.tree.set("/piano/density", 2.0)
    assert rig.at(0.0, peer) == [("/piano/density", 2.0)]
    assert rig.send("/unsubscribe", *arguments) == [("/unsubscribed", *peer)]
    rig.tree.set("/piano/density", 3.0)
    assert rig.at(0.0, peer) == []


@pytest.mark.parametrize("arguments", [["rig.example.org", 9001], [0], [70_000], [9001, "x"], [1e30]])
def test_invalid_subscriptions_are_refused(rig: Any, arguments: list[Any]) -> None:
    ((error, about, _),) = rig.send("/subscribe", *arguments)
    assert (error, about) == ("/error", "/subscribe")
    assert len(rig.out.subscribers) == 0


def test_patterns_are_added_and_removed_one_by_one(rig: Any) -> None:
    rig.send("/subscribe", "/piano/d*")
    rig.send("/subscribe", "/piano/mute")
    rig.send("/unsubscribe", "/piano/d*")
    rig.tree.set("/piano/density", 1.0)
    rig.tree.set("/piano/mute", True)
    assert rig.at(0.0) == [("/piano/mute", 1)]
    assert rig.send("/unsubscribe", "/other")[0][0] == "/error"
    rig.send("/unsubscribe", "/piano/mute")
    assert len(rig.out.subscribers) == 0
    assert rig.send("/unsubscribe")[0][0] == "/error"


def test_too_many_patterns(rig: Any) -> None:
    assert rig.send("/subscribe", *[f"/a{n}" for n in range(33)])[0][0] == "/error"


def test_a_new_subscriber_takes_the_place_of_the_oldest(rig: Any) -> None:
    rig.out.subscribe("127.0.0.1", 7000)
    hosts = [f"192.168.1.{number}" for number in range(1, 64)]
    for host in hosts:
        rig.send("/subscribe", sender=(host, 5005))
    rig.send("/subscribe", sender=(hosts[0], 5005))  # renewed
    rig.send("/subscribe", sender=("192.168.1.200", 5005))
    subscribed = [subscriber.peer[0] for subscriber in rig.out.subscribers.all()]
    assert len(subscribed) == 64
    assert hosts[1] not in subscribed
    assert {"127.0.0.1", hosts[0], "192.168.1.200"} <= set(subscribed)


def test_one_host_cannot_displace_the_subscribers_of_others(rig: Any) -> None:
    rig.send("/subscribe", sender=("192.168.1.7", 5005))
    for port in range(8_000, 8_040):
        rig.send("/subscribe", port)
    peers = [subscriber.peer for subscriber in rig.out.subscribers.all()]
    assert peers[0] == ("192.168.1.7", 5005)
    assert peers[1:] == [("127.0.0.1", port) for port in range(8_024, 8_040)]


@pytest.mark.parametrize(
    ("host", "allow", "accepted"),
    [
        ("8.8.8.8", "", False),  # somewhere on the internet
        ("10.20.30.40", "", True),
        ("203.0.113.9", "203.0.113.0/24", True),
        ("10.20.30.40", "203.0.113.0/24", False),
        ("127.0.0.1", "203.0.113.0/24", True),
    ],
)
def test_another_host_is_subscribed_only_if_it_may_send_to_us(
    rig: Any, host: str, allow: str, accepted: bool
) -> None:
    rig.server.dispatcher.access.allow = Allow.parse(allow) if allow else Allow()
    ((answer, *_),) = rig.send("/subscribe", host, 9001, sender=("192.168.1.7", 5005))
    assert answer == ("/subscribed" if accepted else "/error")
    assert len(rig.out.subscribers) == accepted


def test_subscriptions_of_one_host_are_bounded_in_time(rig: Any) -> None:
    answers = [rig.send("/subscribe")[0][0] for _ in range(70)]
    assert answers == ["/subscribed"] * 64 + ["/error"] * 6
    rig.clock.advance(1.0)
    assert rig.send("/subscribe")[0][0] == "/subscribed"


def test_past_its_rate_a_subscriber_gets_the_newest_values_later_and_loses_signals(rig: Any) -> None:
    rig.send("/subscribe")
    for number in range(BURST):
        rig.tree.publish("/piano/pen", number)
    assert len(rig.at(0.0)) == BURST
    rig.tree.publish("/piano/pen", 0)
    rig.tree.set("/piano/density", 3.0)
    rig.tree.set("/piano/mute", True)
    assert rig.at(0.0) == []
    rig.tree.set("/piano/density", 4.0)
    assert rig.server.next_due() == pytest.approx(0.02)
    assert rig.at(0.02) == [("/piano/density", 4.0), ("/piano/mute", 1)]
    assert rig.server.next_due() == float("inf")


def test_a_subscription_ends_when_its_port_keeps_refusing(rig: Any) -> None:
    rig.send("/subscribe")
    refused = rig.out.subscribers.refused
    assert [refused(rig.me, now_s) for now_s in (0.0, 1.0, 8.0, 17.0, 26.0)] == [False] * 5
    assert not refused(rig.me, 40.0)  # a gap: it had been there meanwhile
    assert [refused(rig.me, now_s) for now_s in (49.0, 58.0, 67.0, 71.0)] == [False, False, False, True]
    assert len(rig.out.subscribers) == 0
    rig.out.subscribe("127.0.0.1", 7000)
    assert not any(refused(("127.0.0.1", 7000), float(now_s)) for now_s in range(100))
