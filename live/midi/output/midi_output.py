"""The engine's side of a MIDI output: the sender process of one port, and each node's voice on it."""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from live.midi import MidiError, OutputSettings
from live.midi.output.delay import Delay
from live.midi.output.protocol import encode, event_out
from live.midi.output.sender import Sender
from live.midi.port import SilentPort
from live.system.helper_process import HelperProcess
from live.transport.clock import Clock
from models.base import Event

log = logging.getLogger(__name__)

PORT_STATES = ("opened", "lost", "returned", "waiting", "silent")
"""Those of a port; the others are of the sender and of its recording."""
OnState = Callable[[str, str], None]
"""Takes a state (opened, lost, returned, waiting, silent, recording, restarted or error) and a sentence; or `keys` and
the address at which performers' keys are received."""


def _note(state: str, sentence: str) -> None:
    log.info("%s: %s", state, sentence)


class MidiOutput:
    """One MIDI port (see Midi for `port`); `voice` makes the output of a node to it.

    A separate process sends to the port. On a VirtualClock there is neither process nor port: `poll` plays due events,
    to the recording only. Only `stats` and `close` wait. `on_state` is called on a thread of this object. `delay`, as
    in Delay.read, is the instrument's delay from message to sound. Raises MidiError for an invalid delay.
    """

    def __init__(
        self,
        port: str = "auto",
        *,
        clock: Clock | None = None,
        record: Path | None = None,
        soundfont: str | None = None,
        delay: str = "",
        on_state: OnState = _note,
    ) -> None:
        self.port = port
        self.clock = clock or Clock()
        self.recording: Path | None = None
        """The MIDI file that is being written: `record`, or with a number added if that existed."""
        self.state, self.sentence = "opening", ""
        """The last state of the port (opened, lost, returned, waiting or silent), and its sentence."""
        self._delay = Delay.read(delay) if delay else None
        self._record = record
        self._on_state = on_state
        self.keys_address = ""
        """Where the sender process receives performers' keys directly (see key_datagrams); empty until it is known."""
        self._settings: dict[str, dict[str, Any]] = {}
        self._setting = threading.Lock()
        self._wake = threading.Condition()
        self._answers: dict[int, dict[str, Any] | None] = {}
        self._asked = 0
        self._inside: Sender | None = None
        self._process: HelperProcess | None = None
        if self.clock.virtual:
            self._inside = Sender(self.clock, SilentPort, self._receive, self._delay)
            self._inside.record(record)
            return
        self._process = HelperProcess(
            "live.midi.output.sender_process",
            [
                "--port",
                port,
                *(["--soundfont", soundfont] if soundfont else []),
                *(["--delay", delay] if delay else []),
            ],
            again=["--again"],
            ping=encode("ping"),
            quit=encode("quit"),
            received=self._receive_line,
            ended=self._process_ended,
            first_lines=self._first_lines,
            clock=self.clock,
        )
        if record is not None:
            self._send("record", str(record))

    @property
    def lead_s(self) -> float:
        """The longest time before its due time at which an event must be sent."""
        return self._delay.longest_s if self._delay is not None else 0.0

    @property
    def answers(self) -> bool:
        """Whether the sender process has answered within three seconds."""
        return self._process is None or self._process.answers

    def voice(self, owner: str) -> MidiVoice:
        """Makes an output to this port for one owner, on channel 1."""
        return MidiVoice(self, owner)

    def panic(self) -> None:
        """Discards scheduled events and ends every note on every channel now."""
        self._send("panic")

    def record(self, path: Path | None) -> None:
        """Records to a new MIDI file from now on; None ends the recording."""
        self._record = path
        self._send("record", str(path) if path else "")

    def poll(self) -> None:
        """On a virtual clock: plays the events that are due."""
        if self._inside is not None:
            self._inside.player.advance()

    def stats(self, again: bool = False, within_s: float = 1.0) -> dict[str, Any]:
        """Counts and lateness of sent messages (`late`, `overdue`: count, p50, p99, p99.9, max in ms).

        `overdue` are the messages of `late` that reached the sender after their time. `again` restarts the counts.
        Waits for the sender's answer; raises MidiError after `within_s`.
        """
        with self._wake:
            self._asked += 1
            number = self._asked
            self._answers[number] = None
        self._send("stats", number, again)
        with self._wake:
            until_s = self.clock.now() + within_s
            while self._answers[number] is None and self.clock.now() < until_s:
                self.clock.wait(until_s, self._wake)
            figures = self._answers.pop(number)
        if figures is None:
            raise MidiError("the MIDI sender does not answer")
        dropped, restarts = (self._process.dropped, self._process.restarts) if self._process else (0, 0)
        return {**figures, "not_taken": dropped, "restarts": restarts}

    def close(self) -> None:
        """Ends every note, closes the port, ends the process and the threads."""
        if self._inside is not None:
            inside, self._inside = self._inside, None
            inside.end()
        if self._process is not None and not self._process.close():
            self._on_state("error", "the MIDI sender did not end in time and was killed")

    def close_soon(self) -> None:
        """Closes on another thread, for callers that must not wait for the process to end."""
        threading.Thread(target=self.close, name=f"closing {self.port}", daemon=True).start()

    def _send(self, *command: Any) -> None:
        if self._inside is not None:
            self._inside.execute(*command)
        elif self._process is not None:
            self._process.send(encode(*command), always=command[0] == "panic")

    def _set(self, owner: str, settings: dict[str, Any]) -> None:
        with self._setting:  # a node's thread and the control thread set different ones
            whole = {**self._settings.get(owner, {}), **settings}
            try:
                OutputSettings(**whole)  # raises in the caller's thread
            except TypeError as error:
                raise MidiError(str(error)) from None
            self._settings[owner] = whole
            self._send("set", owner, settings)

    def _forget(self, owner: str) -> None:
        self._settings.pop(owner, None)
        self._send("forget", owner)

    def _process_ended(self, why: str) -> None:
        self.state, self.sentence = "lost", "the MIDI sender is started again"
        self._on_state("error", f"the MIDI sender has ended ({why}); restarting it")

    def _first_lines(self) -> Iterable[bytes]:
        for owner, settings in self._settings.items():
            yield encode("set", owner, settings)
        if self._record is not None:
            yield encode("record", str(self._record))

    def _receive_line(self, line: bytes) -> None:
        try:
            state, sentence = json.loads(line)
        except ValueError:
            log.warning("the MIDI sender wrote %r, which is not a message of its protocol", line)
        else:
            self._receive(state, sentence)

    def _receive(self, state: str, sentence: str) -> None:
        match state:
            case "stats":
                number, figures = json.loads(sentence)
                with self._wake:
                    if number in self._answers:
                        self._answers[number] = figures
                        self._wake.notify_all()
            case "closed" | "here":
                pass
            case "keys":
                self.keys_address = sentence
                self._on_state(state, sentence)
            case "recording":
                self.recording = Path(sentence)
                there = f" ({self._record} exists already)" if self.recording != self._record else ""
                self._on_state(state, f"recording to {sentence}{there}")
            case _:
                if state in PORT_STATES:
                    self.state, self.sentence = state, sentence
                self._on_state(state, sentence)


