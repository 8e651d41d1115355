"""The clock's addresses: tempo, tap, meter, play and stop, and position."""

from __future__ import annotations

import itertools
import statistics
from collections import deque
from collections.abc import Callable

from live.parameters.tree import Tree
from live.parameters.writer import current_writer
from live.patch import Patch
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value, pulse

PUBLISH_EVERY_S = 0.05
JUST_PAST_S = 0.0001
TAPS = 8
"""Number of taps of which the tempo is the mean."""
LONGEST_TAP_S = 2.5
"""A tap later than this after the previous one starts a new count."""

SOURCES = ("internal", "midi", "link")


class TempoService:
    """The control-thread service that sets the clock from its addresses, and publishes its position.

    While a MIDI clock is followed (`/clock/source`), setting the tempo, tap, downbeat and locate are errors, and play
    and stop do nothing.
    """

    def __init__(self, tree: Tree, clock: Clock, wake: Callable[[], None]) -> None:
        self.tree = tree
        self.clock = clock
        self._wake = wake
        self._taps: deque[float] = deque(maxlen=TAPS)
        self._bar = -1
        self._publish_s = 0.0
        self._refused = False

    def open(self) -> None:
        """Declares the addresses; the beats begin now."""
        add, clock = self.tree.add, self.clock
        source = "Source of the tempo: /clock/tempo (internal), a MIDI clock, or Ableton Link"
        add("/clock/source", Knob(source, kind="choice", choices=SOURCES, default=SOURCES[0]), lambda _: self._wake())
        add("/clock/tempo", Knob("Tempo", 10.0, 400.0, "bpm", default=clock.beats.tempo_bpm), self._set_tempo)
        add("/clock/play", Knob("Whether the beats run", kind="switch", default=True), self._play)
        add("/clock/meter", Knob("Beats per bar", 1, 32, "beats", kind="int", default=clock.meter), self._set_meter)
        add("/clock/tap", pulse("Tap tempo: two or more taps set it"), lambda _: self._tap())
        add("/clock/downbeat", pulse("Starts a bar now"), lambda _: self._downbeat())
        add("/clock/locate", Knob("Go to this beat", 0.0, 1e6, "beats", access="w"), self._locate)
        add("/clock/beat", Knob("Quarter notes since the start", unit="beats", access="r"))
        add("/clock/bar", Knob("Number of the bar, from 0", kind="int", access="r", default=0))
        add("/clock/phase", Knob("Position within the beat", 0.0, 1.0, access="r"))
        clock.play(0.0)

    def follow(self, patch: Patch) -> None:
        """Does nothing: the patch's tempo is set through its address."""

    def advance(self, now_s: float) -> float:
        """Publishes beat, bar and phase."""
        tree, clock = self.tree, self.clock
        if self._refused:
            self._refused = False
            tree.publish("/clock/tempo", round(clock.beats.tempo_bpm, 2))
        bar, _ = clock.bar()
        if bar != self._bar:
            self._bar = bar
            tree.publish("/clock/bar", bar)
        if clock.running != tree.get("/clock/play") and tree.get("/clock/source") != "link":
            tree.publish("/clock/play", clock.running)
        if now_s >= self._publish_s:
            beat = clock.beat()
            tree.publish("/clock/beat", beat)
            tree.publish("/clock/phase", beat % 1.0)
            self._publish_s = now_s + PUBLISH_EVERY_S
            if clock.running:  # just after the beat, so that its number is published
                self._publish_s = min(self._publish_s, clock.next_beat_s(now_s) + JUST_PAST_S)
        return self._publish_s

    def close(self) -> None:
        """Does nothing: no resource is open."""

    # -- the addresses ------------------------------------------------------------------------------------------

    def _leads(self) -> bool:
        return self.tree.get("/clock/source") == "internal"

    def _lead(self) -> None:
        """Raises KnobError while the clock follows another source."""
        if not self._leads():
            raise KnobError(f"the clock follows {self.tree.get('/clock/source')}: set /clock/source to internal first")

    def _set_tempo(self, tempo_bpm: Value) -> None:
        if self._leads():
            self.clock.set_tempo(float(tempo_bpm))  # type: ignore[arg-type]
        elif self.tree.get("/clock/source") == "midi":
            self._refused = True  # `advance` publishes the actual tempo, after this one has been published
            self._wake()
            if current_writer() is not None:  # presets and glides do not fail because of it
                self._lead()
        self._wake()

    def _play(self, on: Value) -> None:
        if self._leads() and on != self.clock.running:
            (self.clock.play if on else self.clock.stop)()
            self._wake()

    def _set_meter(self, beats: Value) -> None:
        self.clock.meter = int(beats)  # type: ignore[arg-type]
        self._wake()

    def _locate(self, beat: Value) -> None:
        self._lead()
        running = self.clock.running
        self.clock.play(float(beat))  # type: ignore[arg-type]
        if not running:
            self.clock.stop()
        self._wake()

    def _downbeat(self) -> None:
        meter = self.clock.meter
        self._locate(max(0.0, float(round(self.clock.beat() / meter) * meter)))

    def _tap(self) -> None:
        self._lead()
        now_s = self.clock.now()
        if self._taps and now_s - self._taps[-1] > LONGEST_TAP_S:
            self._taps.clear()
        self._taps.append(now_s)
        if len(self._taps) > 1:
            taps = list(self._taps)
            gap_s = statistics.median(b - a for a, b in itertools.pairwise(taps))
            self.tree.set("/clock/tempo", 60.0 / max(gap_s, 0.01))
