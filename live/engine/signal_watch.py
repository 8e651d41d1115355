"""Ends an engine that does not react to signals, since a C call of a model holds Python's interpreter lock.

No handler of Python runs then, in any thread. But the interpreter's own handler, which is C, still writes the number of
the signal to a pipe; a process of its own reads it. As a script this file is that process: it imports nothing of ours.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from typing import Final

INSISTS_AFTER_S: Final = 0.5
KILL_AFTER_S: Final = 7.0
"""After the first signal; an engine that is not held has ended by then (see StopDeadline)."""
SIGNALS: Final = bytes((signal.SIGINT, signal.SIGTERM))


class SignalWatch:
    """The process that kills this one where SIGINT or SIGTERM has no effect; until `close`. Not on Windows."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if os.name != "posix" or threading.current_thread() is not threading.main_thread():
            return
        command = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
        with contextlib.suppress(OSError):  # no process can be started: then without
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)
            signal.set_wakeup_fd(self._process.stdin.fileno(), warn_on_full_buffer=False)

    def close(self) -> None:
        """Ends the process; signals have no more than their handlers."""
        if self._process is not None and self._process.stdin is not None:
            signal.set_wakeup_fd(-1)
            self._process.stdin.close()
            self._process.wait()
            self._process = None


def main(engine: int) -> None:
    """Waits for a signal of the engine's, and kills it where it still runs seconds after, or after a second signal."""
    for number in (*SIGNALS, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while not (came := os.read(0, 64)) or not set(came) & set(SIGNALS):
        if not came:
            return  # the engine has ended
    for wait_s in (INSISTS_AFTER_S, KILL_AFTER_S - INSISTS_AFTER_S, INSISTS_AFTER_S):
        ready, _, _ = select.select([0], [], [], wait_s)
        if ready and not os.read(0, 64):
            return
    if os.getppid() == engine:
        os.kill(engine, signal.SIGKILL)
        os.write(2, b"arabesque: did not react to the signal, since a C call holds Python's interpreter lock; killed\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
