"""The benchmark of the control page: no message is lost, and every row has a figure."""

from __future__ import annotations

from live.bench.page import page_rows


def test_no_message_of_a_small_flood_is_lost_while_a_page_is_connected() -> None:
    figures = {row["name"].partition(": ")[2]: row for row in page_rows(2_000, 4_000)}
    assert list(figures)[:4] == ["lost", "last value stored after", "growth of memory", "sent to the page"]
    assert figures["lost"]["value"] == 0.0
    assert figures["sent to the page"]["value"] > 0.0
    assert {"MIDI late, p50", "MIDI late, p99", "MIDI late, max"} <= figures.keys()
