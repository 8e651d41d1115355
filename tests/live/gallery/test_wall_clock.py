"""The wall clock against the engine's own."""

from __future__ import annotations

from live.gallery.wall_clock import JumpDetector


def test_a_thread_that_waited_between_two_reads_saw_no_jump() -> None:
    jumps = JumpDetector()
    reads = [(0.0, 1000.0, 0.0), (1.0, 1005.0, 5.0), (6.0, 1006.0, 6.0), (7.0, 1011.0, 11.0), (12.0, 1012.0, 16.0)]
    assert [jumps.look(*read) for read in reads] == [0.0] * 5


def test_the_clock_was_set_by_at_least_so_much() -> None:
    jumps = JumpDetector()
    assert jumps.look(0.0, 1000.0, 0.0) == 0.0
    assert jumps.look(1.0, 1061.5, 1.5) == 60.0
    assert jumps.look(3.0, 1060.0, 3.0) == -3.0
    assert jumps.look(4.0, 1062.5, 4.0) == 0.0  # 1.5 s is a correction
