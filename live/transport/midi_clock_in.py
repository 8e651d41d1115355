"""MIDI clock input: the beats follow another device, in spite of jitter, stops and silences."""

from __future__ import annotations

import logging
from dataclasses import replace

from live.midi.input.input_set import matches
from live.midi.input.message import CLOCK, CONTINUE, POSITION, START, STOP, InputMessage
from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock
from live.transport.tick_tracker import TickTracker
from models.base import Knob

log = logging.getLogger(__name__)

CHECK_EVERY_S = 0.05
LOST_AFTER_S = 0.4
GONE_AFTER_S = 10.0
"""After this silence, beats that are stopped without a stop message run on in their own tempo."""
ANOTHER_AFTER_S = 2.0
"""After this silence of the followed device another one may be followed."""
PUBLISH_BPM = 0.05
"""Least change of the tempo that is published."""
_KINDS = (CLOCK, START, CONTINUE, STOP, POSITION)


class MidiClockIn:
    """The control-thread service that sets the clock while `/clock/source` is `midi`.

    Of several devices that send clock the first one is followed. When it falls silent without a stop message, the beats
    continue in the last tempo; when it sends again, they continue from its position.
    """

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self.tree = tree
        self.clock = clock
        self._tracker: TickTracker | None = None
        self._device = ""
        self._message_s = 0.0
        self._waiting_s = float("inf")
        self._state = ""

    def open(self) -> None:
        """Declares the addresses."""
        which = "MIDI input whose clock is followed: a part of its name, or auto for the first one that sends a clock"
        self.tree.add("/clock/in", Knob(which, kind="text", default="auto"))
        offset = "Shift of the beats from the followed clock: later (+) or earlier (-)"
        self.tree.add("/clock/offset", Knob(offset, -250.0, 250.0, "ms"))
        state = "State of the followed clock: waiting, running, stopped, or lost"
        self.tree.add("/clock/state", Knob(state, kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Does nothing: the patch has no settings for it."""

    def receive(self, message: InputMessage) -> bool:
        """Follows a clock message of the followed device; returns False, so that other receivers get it, too."""
        if message.kind in _KINDS and self._leads():
            pattern = str(self.tree.get("/clock/in"))
            if pattern.strip().casefold() == "auto" or matches(pattern, message.device):
                self._follow(message)
        return False

    def _follow(self, given: InputMessage) -> None:
        silent_s = given.at_s - self._message_s
        if self._tracker is None or (given.device != self._device and silent_s > ANOTHER_AFTER_S):
            self._tracker = TickTracker(self.clock.beats.tempo_bpm, self.clock.beat())
            self._device = given.device
        elif given.device != self._device:
            return
        self._message_s = given.at_s
        tracker, was_running = self._tracker, self.clock.running
        if given.kind == CLOCK:
            tracker.tick(given.at_s)
        elif given.kind == POSITION:
            tracker.locate(given.fourteen)
        else:
            {START: tracker.start, CONTINUE: tracker.go_on, STOP: tracker.stop}[given.kind]()
        self._lead(tracker)
        if tracker.running != was_running:
            self.tree.publish("/clock/play", tracker.running)

    def advance(self, now_s: float) -> float:
        """Publishes the state of the followed clock."""
        if not self._leads():
            self._tracker = None
            self._waiting_s = float("inf")
            self._publish("")
            return float("inf")
        tracker = self._tracker
        if tracker is None:
            self._publish("waiting for a MIDI clock")
            self._waiting_s = now_s if self.clock.running else min(self._waiting_s, now_s)
            if now_s - self._waiting_s >= GONE_AFTER_S:
                self.clock.play()
                self.tree.publish("/clock/play", True)
                log.info("no MIDI clock for %g s: the beats run in their own tempo until one arrives", GONE_AFTER_S)
        elif not tracker.running:
            self._publish(f"{self._device} is stopped")
        elif now_s - self._message_s > LOST_AFTER_S:
            self._publish(f"{self._device} is lost: continuing in its tempo")
        else:
            self._publish(f"{self._device} runs")
        if tracker is not None:
            if tracker.beats.running:
                self._lead(tracker)  # the offset may have moved
            tempo = self.tree.get("/clock/tempo")
            if abs(float(tempo) - tracker.tempo_bpm) >= PUBLISH_BPM:  # type: ignore[arg-type]
                self.tree.publish("/clock/tempo", round(tracker.tempo_bpm, 2))
        return now_s + CHECK_EVERY_S

    def close(self) -> None:
        """Does nothing: no resource is open."""

    # -- inside -------------------------------------------------------------------------------------------------

    def _leads(self) -> bool:
        return self.tree.get("/clock/source") == "midi"

    def _lead(self, tracker: TickTracker) -> None:
        offset_s = float(self.tree.get("/clock/offset")) / 1000.0  # type: ignore[arg-type]
        self.clock.follow(replace(tracker.beats, at_s=tracker.beats.at_s + offset_s))

    def _publish(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.tree.publish("/clock/state", state)
