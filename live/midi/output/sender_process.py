"""The process that sends MIDI, independent of the engine's interpreter lock and crashes.

The engine starts it as `python -m live.midi.output.sender_process` and writes commands (see `protocol`) to its standard
input, each event with its due time on Clock, which is common to both processes. The process writes one JSON list per
line to standard output: a state and a sentence, or "stats" and figures.

Before it exits, it ends every note that it began, for any reason: a command, SIGTERM, an error, or the death of the
engine. It also ends them while the engine does not respond. Ctrl-C is ignored: the engine decides when to stop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import sys
import threading
from collections import deque
from io import FileIO
from pathlib import Path

from live.midi.key_datagrams import KeyReceiver, StruckKey
from live.midi.output.delay import Delay
from live.midi.output.protocol import LINE_AT_MOST, QUIT
from live.midi.output.sender import Sender
from live.midi.port import open_port
from live.system.byte_reader import ByteReader
from live.system.realtime import request_realtime, request_realtime_thread
from live.transport.clock import Clock

SPIN_S = 0.0005
"""Busy waiting before a deadline, since a sleep may overrun by this much. Measured with real-time priority on two busy
cores: with 0.2 ms some events were 1 to 3 ms late, and 1 ms takes over half as much processor time again."""

TICK_S = 0.05
"""Interval between checks of the engine."""

SILENT_ENGINE_S = 1.0
"""The engine pings four times a second; after this time without a byte it counts as stalled."""

LINES_AT_MOST = 10_000
"""Most commands read and not yet executed; beyond that the pipe fills up, and the engine's own limit applies."""

FLOOD = 1_000
"""When the engine quits, more waiting commands than this are dropped; fewer are executed first."""

GAP_S = 0.02
"""A port is checked only if no event is due within this time, since a check takes a fraction of a millisecond."""

GAP_WAIT_S = 3.0
"""Longest time for which the check waits for such a gap."""


class SenderProgram:
    """Runs a Sender: reads commands on a thread, and sleeps until the next deadline."""

    def __init__(self, sender: Sender, engine: int, source: int, keys: KeyReceiver | None = None) -> None:
        self.sender = sender
        self._keys = keys
        self._struck: deque[StruckKey] = deque()
        """Performers' keys that have arrived on the short way."""
        self.clock = sender.clock
        self.engine = engine
        self.source = source
        self.terminated = False
        self._wake = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._ended = False
        self._received_s = self.clock.now()
        self._stalled = False

    def run(self) -> None:
        """Plays until a quit command, a signal, or the death of the engine."""
        reader = threading.Thread(target=self._read, name="commands", daemon=True)
        reader.start()
        if self._keys is not None:
            threading.Thread(target=self._receive_keys, args=(self._keys,), name="keys", daemon=True).start()
        self.sender.port.check()
        while not (self.sender.quitting or self.terminated):
            if self._ended or self._engine_died():
                return
            while (self._lines or self._struck) and not (self.sender.quitting or self.terminated):
                while self._struck:
                    self.sender.player.key_struck(*self._struck.popleft())
                if self._lines:
                    self.sender.execute_line(self._lines.popleft())
                self._play_if_due()
            self._watch_engine()
            self._check_in_a_gap()
            self._sleep()
            self._play_if_due()

    def _watch_engine(self) -> None:
        """Ends all notes when the engine stalls, and continues when it responds again."""
        silent_s = self.clock.now() - self._received_s
        stalled = self.engine > 0 and silent_s > SILENT_ENGINE_S and not self._input_waits()
        if stalled == self._stalled:
            return
        self._stalled = stalled
        if stalled:
            self.sender.suspend()
        else:
            self.sender.port.report_again()

    def _input_waits(self) -> bool:
        """Whether there is unread input: then this process was delayed, not the engine."""
        return sys.platform != "win32" and bool(select.select([self.source], [], [], 0)[0])

    def _sleep(self) -> None:
        until_s = min(self.sender.player.next_due() - SPIN_S, self.clock.now() + TICK_S)
        with self._wake:
            if not self._lines and not self._struck and not self._ended:
                self.clock.wait(until_s, self._wake)

    def _play_if_due(self) -> None:
        due_s = self.sender.player.next_due()
        if due_s - self.clock.now() > SPIN_S:
            return
        while self.clock.now() < due_s:
            pass
        while self._struck:
            self.sender.player.key_struck(*self._struck.popleft())
        self.sender.player.advance()

    def _check_in_a_gap(self) -> None:
        port, now_s = self.sender.port, self.clock.now()
        overdue_s = now_s - port.check_at_s
        if overdue_s >= GAP_WAIT_S or (overdue_s >= 0.0 and self.sender.player.next_due() - now_s > GAP_S):
            port.check()

    def _engine_died(self) -> bool:
        """Whether the parent process has changed, since a forked child of the engine may keep the pipe open."""
        return self.engine > 0 and hasattr(os, "getppid") and os.getppid() != self.engine

    def _receive_keys(self, keys: KeyReceiver) -> None:
        request_realtime_thread()
        while True:
            try:
                struck = keys.receive()
            except OSError:
                return
            if struck is not None:
                with self._wake:
                    self._struck.append(struck)
                    self._wake.notify()

    def _read(self) -> None:
        """Splits the input into lines; ends when the input ends, which means that the engine has ended."""
        request_realtime_thread()
        rest, skipping = b"", False
        reader = ByteReader(FileIO(self.source, closefd=False))
        while True:
            try:
                data = reader.read()
            except OSError:
                data = b""
            self._received_s = self.clock.now()
            *lines, rest = (rest + data).split(b"\n")
            if QUIT in lines and len(self._lines) + len(lines) > FLOOD:  # otherwise it is executed in order
                self.sender.quitting = True
            if skipping and lines:
                del lines[0]
                skipping = False
            if len(rest) > LINE_AT_MOST:
                rest, skipping = b"", True
                lines.append(b"")  # counted as one bad command
            with self._wake:
                while len(self._lines) > LINES_AT_MOST:
                    self.clock.wait(self.clock.now() + TICK_S, self._wake)
                self._lines.extend(lines)
                self._ended = not data
                self._wake.notify()
            if not data:
                return


