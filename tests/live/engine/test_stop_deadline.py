"""A stop that exceeds its deadline is forced, and the log names the line and thread that delayed it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from programs import ROOT

WITHIN_S = 20.0
STUCK = """
import ctypes, faulthandler, logging, sys, threading
from live.engine import stop_deadline

logging.basicConfig(stream=sys.stderr, format="%(message)s")
stop_deadline.ORDERED_WITHIN_S = stop_deadline.HELD_WITHIN_S = 0.1

def write_pictures():
    threading.Event().wait()

def wait_for_pictures():
    thread = threading.Thread(target=write_pictures, name="pictures")
    thread.start()
    thread.join()

arm, armed = faulthandler.dump_traceback_later, threading.Event()

def arm_and_say(*arguments, **options):
    arm(*arguments, **options)
    armed.set()

def hold_the_interpreter():
    armed.wait()
    ctypes.PyDLL(None).sleep(600)

def fill_the_log():
    while True:
        logging.error("x" * 1000)

def last():
    print("the last notes ended", flush=True)

faulthandler.dump_traceback_later = arm_and_say
stopping = threading.Event()
stop_deadline.StopDeadline(stopping, last)
stopping.set()
{way}()
"""


@contextmanager
def stuck(tmp_path: Path, way: str) -> Iterator[subprocess.Popen[str]]:
    script = tmp_path / "stuck.py"
    script.write_text(STUCK.replace("{way}", way))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_the_log_names_our_line_and_the_thread_it_waits_for(tmp_path: Path) -> None:
    with stuck(tmp_path, "wait_for_pictures") as process:
        out, said = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert out == "the last notes ended\n"
    path = tmp_path / "stuck.py"
    assert said == (
        f"not stopped within 0.1 s, held up by thread MainThread in wait_for_pictures ({path}, line 14), "
        f"which waits for thread pictures in write_pictures ({path}, line 9); ending at once\n"
    )


@pytest.mark.skipif(os.name == "nt", reason="sleeps by the C library's sleep")
def test_it_ends_although_a_c_call_holds_the_interpreter(tmp_path: Path) -> None:
    with stuck(tmp_path, "hold_the_interpreter") as process:
        _, said = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert "in hold_the_interpreter" in said


def test_it_ends_although_the_logs_pipe_is_full(tmp_path: Path) -> None:
    with stuck(tmp_path, "fill_the_log") as process:
        assert process.wait(WITHIN_S) == 1