class MidiVoice:
    """The output of one owner to a port; its settings may change while notes sound."""

    def __init__(self, out: MidiOutput, owner: str) -> None:
        self._out = out
        self._owner = owner

    def send(self, due_s: float, event: Event) -> None:
        """Schedules an event for a time of the clock; a past time means now. Raises MidiError."""
        parts = event_out(event)
        if parts is None:
            return
        if not math.isfinite(due_s):
            raise MidiError(f"{event!r} is due at {due_s}")
        self._out._send("play", float(due_s), self._owner, *parts)

    def send_raw(self, due_s: float, message: bytes) -> None:
        """Schedules a raw message, such as clock, start, stop, song position."""
        self._out._send("raw", float(due_s), self._owner, message.hex())

    def set(self, **settings: Any) -> None:
        """Changes settings such as channel or program (see OutputSettings). Raises MidiError."""
        self._out._set(self._owner, settings)

    def withdraw(self, after_s: float) -> None:
        """Withdraws later events, except the ends of notes that begin before, so that none hangs."""
        self._out._send("withdraw", self._owner, float(after_s))

    interrupt = withdraw
    """As `withdraw`: commands to the sender process may come from any thread."""

    def heard(self, after_s: float) -> None:
        """As `withdraw`, after the node has heard all keys up to then: the sender plays what comes from now on."""
        self._out._send("heard", self._owner, float(after_s))

    def listen(self, port: str, channel: int) -> None:
        """Whose keys the owner gives way to: a pattern as in Keys, empty for none, and a channel, 0 for any."""
        self.set(keys=port, keys_channel=channel)

    def gives_way(self, yes: bool) -> None:
        """Whether a performer's key silences the owner; the sender process stops its notes by itself then."""
        self.set(gives_way=yes)

    def silence(self) -> None:
        """Withdraws all events, ends every sounding note and releases the pedal now."""
        self._out._send("silence", self._owner)

    def close(self) -> None:
        """Silences the output; the port stays open for other owners."""
        self._out._forget(self._owner)