def main(argv: list[str] | None = None) -> int:
    """Runs the process; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="live.midi.output.sender_process", description="Plays MIDI for the engine that started it."
    )
    parser.add_argument("--port", default="auto", help="a port as in Midi(...) of a patch")
    parser.add_argument("--soundfont", help="file for the built-in sound")
    parser.add_argument("--record", type=Path, help="record to this MIDI file from the start")
    parser.add_argument("--delay", default="", help="milliseconds from a message to its sound, or a TOML file")
    parser.add_argument("--again", action="store_true", help="after a crash: end every note on the port first")
    parser.add_argument("--engine", type=int, default=0, help="process id of the engine, whose end ends this process")
    given = parser.parse_args(argv)
    sink = sys.stdout.fileno()
    with contextlib.suppress(OSError, AttributeError):  # not on Windows before Python 3.12
        os.set_blocking(sink, False)

    def report(state: str, sentence: str) -> None:
        # An engine that does not read, or has ended, must not stop the music.
        with contextlib.suppress(OSError):
            os.write(sink, json.dumps([state, sentence]).encode() + b"\n")

    delay = Delay.read(given.delay) if given.delay else None
    sender = Sender(Clock(), lambda: open_port(given.port, given.soundfont), report, delay)
    sender.port.quiet_first = given.again
    keys: KeyReceiver | None = None
    with contextlib.suppress(OSError):  # without it the engine alone stops what gives way
        keys = KeyReceiver()
    process = SenderProgram(sender, given.engine, sys.stdin.fileno(), keys)

    def terminate(*_: object) -> None:
        process.terminated = True

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), terminate)
    status = 0
    try:
        sender.record(given.record)
        request_realtime()
        if keys is not None:  # not before: of a process that has said something an engine expects a quick end
            report("keys", keys.address)
        process.run()
    except Exception as error:
        report("error", f"the MIDI sender failed: {type(error).__name__}: {error}")
        status = 1
    finally:
        sender.end()
        report("closed", "every note is ended")
    # Audio systems leave threads running, and JACK crashes when it is unloaded after its server died.
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
