"""Bundles act at once, at their time tag, and never later than the bundle around them."""

from __future__ import annotations

from typing import Any

import pytest

from live.osc.encode import message


def test_a_bundle_for_now_or_the_past_acts_at_once(rig: Any) -> None:
    rig.clock.advance(10.0)
    rig.raw(rig.bundle(None, message("/piano/density", 1), message("/piano/temperature", 2)))
    assert (rig.tree.get("/piano/density"), rig.tree.get("/piano/temperature")) == (1.0, 2.0)
    rig.raw(rig.bundle(3.0, message("/piano/density", 4)))
    assert rig.tree.get("/piano/density") == 4.0


def test_a_bundle_waits_for_its_time_without_blocking(rig: Any) -> None:
    rig.raw(rig.bundle(2.0, message("/piano/density", 9), message("/piano/temperature", 2)))
    rig.raw(rig.bundle(1.0, message("/piano/density", 8)))
    rig.send("/piano/density", 7)
    assert rig.tree.get("/piano/density") == 7.0
    assert rig.server.next_due() == pytest.approx(1.0, abs=1e-5)
    rig.at(0.999)
    assert rig.tree.get("/piano/density") == 7.0
    rig.at(1.001)
    assert rig.tree.get("/piano/density") == 8.0
    rig.at(2.001)
    assert (rig.tree.get("/piano/density"), rig.tree.get("/piano/temperature")) == (9.0, 2.0)


def test_an_inner_bundle_is_never_earlier_than_the_outer_one(rig: Any) -> None:
    rig.raw(
        rig.bundle(
            1.0,
            message("/piano/density", 1),
            rig.bundle(None, message("/piano/density", 2)),
            rig.bundle(3.0, message("/piano/channel", 3)),
            message("/piano/density", 4),
        )
    )
    seen: list[Any] = []
    rig.tree.watchers.append(lambda address, arguments: seen.append((address, *arguments)))
    rig.at(1.1)
    assert seen == [("/piano/density", n) for n in (1.0, 2.0, 4.0)]
    rig.at(3.1)
    assert seen[-1] == ("/piano/channel", 3)


def test_a_bundle_is_atomic(rig: Any) -> None:
    halves: list[Any] = []
    rig.tree.watchers.append(lambda *_: halves.append(rig.tree.snapshot("piano", ["density", "channel"])))
    rig.raw(rig.bundle(None, message("/piano/density", 9), message("/piano/channel", 9)))
    assert halves == [{"density": 9.0, "channel": 9}] * 2


def test_a_bundle_dated_too_far_ahead_is_dropped_whole(rig: Any) -> None:
    far = rig.bundle(None, message("/piano/density", 9), rig.bundle(3_600.0, message("/piano/density", 8)))
    ((error, about, sentence),) = rig.raw(far)
    assert (error, about) == ("/error", "#bundle")
    assert sentence.startswith("dated 3600 s ahead, more than 60 s: dropped")
    assert rig.tree.get("/piano/density") == 5.0
    assert rig.server.next_due() == float("inf")


def test_scheduled_bundles_are_bounded(rig: Any) -> None:
    sent = rig.bundle(50.0, message("/piano/density", 9))
    answers = [rig.raw(sent) for _ in range(10_001)]
    assert answers[9_999] == []
    assert answers[10_000] == [("/error", "#bundle", "too many bundles are waiting for their times: dropped")]
    rig.at(51.0)
    assert rig.raw(sent) == []
