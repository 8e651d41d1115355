"""Executes the engine's commands; used in the sender process, and without it on a virtual clock and in tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live.midi import MidiError
from live.midi.output.delay import Delay
from live.midi.output.player import Player
from live.midi.output.protocol import decode, event_in
from live.midi.output.reconnecting_port import ReconnectingPort, Report
from live.midi.port import Port
from live.transport.clock import Clock

if TYPE_CHECKING:
    from live.midi.output.recorder import MidiRecordingThread

SYSTEM = 0xF0
"""Status bytes from this one on are system messages, such as clock, which are not recorded."""


class Sender:
    """A player with its port, its recording and its protocol."""

    def __init__(self, clock: Clock, opening: Callable[[], Port], report: Report, delay: Delay | None = None) -> None:
        self.clock = clock
        self.report = report
        self.player = Player(clock, self._out, delay)
        self.port = ReconnectingPort(opening, clock, report, self.player.announce)
        self.recording: MidiRecordingThread | None = None
        self.bad = 0
        """Number of lines that were not commands."""
        self.quitting = False
        self._final_messages: list[bytes] | None = None

    def execute_line(self, line: bytes) -> None:
        """Executes the command in a line; counts an invalid line."""
        try:
            self.execute(*decode(line))
        except (ValueError, OverflowError):  # including MidiError
            self.bad += 1

    def execute(self, command: str, *given: Any) -> None:
        """Executes one command of the protocol. Raises ValueError or OverflowError for numbers out of range."""
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
            case "withdraw" | "heard" | "silence" | "forget" | "panic":
                getattr(self.player, command)(*given)
            case "record":
                self.record(Path(given[0]) if given[0] else None)
            case "stats":
                number, again = given
                self.report("stats", json.dumps([number, self.stats()]))
                if again:
                    self.player.start_counting()
            case "ping":
                self.report("here", "")
            case "quit":
                self.quitting = True

    def suspend(self) -> None:
        """Ends every note, because the engine does not respond: it is suspended, or its interpreter lock is held."""
        self.player.suspend()
        self.report("stalled", "the engine does not respond: every note is ended until it does")

    def stats(self) -> dict[str, Any]:
        """Counts of sent messages, and their lateness in milliseconds."""
        player = self.player
        return {
            "late": player.late.figures(),
            "overdue": player.overdue.figures(),
            "dropped": player.dropped,
            "bad_commands": self.bad,
            "sounding": len(player.sounding()),
        }

    def record(self, path: Path | None) -> None:
        """Records to a new MIDI file from now on; None ends the recording."""
        if self.recording is not None:
            self.recording.close()
            self.recording = None
        if path is None:
            return
        from live.midi.output.recorder import MidiRecordingThread

        try:
            self.recording = MidiRecordingThread(
                path,
                lambda sentence: self.report("error", sentence),
                self.clock,
                lambda begun: self.report("recording", str(begun)),
            )
        except OSError as error:
            self.report("error", f"{path}: {error.strerror}; no recording is made")
            return
        self.report("recording", str(self.recording.path))

    def end(self) -> None:
        """Ends every sounding note, then closes the port and the recording.

        The ends are sent twice: an audio server that misses a cycle loses the messages of that cycle, and closing a
        port discards messages in transit.
        """
        self._final_messages = []
        try:
            self.player.end()
            if self.port.settle() and self._final_messages:
                for message in self._final_messages:
                    self.port.send(message)
                self.port.settle()
        finally:
            try:
                self.port.close()
            finally:
                self.record(None)

    def _out(self, at_s: float, message: bytes) -> None:
        self.port.send(message)
        if self._final_messages is not None:
            self._final_messages.append(message)
        if self.recording is not None and message[0] < SYSTEM:
            self.recording.put(at_s, message)
