"""MIDI clock out: sends the beats to other devices, each tick from the sender process at its own deadline."""

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
from live.transport.clock import Beat, Clock
from live.transport.tick_tracker import PER_BEAT, PER_SIXTEENTH
from models.base import Knob, Value

log = logging.getLogger(__name__)

AHEAD_S = 0.15
"""So far ahead the sender has its deadlines."""
STEP_S = 0.04
MARGIN_S = 0.010
"""What is due sooner may be on its way already."""
MOVED_S = 0.0002
"""A tick whose time changes by this much is withdrawn and sent again."""
BEFORE_S = 0.005
"""Start, continue and song position go so long before their first tick; MIDI 1.0 asks for a millisecond."""
AT_ONCE = 1 / 8
"""Beats: begun so little ago, it is a start from the top, a little late, and no continue from further on."""


class ClockTarget(Protocol):
    """Takes the messages: a voice of a MidiOutput."""

    def send_raw(self, due_s: float, message: bytes) -> None: ...

    def withdraw(self, after_s: float) -> None: ...


class MidiClockOut:
    """The control-thread service that sends our beats to the port in `/clock/out`.

    24 ticks a quarter note, whatever moves the beats: our tempo and its glides, taps, or a clock that we follow.
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

    # -- the part -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the address."""
        what = "The MIDI port that gets our beats as MIDI clock, as --midi names it; empty for none"
        self.tree.add("/clock/out", Knob(what, kind="text", default=""), self._changed)
        how = "State of the port that gets our beats"
        self.tree.add("/clock/out_state", Knob(how, kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Nothing of it is the patch's."""

    def advance(self, now_s: float) -> float:
        """Sends the ticks of the next moments, and withdraws those whose time has changed."""
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
        if not self._ready:  # what is sent now would all be late, and go out in one burst when the port is there
            return now_s + STEP_S
        if self._fresh:  # the receiver has got nothing for a while, or nothing yet
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
            raise MidiError("no clock can be sent from a virtual clock")
        self._ready = False
        self._out = MidiOutput(port, clock=self.clock, on_state=self._say)
        return self._out.voice("clock")

    def _begin(self, target: ClockTarget, beats: Beat, now_s: float) -> None:
        """Start from the top, or song position and continue at the next sixteenth."""
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

    def _withdraw_moved(self, target: ClockTarget, beats: Beat, now_s: float) -> None:
        """Where the beats have moved, the ticks that can still be stopped are; a jump begins again elsewhere."""
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
