"""Limits how often the same message is logged."""

from __future__ import annotations

from live.net.repeated_complaints import RepeatedComplaints


def test_the_first_three_are_logged_and_then_ever_fewer_with_their_count() -> None:
    repeated = RepeatedComplaints()
    logged = {second: left_out for second in range(200) if (left_out := repeated.due("a", float(second))) is not None}
    assert logged == {0: 0, 1: 0, 2: 0, 12: 9, 42: 29, 132: 89}


def test_another_key_and_a_long_silence_begin_anew() -> None:
    repeated = RepeatedComplaints()
    for _ in range(10):
        repeated.due("a", 0.0)
    assert repeated.due("a", 1.0) is None
    assert repeated.due("b", 1.0) == 0
    assert repeated.due("a", 700.0) == 0


def test_it_remembers_a_bounded_number_of_keys() -> None:
    repeated = RepeatedComplaints(keys=2)
    assert [repeated.due(key, 0.0) for key in "aaaa"] == [0, 0, 0, None]
    assert [repeated.due(key, 0.0) for key in "bc"] == [0, 0]
    assert repeated.due("a", 0.0) == 0
