"""The supervisor with real processes: small shows that crash, hang, start late or leave processes behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from live.service.restart import Pauses
from live.service.supervisor import Rules, Supervisor
from live.transport.clock import Clock

PATIENCE_S = 60.0
RULES = Rules(
    pauses=Pauses(0.01, 0.02, 2), watchdog_s=0.5, start_within_s=20.0, stop_within_s=10.0, abort_within_s=10.0
)
HEAD = """
import os, pathlib, signal, sys, threading
from live.service.notify import Notifier
starts = pathlib.Path("starts")
number = len(starts.read_text()) if starts.exists() else 0
starts.write_text("x" * (number + 1))
notifier = Notifier(os.environ)
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
def play():
    notifier.send("READY=1", f"STATUS=run {number}")
    while not stopped.wait(0.05):
        notifier.send("WATCHDOG=1")
    pathlib.Path("ended").write_text("in order")
    sys.exit(0)
"""
Show = Callable[..., "SupervisedShow"]


class SupervisedShow:
    """A supervisor on a thread, with a small show in a folder of its own."""

    def __init__(self, folder: Path, text: str, rules: Rules) -> None:
        self.folder = folder
        file = folder / "show.py"
        file.write_text(HEAD + text)
        command = [sys.executable, "-c", f"import os; os.chdir({str(folder)!r}); exec(open('show.py').read())"]
        self.supervisor = Supervisor(command, Clock(), rules, folder / "supervisor.json")
        self.thread = threading.Thread(target=self.supervisor.run)
        self.thread.start()

    @property
    def state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads((self.folder / "supervisor.json").read_text())
        except FileNotFoundError:
            state = {"state": "none", "status": ""}
        return state

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        pause, clock = threading.Event(), Clock()
        until_s = clock.now() + PATIENCE_S
        while clock.now() < until_s:
            if condition(state := self.state):
                return state
            pause.wait(0.01)
        raise AssertionError(self.state)

    def close(self) -> None:
        self.supervisor.stop()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Show]:
    houses: list[SupervisedShow] = []

    def start(text: str, rules: Rules = RULES) -> SupervisedShow:
        houses.append(SupervisedShow(tmp_path, text, rules))
        return houses[-1]

    yield start
    for house in houses:
        house.close()


def playing(run: int) -> Callable[[dict[str, Any]], bool]:
    return lambda state: state["state"] == "running" and state["status"] == f"run {run}"


def test_a_show_that_is_killed_is_started_again(show: Show) -> None:
    house = show("play()")
    first = house.until(playing(0))
    os.kill(first["engine"], 9)
    second = house.until(playing(1))
    assert second["engine"] != first["engine"]
    assert (second["restarts"], second["last_end"]) == (1, "signal SIGKILL")


def test_a_stopped_show_is_ended_and_started_again(show: Show) -> None:
    house = show("play()")
    first = house.until(playing(0))
    os.kill(first["engine"], 19)  # SIGSTOP
    second = house.until(playing(1))
    assert second["last_end"] == "no sign of life for 0.5 s"
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(first["engine"])


def test_a_silent_show_is_ended_with_a_stack_trace(
    show: Show, capfd: pytest.CaptureFixture[str]
) -> None:
    house = show(
        """
if number == 0:
    import faulthandler
    faulthandler.enable()
    notifier.send("READY=1", "STATUS=run 0")
    def hang_here():
        threading.Event().wait()
    hang_here()
play()
"""
    )
    assert house.until(playing(1))["last_end"] == "no sign of life for 0.5 s"
    assert "in hang_here" in capfd.readouterr().err


def test_a_start_that_takes_too_long_is_ended(show: Show) -> None:
    late = Rules(pauses=RULES.pauses, watchdog_s=5.0, start_within_s=3.0, stop_within_s=10.0, abort_within_s=10.0)
    house = show('threading.Event().wait(600 if number == 0 else 0)\nplay()', late)
    assert house.until(playing(1))["last_end"] == "it was not ready in time"


def test_an_orderly_end_of_its_own_is_followed_by_a_start(show: Show) -> None:
    """Such as a visitor who closes the window."""
    house = show('notifier.send("READY=1")\nsys.exit(0) if number == 0 else play()')
    assert house.until(playing(1))["last_end"] == "exit status 0"


def test_stop_lets_the_show_end_in_order(show: Show) -> None:
    house = show("play()")
    house.until(playing(0))
    house.close()
    assert (house.folder / "ended").read_text() == "in order"
    assert house.state["state"] == "stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a process its children's orphans")
def test_what_outlives_the_show_is_killed_before_the_next_start(show: Show) -> None:
    short = Rules(pauses=RULES.pauses, watchdog_s=20.0, start_within_s=20.0, stop_within_s=10.0, abort_within_s=0.2)
    house = show(
        """
import subprocess
if number == 0:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    pathlib.Path("left").write_text(str(left.pid))
    os._exit(3)
play()
""",
        short,
    )
    house.until(playing(1))
    with suppress(psutil.NoSuchProcess):
        assert psutil.Process(int((house.folder / "left").read_text())).status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives a process its children's orphans")
def test_a_process_that_ran_before_the_show_is_not_killed_with_its_orphans(show: Show) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        try:
            short = replace(RULES, abort_within_s=0.2)
            house = show("if number == 0: os._exit(3)\nplay()\n", short)
            house.until(playing(1))
            assert other.poll() is None
        finally:
            other.kill()
