"""Bundles: at one instant, at their time, never too late a time."""

from __future__ import annotations

from typing import Any

import pytest

from live.osc.encode import message


def test_a_bundle_for_now_or_the_past_acts_at_once(stage: Any) -> None:
    stage.clock.advance(10.0)
    stage.raw(stage.bundle(None, message("/piano/density", 1), message("/piano/temperature", 2)))
    assert (stage.tree.get("/piano/density"), stage.tree.get("/piano/temperature")) == (1.0, 2.0)
    stage.raw(stage.bundle(3.0, message("/piano/density", 4)))
    assert stage.tree.get("/piano/density") == 4.0


def test_a_bundle_waits_for_its_time_and_nobody_waits_for_it(stage: Any) -> None:
    stage.raw(stage.bundle(2.0, message("/piano/density", 9), message("/piano/temperature", 2)))
    stage.raw(stage.bundle(1.0, message("/piano/density", 8)))
    stage.send("/piano/density", 7)
    assert stage.tree.get("/piano/density") == 7.0
    assert stage.server.next_due() == pytest.approx(1.0, abs=1e-5)
    stage.at(0.999)
    assert stage.tree.get("/piano/density") == 7.0
    stage.at(1.001)
    assert stage.tree.get("/piano/density") == 8.0
    stage.at(2.001)
    assert (stage.tree.get("/piano/density"), stage.tree.get("/piano/temperature")) == (9.0, 2.0)


def test_a_bundle_within_is_never_earlier_than_the_outer_one(stage: Any) -> None:
    stage.raw(
        stage.bundle(
            1.0,
            message("/piano/density", 1),
            stage.bundle(None, message("/piano/density", 2)),
            stage.bundle(3.0, message("/piano/channel", 3)),
            message("/piano/density", 4),
        )
    )
    seen: list[Any] = []
    stage.tree.watchers.append(lambda address, arguments: seen.append((address, *arguments)))
    stage.at(1.1)
    assert seen == [("/piano/density", n) for n in (1.0, 2.0, 4.0)]
    stage.at(3.1)
    assert seen[-1] == ("/piano/channel", 3)


def test_nobody_sees_half_a_bundle(stage: Any) -> None:
    halves: list[Any] = []
    stage.tree.watchers.append(lambda *_: halves.append(stage.tree.snapshot("piano", ["density", "channel"])))
    stage.raw(stage.bundle(None, message("/piano/density", 9), message("/piano/channel", 9)))
    assert halves == [{"density": 9.0, "channel": 9}] * 2


def test_a_bundle_dated_too_far_ahead_is_dropped_whole(stage: Any) -> None:
    far = stage.bundle(None, message("/piano/density", 9), stage.bundle(3_600.0, message("/piano/density", 8)))
    ((error, about, sentence),) = stage.raw(far)
    assert (error, about) == ("/error", "#bundle")
    assert sentence.startswith("dated 3600 s ahead, more than 60 s: dropped")
    assert stage.tree.get("/piano/density") == 5.0
    assert stage.server.next_due() == float("inf")


def test_only_so_much_waits_for_its_time(stage: Any) -> None:
    sent = stage.bundle(50.0, message("/piano/density", 9))
    answers = [stage.raw(sent) for _ in range(10_001)]
    assert answers[9_999] == []
    assert answers[10_000] == [("/error", "#bundle", "too many bundles are waiting for their times: dropped")]
    stage.at(51.0)
    assert stage.raw(sent) == []
