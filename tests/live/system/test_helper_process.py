"""The thread that reads a helper process starts it again, whatever its owner's callbacks do."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from programs import PATIENCE_S

from live.midi.input.listener import PING, QUIT
from live.system.helper_process import HelperProcess
from live.transport.clock import Clock


@pytest.mark.parametrize("failing", ["heard", "fell", "first_words"])
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
        heard=lambda line: call("heard", line),
        fell=lambda why: call("fell", why),
        first_words=lambda: call("first_words"),
        clock=Clock(),
    )
    try:
        _until(calls, "heard")
        process._process.kill()
        _until(calls, "first_words")
        _until(calls, "heard")
        assert process.restarts == 1
    finally:
        process.close()


def _until(calls: queue.SimpleQueue[str], name: str) -> None:
    while calls.get(timeout=PATIENCE_S) != name:
        pass
