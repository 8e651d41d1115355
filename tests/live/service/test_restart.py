"""The pauses between restarts."""

from __future__ import annotations

import pytest

from live.service.restart import Pauses, RestartCounter


def test_pauses_grow_in_equal_ratios_to_the_longest() -> None:
    counter = RestartCounter(Pauses(1.0, 64.0, 6))
    assert [counter.pause_after(5.0) for _ in range(9)] == pytest.approx([1, 2, 4, 8, 16, 32, 64, 64, 64])


def test_a_long_run_begins_again_with_the_first_pause() -> None:
    counter = RestartCounter(Pauses(1.0, 64.0, 6))
    for _ in range(4):
        counter.pause_after(5.0)
    assert [counter.pause_after(600.0), counter.pause_after(599.0)] == pytest.approx([1.0, 2.0])
