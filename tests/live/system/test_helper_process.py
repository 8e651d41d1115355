"""A helper process is restarted even if its owner's callbacks raise."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from programs import PATIENCE_S

from live.midi.input.listener import PING, QUIT
from live.system.helper_process import HelperProcess
from live.transport.clock import Clock


@pytest.mark.parametrize("failing", ["received", "ended", "first_lines"])
def test_a_callback_that_raises_does_not_keep_the_process_from_being_started_again(failing: str) -> None:
    calls: queue.SimpleQueue[str] = queue.SimpleQueue()

    def call(name: str, *_: object) -> Any:
        calls.put(name)
        if name == failing:
            raise RuntimeError(f"{name} is broken")
        return ()

    process = HelperProcess(
        "live.midi.input.listener",
        [],
        again=[],
        ping=PING,
        quit=QUIT,
        received=lambda line: call("received", line),
        ended=lambda why: call("ended", why),
        first_lines=lambda: call("first_lines"),
        clock=Clock(),
    )
    try:
        _until(calls, "received")
        process._process.kill()
        _until(calls, "first_lines")
        _until(calls, "received")
        assert process.restarts == 1
    finally:
        process.close()


def _until(calls: queue.SimpleQueue[str], name: str) -> None:
    while calls.get(timeout=PATIENCE_S) != name:
        pass
