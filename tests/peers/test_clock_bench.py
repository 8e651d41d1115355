"""The clock benchmark through a real JACK server: every tick arrives, and every row has a figure."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest
from programs import Program

from live.bench.clock import clock_rows

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="JACK as Debian has it")


def test_ticks_are_sent_and_followed(jack: Callable[[], Program]) -> None:
    jack()
    rows = {row["name"]: row for row in clock_rows(seconds=2.5, load=lambda: threading.Event().wait(0.001))}
    sent = [name for name in rows if name.startswith("error of tick intervals sent")]
    followed = [name for name in rows if name.startswith("error of followed beats")]
    assert (len(sent), len(followed)) == (7, 7)
    assert rows["error of tick intervals sent, count"]["value"] > 100
    assert rows["error of followed beats, ticks off by 1 ms, count"]["value"] > 10
    assert rows["lateness of ticks at the sender, max"]["value"] > 0.0
    assert all(row["value"] >= 0.0 for row in rows.values())
