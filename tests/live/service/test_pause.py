"""The pause before a start, where systemd cannot make it grow."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from live.service.installation import Installation
from live.service.pause import main, pause_s
from live.transport.clock import VirtualClock


def test_it_adds_up_to_the_pauses_of_the_built_in_supervisor() -> None:
    assert [round(1.0 + pause_s(crashes), 1) for crashes in (0, 1, 2, 3, 7, 20)] == [1.0, 1.0, 2.0, 3.9, 60.0, 60.0]


def test_a_crash_counts_before_the_next_start_has_counted_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    folder = tmp_path / "show"
    assert Installation("show", clock, folder).recent_crashes() == 0
    for crashes in range(4):
        assert Installation("show", clock, folder).begin().crashes == crashes
        assert Installation("show", clock, folder).recent_crashes() == crashes + 1
        clock.advance(10.0 * (crashes + 1))
    clock.advance(700.0)
    assert Installation("show", clock, folder).recent_crashes() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="systemd is not there")
def test_a_show_that_has_not_crashed_starts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert main(["foyer"]) == 0
