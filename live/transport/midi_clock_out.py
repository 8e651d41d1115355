"""MIDI clock output: sends the beats to other devices; the sender process sends each tick at its deadline."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from live.midi import MidiError
from live.midi.input.message import CLOCK, CONTINUE, POSITION, START, STOP
from live.midi.output.midi_output import MidiOutput
from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import BeatLine, Clock
from live.transport.tick_tracker import PER_BEAT, PER_SIXTEENTH
from models.base import Knob, Value

log = logging.getLogger(__name__)

AHEAD_S = 0.15
"""How far ahead ticks are scheduled."""
STEP_S = 0.04
MARGIN_S = 0.010
"""Ticks due within this time are not withdrawn, because the sender may already be sending them."""
MOVED_S = 0.0002
"""A tick whose time changes by this much is withdrawn and sent again."""
BEFORE_S = 0.005
"""How long before their first tick start, continue and song position are sent; MIDI 1.0 requires 1 ms."""
AT_ONCE = 1 / 8
"""Beats: within this distance of the beginning, a late start is sent instead of a song position and continue."""


class ClockTarget(Protocol):
    """The receiver of the messages: a voice of a MidiOutput."""

    def send_raw(self, due_s: float, message: bytes) -> None: ...

    def withdraw(self, after_s: float) -> None: ...


class MidiClockOut:
    """The control-thread service that sends MIDI clock to the port in `/clock/out`.

    24 ticks per quarter note, for any source of the beats: tempo and its glides, taps, or a followed clock.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        wake: Callable[[], None],
        opening: Callable[[str], ClockTarget] | None = None,
    ) -> None:
        self.tree = tree
        self.clock = clock
        self._wake = wake
        self._opening = opening or self._open
        self._out: MidiOutput | None = None
        self._target: ClockTarget | None = None
        self._port = ""
        self._ready = True
        self._fresh = False
        self._playing = False
        self._begun_s = 0.0
        self._next = 0
        self._sent: deque[tuple[int, float]] = deque()

    # -- service ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the address."""
        what = "MIDI port to which MIDI clock is sent, as for --midi; empty for none"
        self.tree.add("/clock/out", Knob(what, kind="text", default=""), self._changed)
        how = "State of the port to which MIDI clock is sent"
        self.tree.add("/clock/out_state", Knob(how, kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Does nothing: the patch has no settings for it."""

    def advance(self, now_s: float) -> float:
        """Schedules the next ticks, and withdraws those whose time has changed."""
        wanted = str(self.tree.get("/clock/out")).strip()
        if wanted != self._port:
            self._port = wanted
            self._stop_target(now_s)
            if self._out is not None:
                self._out.close_soon()  # the control thread must not wait for the sender's process to end
            self._out = self._target = None
            self._target = self._opening(wanted) if wanted else None
            if not wanted:
                self.tree.publish("/clock/out_state", "")
        if self._target is None:
            return math.inf
        if not self._ready:  # ticks scheduled now would all be late and be sent in one burst when the port opens
            return now_s + STEP_S
        if self._fresh:  # nothing was sent to the receiver yet, or for a while
            self._fresh = self._playing = False
            self._target.withdraw(now_s)
        beats = self.clock.beats
        if not beats.running:
            self._stop(self._target, now_s)
            return now_s + STEP_S
        self._withdraw_moved(self._target, beats, now_s)
        if not self._playing:
            self._begin(self._target, beats, now_s)
        while (at_s := beats.time_at(self._next / PER_BEAT)) <= now_s + AHEAD_S:
            self._target.send_raw(max(at_s, now_s), bytes((CLOCK,)))
            self._sent.append((self._next, at_s))
            self._next += 1
        return now_s + STEP_S

    def close(self) -> None:
        """Sends a stop, and closes the port."""
        self._stop_target(self.clock.now())
        if self._out is not None:
            self._out.close()
        self._out = self._target = None

    # -- inside -------------------------------------------------------------------------------------------------

    def _changed(self, _: Value) -> None:
        self._wake()

    def _say(self, state: str, sentence: str) -> None:
        (log.warning if state in ("lost", "silent", "error") else log.info)("clock: %s", sentence)
        self.tree.publish("/clock/out_state", sentence)
        self._ready = self._fresh = state in ("opened", "returned", "silent")
        self._wake()

    def _open(self, port: str) -> ClockTarget:
        if self.clock.virtual:
            raise MidiError("MIDI clock cannot be sent on a virtual clock")
        self._ready = False
        self._out = MidiOutput(port, clock=self.clock, on_state=self._say)
        return self._out.voice("clock")

    def _begin(self, target: ClockTarget, beats: BeatLine, now_s: float) -> None:
        """Sends start at the beginning, or song position and continue at the next sixteenth."""
        self._playing, self._sent = True, deque()
        if 0.0 <= beats.beat_at(now_s) < AT_ONCE:
            self._begun_s = now_s
            target.send_raw(now_s, bytes((START,)))
            self._next = 0
            return
        sixteenth = max(0, math.ceil(beats.beat_at(now_s + BEFORE_S + MARGIN_S) * 4.0))
        self._next = sixteenth * PER_SIXTEENTH
        self._begun_s = beats.time_at(sixteenth / 4.0) - BEFORE_S
        target.send_raw(self._begun_s, bytes((POSITION, sixteenth & 127, sixteenth >> 7 & 127)))
        target.send_raw(self._begun_s, bytes((CONTINUE,)))

    def _withdraw_moved(self, target: ClockTarget, beats: BeatLine, now_s: float) -> None:
        """Withdraws the ticks whose times have changed; after a jump the receiver is repositioned."""
        while self._sent and self._sent[0][1] <= now_s + MARGIN_S:
            self._sent.popleft()
        if not self._playing:
            return
        if all(abs(beats.time_at(tick / PER_BEAT) - at_s) < MOVED_S for tick, at_s in self._sent):
            expected = beats.time_at(self._next / PER_BEAT)
            if now_s - AHEAD_S < expected < now_s + 2.0 * AHEAD_S + 60.0 / beats.tempo_bpm / PER_BEAT:
                return
        target.withdraw(now_s + MARGIN_S)
        if self._begun_s > now_s + MARGIN_S:  # withdrawn with the ticks: the receiver has not started
            self._playing = False
            return
        if self._sent:
            self._next = self._sent[0][0]
            self._sent.clear()
        if abs(beats.beat_at(now_s + MARGIN_S) * PER_BEAT - self._next) > 2.0:
            target.send_raw(now_s, bytes((STOP,)))
            self._playing = False

    def _stop(self, target: ClockTarget, now_s: float) -> None:
        if self._playing:
            target.withdraw(now_s)
            target.send_raw(now_s, bytes((STOP,)))
            self._playing = False

    def _stop_target(self, now_s: float) -> None:
        if self._target is not None:
            self._stop(self._target, now_s)
