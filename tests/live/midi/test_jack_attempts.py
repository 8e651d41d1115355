"""JACK is not tried every second while no server runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.midi.jack_attempts import JackAttempts
from live.transport.clock import VirtualClock

HEAD = "Num RefCount Protocol Flags Type St Inode Path\n"


def test_after_a_failure_it_waits_for_the_server_or_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JACK_DEFAULT_SERVER", raising=False)
    sockets, clock = tmp_path / "unix", VirtualClock()
    sockets.write_text(HEAD + "0: 2 0 10000 1 1 7 /run/user/0/pipewire-0\n1: 2 0 10000 1 1 8 /dev/shm/jack_other_0_0\n")
    attempts = JackAttempts(clock, sockets)
    assert attempts.due()
    attempts.failed()
    tried = []
    for second in range(1, 200):
        clock.advance(float(second))
        if attempts.due():
            tried.append(second)
            attempts.failed()
    assert tried == [60, 120, 180]
    sockets.write_text(HEAD + "0: 2 0 10000 1 1 9 /dev/shm/jack_default_0_0\n")
    assert attempts.due()


def test_without_a_list_of_sockets_it_is_always_tried(tmp_path: Path) -> None:
    attempts = JackAttempts(VirtualClock(), tmp_path / "nowhere")
    attempts.failed()
    assert attempts.due()
