"""Runs a helper process: restarts it when it dies or hangs, and exchanges lines with it without waiting."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from live.system.byte_reader import ByteReader
from live.system.realtime import request_promptness
from live.transport.clock import Clock

log = logging.getLogger(__name__)

BACKLOG_AT_MOST = 20_000
"""Most lines that the process has not read yet; beyond that new ones are dropped and counted."""

LONG_BACKLOG = 1_000
PING_EVERY_S = 0.25
"""Interval of pings, which also show that the engine is alive: the MIDI sender ends all notes after 1 s without."""
SILENT_AFTER_PINGS = 12
"""A process that has left so many unanswered is reported as silent; see `answers`."""
HUNG_AFTER_PINGS = 32
"""Number of unanswered pings after which a process is replaced, since one call of a driver may take seconds."""

CLOSE_WITHIN_S = 3.0
START_WITHIN_S = 15.0
"""Longest time that a process may take to start on a busy machine."""
RESTART_AFTER_S = 0.2
RESTART_AFTER_AT_MOST_S = 10.0


class HelperProcess:
    """A process that reads and writes lines, and is restarted when it dies or hangs.

    `received` is called with each line of its output, `ended` with a sentence when it has ended unexpectedly; then
    `first_lines` returns the first lines for the next process. They are called on a thread of this object, and their
    exceptions are logged. The process must answer `ping` with a line.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        again: Sequence[str],
        ping: bytes,
        quit: bytes,
        received: Callable[[bytes], None],
        ended: Callable[[str], None],
        first_lines: Callable[[], Iterable[bytes]],
        clock: Clock,
    ) -> None:
        self.dropped = 0
        self.restarts = 0
        self._command = _command(module, arguments)
        self._again, self._ping, self._quit = list(again), ping, quit
        self._received, self._ended, self._first_lines = received, ended, first_lines
        self._clock = clock
        self._wake = threading.Condition()
        self._piping = threading.Lock()
        self._backlog: deque[bytes] = deque()
        self._closing = False
        self._unanswered = 0
        self._answered = False
        self._writing_s = clock.now()
        self._process = self._start(self._command)
        self._writer = threading.Thread(target=self._write, name=f"to {module}", daemon=True)
        self._reader = threading.Thread(target=self._read, name=f"from {module}", daemon=True)
        self._writer.start()
        self._reader.start()

    def send(self, line: bytes, always: bool = False) -> None:
        """Sends a line, in order; returns at once.

        With `always` it is never dropped, and repetitions of the same line are sent once.
        """
        with self._wake:
            if self._closing or (always and self._backlog and self._backlog[-1] == line):
                return
            if len(self._backlog) >= LONG_BACKLOG:
                # Checked here as well, because the writer may block on a full pipe.
                if self._clock.now() - self._writing_s > HUNG_AFTER_PINGS * PING_EVERY_S:
                    self._process.kill()
                if len(self._backlog) >= BACKLOG_AT_MOST and not always:
                    self.dropped += 1
                    return
            self._backlog.append(line)
            self._wake.notify_all()

    @property
    def answers(self) -> bool:
        """Whether it has answered one of the last twelve pings: within three seconds. From any thread."""
        return self._unanswered <= SILENT_AFTER_PINGS

    def close(self, start_within_s: float = START_WITHIN_S) -> bool:
        """Ends the process and the threads; returns False if it had to be killed. Drops a flood of waiting lines."""
        with self._wake:
            if self._closing:
                return True
            self._closing = True
            if len(self._backlog) > LONG_BACKLOG:
                self._backlog.clear()
            self._backlog.append(self._quit)
            self._wake.notify_all()
        willing = True
        try:
            self._process.wait(CLOSE_WITHIN_S if self._answered else start_within_s)
        except subprocess.TimeoutExpired:
            willing = False
            self._process.kill()
        for thread in (self._writer, self._reader):
            if thread is not threading.current_thread():
                thread.join()
        return willing

    def _call(self, callback: Callable[..., object], *arguments: object) -> None:
        """Calls the owner; its exceptions must not end the thread that restarts the process."""
        try:
            callback(*arguments)
        except Exception:
            log.exception("%s", self._command[3])

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        self._unanswered = 0
        self._answered = False
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            # In its own session, since Ctrl-C in the terminal, or its closing, is handled by the engine.
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "HIGH_PRIORITY_CLASS", 0),
        )

    def _write(self) -> None:
        """Writes to the process; only this thread may wait for it to read."""
        request_promptness()
        ping_at_s = self._clock.now()
        while True:
            with self._wake:
                while not self._backlog and self._clock.now() < ping_at_s and not self._closing:
                    self._clock.wait(ping_at_s, self._wake)
                lines = [self._backlog.popleft() for _ in range(min(200, len(self._backlog)))]
                last = self._closing and not self._backlog
                process = self._process
            if self._clock.now() >= ping_at_s:
                ping_at_s = self._clock.now() + PING_EVERY_S
                lines.append(self._ping)
                # Counted instead of timed: a suspended machine sends no pings.
                self._unanswered += 1
                if self._unanswered > HUNG_AFTER_PINGS:
                    process.kill()
            self._writing_s = self._clock.now()
            self._pipe(process, b"".join(lines))
            if last:
                return

    def _pipe(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        # The lines for a process that has died are lost; `_read` starts the next one.
        with self._piping, contextlib.suppress(OSError):
            while data and not process.stdin.closed:
                data = data[process.stdin.write(data) or 0 :]

    def _read(self) -> None:
        request_promptness()
        delay_s = RESTART_AFTER_S
        while True:
            process, began_s = self._process, self._clock.now()
            assert process.stdin is not None
            assert process.stdout is not None
            rest, reader = b"", ByteReader(process.stdout)  # type: ignore[arg-type]  # unbuffered, so it is a FileIO
            # Blocks, not readline: that reads an unbuffered pipe byte by byte, and may wait for the interpreter lock at
            # every one of them.
            while data := reader.read():
                self._unanswered = 0
                self._answered = True
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._call(self._received, line)
            status = process.wait()
            with self._piping:
                process.stdin.close()
            process.stdout.close()
            if self._closing:
                return
            self._call(self._ended, f"signal {-status}" if status < 0 else f"status {status}")
            lived_s = self._clock.now() - began_s
            delay_s = RESTART_AFTER_S if lived_s > RESTART_AFTER_AT_MOST_S else delay_s
            while not self._start_again(delay_s):
                if self._closing:
                    return
                delay_s = min(2.0 * delay_s, RESTART_AFTER_AT_MOST_S)
            delay_s = min(2.0 * delay_s, RESTART_AFTER_AT_MOST_S)

    def _start_again(self, delay_s: float) -> bool:
        """Starts the process after a delay; returns False if this is being closed, or the process cannot be started."""
        with self._wake:
            until_s = self._clock.now() + delay_s
            while not self._closing and self._clock.now() < until_s:
                self._clock.wait(until_s, self._wake)
            if self._closing:
                return False
            # Lines for the process that died are late by now, and would be sent in one burst.
            self._backlog.clear()
            self._call(lambda: self._backlog.extend(self._first_lines()))
            try:
                self._process = self._start(self._command + self._again)
            except OSError as error:  # no memory or no process number left
                log.error("%s cannot be started: %s", self._command[3], error)
                return False
            self.restarts += 1
            self._wake.notify_all()
            return True


def _command(module: str, arguments: Sequence[str]) -> list[str]:
    # -P: so that a folder named "live" in the working directory is not imported.
    return [sys.executable, "-P", "-m", module, *arguments, "--engine", str(os.getpid())]


def child_environment() -> dict[str, str]:
    """The environment of a process that imports this program: from a checkout it must find it wherever it runs."""
    root = str(Path(__file__).resolve().parents[2])
    environment = dict(os.environ)
    if "site-packages" not in root:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    return environment
