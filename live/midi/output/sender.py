"""The program that plays: a process of its own, so that neither Python's lock nor a dying engine spoils it.

The engine starts it as `python -m live.midi.output.sender` and writes commands (see `wire`) to its standard input,
each event with the time at which it is due on the Clock, which both processes read alike. It answers on
standard output: one JSON list a line, a state and a sentence, or "stats" and figures.

It ends every note it began before it goes, whatever the reason: told to, SIGTERM, an error of its own, or an
engine that is no longer there. Ctrl-C is ignored: the engine says when to stop.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.midi import MidiError
from live.midi.output.player import Player
from live.midi.output.protocol import LINE_AT_MOST, decode, event_in
from live.midi.output.reconnecting_port import ReconnectingPort, Report
from live.midi.port import Port, open_port
from live.system.realtime import request_realtime
from live.transport.clock import Clock

if TYPE_CHECKING:
    from live.midi.output.recorder import MidiRecordingThread

SPIN_S = 0.0005
"""A sleep may overrun by this much, so the last of the way to a deadline is spent awake. Chosen by measurement, with
real-time priority on two busy cores: 0.2 ms left some events 1 to 3 ms late, 1 ms cost over half as much again."""

TICK_S = 0.05
"""How often it looks whether the engine is still there."""

SYSTEM = 0xF0
"""Messages from here on are the system's, such as its clock: no MIDI file keeps them."""

LINES_AT_MOST = 10_000
"""Commands read and not yet obeyed; past that the engine's pipe fills up, and its own bound holds."""

GAP_S = 0.02
"""Ports are looked at where no note is due so soon: asking a driver takes a fraction of a millisecond."""

GAP_WAIT_S = 3.0
"""… unless no such gap has come for so long."""


class Sender:
    """All the program does, without its process: the same object plays in tests and on a virtual clock."""

    def __init__(self, clock: Clock, opening: Callable[[], Port], report: Report) -> None:
        self.clock = clock
        self.report = report
        self.player = Player(clock, self._out)
        self.cable = ReconnectingPort(opening, clock, report, self.player.announce)
        self.recording: MidiRecordingThread | None = None
        self.bad = 0
        """Commands that were none."""
        self.quitting = False
        self._last_words: list[bytes] | None = None

    def obey_line(self, line: bytes) -> None:
        """Does what a line says; one that says nothing is counted."""
        try:
            self.obey(*decode(line))
        except (ValueError, OverflowError):  # a MidiError, too
            self.bad += 1

    def obey(self, command: str, *given: Any) -> None:
        """Does one command of `wire`. Raises ValueError or OverflowError for numbers that cannot be."""
        match command:
            case "play":
                due_s, owner, kind, first, second = given
                self.player.play(due_s, owner, event_in(kind, first, second))
            case "raw":
                due_s, owner, message = given
                self.player.play(due_s, owner, bytes.fromhex(message))
            case "set":
                owner, settings = given
                try:
                    self.player.set(owner, **settings)
                except TypeError as error:
                    raise MidiError(str(error)) from None
            case "withdraw" | "silence" | "forget" | "panic":
                getattr(self.player, command)(*given)
            case "record":
                self.record(Path(given[0]) if given[0] else None)
            case "stats":
                number, again = given
                self.report("stats", json.dumps([number, self.stats()]))
                if again:
                    self.player.start_counting()
            case "quit":
                self.quitting = True

    def stats(self) -> dict[str, Any]:
        """What was sent and how late, in milliseconds."""
        player = self.player
        return {
            "late": player.late.figures(),
            "overdue": player.overdue.figures(),
            "dropped": player.dropped,
            "bad_commands": self.bad,
            "sounding": len(player.sounding()),
        }

    def record(self, path: Path | None) -> None:
        """Writes what is played from now on to a new MIDI file; None ends the recording."""
        if self.recording is not None:
            self.recording.close()
            self.recording = None
        if path is None:
            return
        from live.midi.output.recorder import MidiRecordingThread

        try:
            self.recording = MidiRecordingThread(path, lambda sentence: self.report("error", sentence))
        except OSError as error:
            self.report("error", f"{path}: {error.strerror}; nothing is recorded")
            return
        self.report("recording", str(self.recording.path))

    def end(self) -> None:
        """Ends every sounding note, then gives back the port and closes the recording.

        The ends are said twice. An audio server that misses a cycle loses what was sent in it, and closing a port
        takes with it what is still on its way; at any other time a later message would put it right.
        """
        self._last_words = []
        try:
            self.player.end()
            if self.cable.settle() and self._last_words:
                for message in self._last_words:
                    self.cable.send(message)
                self.cable.settle()
        finally:
            try:
                self.cable.close()
            finally:
                self.record(None)

    def _out(self, at_s: float, message: bytes) -> None:
        self.cable.send(message)
        if self._last_words is not None:
            self._last_words.append(message)
        if self.recording is not None and message[0] < SYSTEM:
            self.recording.put(at_s, message)


