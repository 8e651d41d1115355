"""`arabesque service run` with real processes, observed over HTTP as by a monitoring system."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from live.system.helper_process import child_environment
from live.transport.clock import Clock

PATIENCE_S = 120.0
PATCH = """
from live import Midi, Node, Patch
from models.base import NoteOff, NoteOn, Wait

class Scale:
    kind = "scale"

    @classmethod
    def load(cls, weights, device="auto"):
        return cls()

    def start(self, seed):
        return 0

    def step(self, state, heard, /):
        return (NoteOn(60 + state % 12, 64), Wait(0.1), NoteOff(60 + state % 12)), state + 1

patch = Patch(seed=1, piano=Node(Scale, out=Midi("silent")))
"""


class ServiceRun:
    """The supervisor's process, and the show's web server."""

    def __init__(self, folder: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.patch = folder / "scale.py"
        self.patch.write_text(PATCH)
        self.state = folder / "state" / "arabesque" / "scale"
        command = [sys.executable, "-P", "-m", "live.commands.main", "service", "run", str(self.patch)]
        options = ("--headless", "--midi-in", "none", "--no-osc", "--http-port", str(self.port), *options)
        self.process = subprocess.Popen(
            [*command, *options], cwd=folder, env={**child_environment(), "XDG_STATE_HOME": str(folder / "state")}
        )

    def health(self) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5.0) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except (OSError, ValueError):
            return 0, {}

    def engine(self) -> int:
        with suppress(OSError, ValueError):
            state = json.loads((self.state / "supervisor.json").read_text())
            if state["state"] == "running":
                return int(state["engine"])
        return 0

    def until(self, condition: Callable[[], Any]) -> Any:
        pause, clock = threading.Event(), Clock()
        until_s = clock.now() + PATIENCE_S
        while clock.now() < until_s:
            if found := condition():
                return found
            pause.wait(0.05)
        raise AssertionError(self.health())

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[ServiceRun]:
    made = ServiceRun(tmp_path, "--watchdog", "2")
    yield made
    if made.process.poll() is None:
        made.end()


def test_a_show_comes_back_after_a_kill_and_after_a_hang_and_ends_in_order(installation: ServiceRun) -> None:
    first = installation.until(installation.engine)
    status, said = installation.until(lambda: (found := installation.health())[0] == 200 and found)
    assert (status, said["show"], said["crashes"], said["nodes"]) == (200, "scale", 0, {"piano": "playing"})
    for number, fault in enumerate((signal.SIGKILL, signal.SIGSTOP), 1):
        os.kill(first, fault)
        second = installation.until(lambda first=first: (now := installation.engine()) != first and now)
        said = installation.until(lambda: (found := installation.health())[0] == 200 and found[1])
        assert said["crashes"] == number
        first = second
    assert installation.end() == 0
    assert json.loads((installation.state / "starts.json").read_text())["running"] is False
    assert json.loads((installation.state / "supervisor.json").read_text())["state"] == "stopped"
    assert "started again after a crash" in (installation.state / "log.txt").read_text()


def test_five_crashes_end_in_a_safe_start_that_says_so(installation: ServiceRun) -> None:
    """The crashes of an earlier supervisor count, so that only one more is needed."""
    first = installation.until(installation.engine)
    record = json.loads((installation.state / "starts.json").read_text())
    now_s = Clock().now()
    crashes_s = [now_s - 40.0, now_s - 30.0, now_s - 20.0, now_s - 10.0]
    (installation.state / "starts.json").write_text(json.dumps({**record, "crashes_s": crashes_s}))
    os.kill(first, signal.SIGKILL)
    installation.until(lambda: (now := installation.engine()) != first and now)
    status, said = installation.until(lambda: (found := installation.health())[0] and found)
    assert (status, said["safe_start"]) == (503, True)
    assert said["reasons"] == ["safe start after 5 crashes: the test picture in place of the camera"]
