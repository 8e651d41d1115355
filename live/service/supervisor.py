"""Runs a show where no systemd runs, by the same rules: start, watchdog, restart with growing pauses, orderly stop.

The show sends the messages of sd_notify(3) to a socket of this process, as it does to systemd's.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from live.service.notify import SOCKET, WATCHDOG
from live.service.orphans import adopt_orphans, end_orphans
from live.service.restart import ABORT_WITHIN_S, START_WITHIN_S, STOP_WITHIN_S, WATCHDOG_S, Pauses, RestartCounter
from live.system.disk import write_whole
from live.system.helper_process import child_environment
from live.system.process_mark import process_mark
from live.transport.clock import Clock

log = logging.getLogger(__name__)

ENDED: Final = b"SUPERVISED_ENDED"
STOP: Final = b"SUPERVISOR_STOP"
"""What this process sends to its own socket, so that there is one place at which it waits."""
LONGEST: Final = 4096
"""Bytes of one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The times of supervision, in seconds."""

    pauses: Pauses = Pauses()  # noqa: RUF009
    watchdog_s: float = WATCHDOG_S
    start_within_s: float = START_WITHIN_S
    stop_within_s: float = STOP_WITHIN_S
    abort_within_s: float = ABORT_WITHIN_S


class Supervisor:
    """Keeps one command running until `stop`.

    `state` is a JSON file for `arabesque service status`: the processes, the state, the number of restarts and why.
    """

    def __init__(
        self, command: Sequence[str], clock: Clock, rules: Rules | None = None, state: Path | None = None
    ) -> None:
        self.restarts = 0
        self.status = "starting"
        """What the show said last of itself (STATUS=)."""
        self._command = list(command)
        self._clock = clock
        self._rules = rules or Rules()
        self._counter = RestartCounter(self._rules.pauses)
        self._state_file = state
        self._stopping = False
        self._why = ""
        self._folder = tempfile.TemporaryDirectory(prefix="arabesque-service-")
        self._address = str(Path(self._folder.name) / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._address)
        self._process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Asks `run` to end the show in order and to return; from any thread and from a signal handler."""
        self._stopping = True
        self._send(STOP)

    def run(self, until: Callable[[], bool] = lambda: False) -> int:
        """Starts the show, again and again; returns 0 after `stop`, or once `until` is true after a run."""
        own = adopt_orphans()
        while not self._stopping:
            began_s = self._clock.now()
            self._why = self._run_once(began_s)
            killed = end_orphans(self._rules.abort_within_s, own)
            for program in killed:
                log.warning("killed %s, which outlived the show", program)
            if self._stopping or until():
                break
            pause_s = self._counter.pause_after(self._clock.now() - began_s)
            log.warning("the show has ended: %s; it is started again in %.1f s", self._why, pause_s)
            self._write_state("pausing")
            self._wait_until(self._clock.now() + pause_s)
            self.restarts += 1
        self._write_state("stopped")
        self._socket.close()
        self._folder.cleanup()
        return 0

    # -- one run ---------------------------------------------------------------------------------------------------

    def _run_once(self, began_s: float) -> str:
        """Runs the show once; returns why it ended."""
        rules = self._rules
        process = self._process = subprocess.Popen(self._command, env=self._environment())
        waiter = threading.Thread(target=self._report_end, args=(process,), daemon=True)
        waiter.start()
        self.status, ready = "starting", False
        self._write_state("starting")
        deadline_s = began_s + rules.start_within_s
        why = ""
        while process.poll() is None and not self._stopping:
            message = self._receive(deadline_s)
            if message is None:
                why = f"no sign of life for {rules.watchdog_s:g} s" if ready else "it was not ready in time"
                break
            if b"WATCHDOG=1" in message or b"READY=1" in message:
                if not ready:
                    ready = True
                    log.info("the show is ready, %.1f s after its start", self._clock.now() - began_s)
                    self._write_state("running")
                deadline_s = self._clock.now() + rules.watchdog_s
            self._note(message)
        self._end(process, aborts=bool(why))
        waiter.join()
        return why or _reason(process.returncode)

    def _end(self, process: subprocess.Popen[bytes], aborts: bool) -> None:
        """Ends a run that has not ended by itself: in order, or with a record of where it hangs, then by force."""
        rules = self._rules
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGABRT if aborts else signal.SIGTERM)
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)  # a stopped process would not receive the other one
        try:
            process.wait(rules.abort_within_s if aborts else rules.stop_within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _environment(self) -> dict[str, str]:
        watchdog = {WATCHDOG: str(int(self._rules.watchdog_s * 1e6))}
        return {**child_environment(), SOCKET: self._address, **watchdog}

    def _report_end(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._send(ENDED)

    # -- messages --------------------------------------------------------------------------------------------------

    def _send(self, message: bytes) -> None:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.setblocking(False)
            sending.sendto(message, self._address)

    def _receive(self, until_s: float) -> bytes | None:
        """The next message; None where none has come by then."""
        left_s = until_s - self._clock.now()
        if left_s <= 0.0:
            return None
        self._socket.settimeout(left_s)
        try:
            return self._socket.recv(LONGEST)
        except TimeoutError:
            return None

    def _wait_until(self, until_s: float) -> None:
        while not self._stopping and self._receive(until_s) is not None:
            pass

    def _note(self, message: bytes) -> None:
        for line in message.decode(errors="replace").splitlines():
            if line.startswith("STATUS=") and line[7:] != self.status:
                self.status = line[7:]
                self._write_state("running")

    def _write_state(self, state: str) -> None:
        if self._state_file is None:
            return
        process = self._process
        fields = {
            "state": state,
            "supervisor": os.getpid(),
            "mark": process_mark(os.getpid()),
            "engine": process.pid if process is not None and process.returncode is None else None,
            "restarts": self.restarts,
            "status": self.status,
            "last_end": self._why,
            "date": self._clock.date(),
        }
        try:
            self._state_file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._state_file, json.dumps(fields).encode())
        except OSError as error:
            log.debug("%s: %s", self._state_file, error)


def _reason(status: int | None) -> str:
    if status is None:
        return "unknown"
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
