"""Other programs that tests run."""

from __future__ import annotations

import contextlib
import queue
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from live.osc.encode import message

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[2]
MONITOR = "midi-monitor:input"
"""The port of jack_midi_dump, an independent receiver."""


class Program:
    """Another program, and its output lines."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put("(ended)")

    def until(self, *wanted: str) -> list[str]:
        """The lines up to the first that contains all of the texts."""
        lines: list[str] = []
        while True:
            lines.append(self._lines.get(timeout=PATIENCE_S))
            if all(part in lines[-1] for part in wanted):
                return lines
            assert lines[-1] != "(ended)", lines

    def say(self, line: str) -> None:
        """Writes a line to the program's input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE_S)
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Dump:
    """A running oscdump, and the lines that it prints."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self.lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen([program, "-L", str(self.port)], stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            for _ in range(200):  # until it listens
                knock.sendto(message("/knock"), ("127.0.0.1", self.port))
                with contextlib.suppress(queue.Empty):
                    assert "/knock" in self.lines.get(timeout=0.1)
                    return
        raise AssertionError("oscdump does not listen")

    def line(self) -> str:
        """The next line, without its time."""
        while True:
            said = self.lines.get(timeout=PATIENCE_S).split(maxsplit=1)[1].strip()
            if not said.startswith("/knock"):
                return said

    def close(self) -> None:
        self.process.kill()
        self.reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)


class Told:
    """The reports of MidiOutput, to be waited for."""

    def __init__(self) -> None:
        self.states: queue.Queue[tuple[str, str]] = queue.Queue()

    def __call__(self, state: str, sentence: str) -> None:
        self.states.put((state, sentence))

    def wait_for(self, state: str) -> str:
        while True:
            heard, sentence = self.states.get(timeout=PATIENCE_S)
            if heard == state:
                return sentence