class SenderProgram:
    """The program around a Sender: reads commands on a thread, and sleeps until the next deadline."""

    def __init__(self, sender: Sender, engine: int, source: int) -> None:
        self.sender = sender
        self.clock = sender.clock
        self.engine = engine
        self.source = source
        self.terminated = False
        self._wake = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._ended = False

    def run(self) -> None:
        """Plays until told to quit, terminated, or alone."""
        reader = threading.Thread(target=self._read, name="commands", daemon=True)
        reader.start()
        self.sender.cable.look()
        while not (self.sender.quitting or self.terminated):
            if self._ended or self._engine_died():
                return
            while self._lines and not (self.sender.quitting or self.terminated):
                self.sender.obey_line(self._lines.popleft())
                self._play_if_due()
            self._look_in_a_gap()
            self._sleep()
            self._play_if_due()

    def _sleep(self) -> None:
        until_s = min(self.sender.player.next_due() - SPIN_S, self.clock.now() + TICK_S)
        with self._wake:
            if not self._lines and not self._ended:
                self.clock.wait(until_s, self._wake)

    def _play_if_due(self) -> None:
        due_s = self.sender.player.next_due()
        if due_s - self.clock.now() > SPIN_S:
            return
        while self.clock.now() < due_s:
            pass
        self.sender.player.advance()

    def _look_in_a_gap(self) -> None:
        cable, now_s = self.sender.cable, self.clock.now()
        overdue_s = now_s - cable.look_at_s
        if overdue_s >= GAP_WAIT_S or (overdue_s >= 0.0 and self.sender.player.next_due() - now_s > GAP_S):
            cable.look()

    def _engine_died(self) -> bool:
        """Whether our parent is another process: a forked child of the engine may keep the pipe open."""
        return self.engine > 0 and hasattr(os, "getppid") and os.getppid() != self.engine

    def _read(self) -> None:
        """Cuts the input into lines; ends at its end, which is also the engine's."""
        rest, skipping = b"", False
        while True:
            try:
                data = os.read(self.source, 65536)
            except OSError:
                data = b""
            *lines, rest = (rest + data).split(b"\n")
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
    """The program."""
    parser = argparse.ArgumentParser(
        prog="live.midi.output.sender", description="Plays MIDI for the engine that started it."
    )
    parser.add_argument("--port", default="auto", help="as a patch's Midi(...) says it")
    parser.add_argument("--soundfont", help="for the built-in sound")
    parser.add_argument("--record", type=Path, help="write what is played to this MIDI file from the start")
    parser.add_argument("--again", action="store_true", help="after a crash: end every note on the port first")
    parser.add_argument("--engine", type=int, default=0, help="the process without which it ends")
    given = parser.parse_args(argv)
    sink = sys.stdout.fileno()
    with contextlib.suppress(OSError, AttributeError):  # not on Windows before Python 3.12
        os.set_blocking(sink, False)

    def report(state: str, sentence: str) -> None:
        # An engine that does not listen, or has died, must not stop the music.
        with contextlib.suppress(OSError):
            os.write(sink, json.dumps([state, sentence]).encode() + b"\n")

    sender = Sender(Clock(), lambda: open_port(given.port, given.soundfont), report)
    sender.cable.quiet_first = given.again
    process = SenderProgram(sender, given.engine, sys.stdin.fileno())

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
        process.run()
    except Exception as error:
        report("error", f"the MIDI sender failed: {type(error).__name__}: {error}")
        status = 1
    finally:
        sender.end()
        report("closed", "every note is ended")
    # Audio systems leave threads behind, and JACK crashes when unloaded after its server died.
    os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
