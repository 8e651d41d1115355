"""The eraser: which parts of a line remain."""

from __future__ import annotations

import math
from typing import Any

import pytest

from live.video.eraser import parts_left
from models.base import Page, Pen

LINE = [(-1.0, 0.0), (0.0, 0.0), (1.0, 0.0)]


def test_what_is_far_away_stays_as_it_is() -> None:
    assert parts_left(LINE, [1.0] * 3, (0.0, 0.2), 0.1) is None


def test_a_hole_leaves_two_lines_with_their_pressures() -> None:
    parts = parts_left(LINE, [0.5, 0.5, 1.0], (0.5, 0.0), 0.1)
    assert parts is not None
    (first, soft), (second, hard) = parts
    assert first[0] == (-1.0, 0.0)
    assert first[-1][0] == pytest.approx(0.4, abs=0.04)
    assert second[0][0] == pytest.approx(0.6, abs=0.04)
    assert second[-1] == (1.0, 0.0)
    assert (soft[0], hard[-1]) == (0.5, 1.0)
    assert all(math.dist(point, (0.5, 0.0)) >= 0.1 for point in first + second)


def test_nothing_is_left_of_a_dot() -> None:
    assert parts_left([(0.0, 0.0)], [1.0], (0.05, 0.0), 0.1) == []


def test_lines_of_all_performers_are_erased(show: Any) -> None:
    show.ink.send(0.0, Pen(-1.0, 0.0, False))
    show.ink.send(0.0, Pen(1.0, 0.0, True))
    show.stage.touch("ink", 0.0, -0.5, True)
    show.stage.touch("ink", 0.0, 0.5, True)
    show.at(0.1)
    assert [show.lit(x, y) for x, y in ((60, 50), (100, 50), (100, 30), (140, 50))] == [True] * 4
    show.tree.write("/ink/erase", [0.0, 0.0, 0.4])
    show.at(0.2)
    assert [show.lit(x, y) for x, y in ((60, 50), (100, 50), (100, 30), (140, 50))] == [True, False, False, True]
    show.stage.touch("ink", 0.0, 0.9, True)  # the pen goes on
    show.at(0.3)
    assert show.lit(100, 90)


@pytest.mark.parametrize("fade", [0.0, 60.0])
def test_finished_drawings_are_erased_too(show: Any, fade: float) -> None:
    show.tree.set("/ink/fade", fade)
    show.ink.send(0.0, Pen(-1.0, 0.0, False))
    show.ink.send(0.0, Pen(1.0, 0.0, True))
    show.ink.send(0.1, Page("new"))
    show.at(0.2)
    assert show.lit(100, 50)
    show.tree.write("/ink/erase", [0.0, 0.0])
    show.at(0.3)
    assert not show.lit(100, 50)
    assert show.lit(60, 50)
