"""Estimates beats from MIDI clock: 24 jittered ticks per quarter note.

An alpha-beta filter of phase and period with growing memory: its gains are those of a least-squares line through the
last `MEMORY` ticks (Brookner, "Tracking and Kalman Filtering Made Easy", 1998, section 1.2.10), at the cost of two
multiplications per tick. When the errors are biased to one side, the tempo is changing, and the memory is shortened.
"""

from __future__ import annotations

from live.transport.clock import BeatLine

PER_BEAT = 24
PER_SIXTEENTH = 6
MEMORY = 72
"""Ticks: three beats."""
SHORTEST = 6
LEAN = 1 / 8
"""Weight of each new error in the running means."""
LEANING = 0.6
BELIEVED = 3.0
"""Factor of the mean absolute error to which larger errors are clipped."""
QUIET_S = 0.0002
"""Errors below this are jitter, not a change of tempo."""
FIRST_SPREAD_S = 0.001
SILENCE_S = 0.6
"""More than two periods of the slowest tempo."""
SLOWEST_S, FASTEST_S = 60.0 / 10.0 / PER_BEAT, 60.0 / 400.0 / PER_BEAT
OFF = 0.3
"""Share of a period: a gap that differs by more comes from another tempo, or from a delayed sender."""
ALIKE, SURE = 0.2, 3
"""Relative difference and number of gaps that show another tempo."""
BURST = 0.5
"""Share of a period: faster ticks after a silence are delayed ones."""

TOGETHER = 0.3
"""Share of a period: ticks closer than this, and closer than at the fastest tempo, were delayed together."""


class TickTracker:
    """Receives ticks, start, stop, continue and song position; `beats` is the estimate."""

    def __init__(self, tempo_bpm: float, beat: float) -> None:
        self.period_s = 60.0 / tempo_bpm / PER_BEAT
        self.last_s: float | None = None
        """Arrival time of the last tick."""
        self.known = False
        """Whether a start, stop or continue was ever received: before, ticks imply that the clock runs."""
        self.running = False
        self._armed = True
        self._count = round(beat * PER_BEAT) - 1
        self._at_s = 0.0
        self._age = 0
        self._lean_s = self._spread_s = 0.0
        self._odd: list[float] = []
        self._guessed = 0
        """Ticks counted as lost in the last silence, that may still arrive."""

    # -- messages ---- ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts from the beginning at the next tick."""
        self._count, self._armed, self.known = -1, True, True

    def go_on(self) -> None:
        """Continues from the current position at the next tick."""
        self._armed, self.known = True, True

    def stop(self) -> None:
        """Stops."""
        self.running, self._armed, self.known = False, False, True

    def locate(self, sixteenths: int) -> None:
        """Sets the position of the next continue or, while running, of the next tick."""
        self._count = sixteenths * PER_SIXTEENTH - 1
        self.known = True

    def tick(self, at_s: float) -> None:
        """Processes a tick, one of 24 per beat."""
        late = self._guessed > 0 and self.last_s is not None and at_s - self.last_s < BURST * self.period_s
        if late:  # it was delayed, and is counted already
            self._guessed -= 1
            self.last_s = at_s
            return
        lost = self._guessed = self._filter(at_s)
        self.last_s = at_s
        if self._armed:
            self.running, self._armed = True, False
            self._count += 1
        elif self.running:
            self._count += 1 + lost

    @property
    def beats(self) -> BeatLine:
        """Beats as a function of time, after the last tick."""
        beat = max(0, self._count + (not self.running)) / PER_BEAT
        return BeatLine(self._at_s, beat, self.tempo_bpm, self.running)

    @property
    def tempo_bpm(self) -> float:
        return 60.0 / self.period_s / PER_BEAT

    # -- inside -------------------------------------------------------------------------------------------------

    def _filter(self, at_s: float) -> int:
        """Moves phase and period towards a tick; returns the number of ticks lost before it, 0 except after a silence.

        A gap of two periods does not mean a lost tick, because a delayed sender may catch up.
        """
        if self.last_s is None:
            self._at_s, self._age = at_s, 1
            return 0
        gap_s = at_s - self.last_s
        if self._age <= 2:
            self._take(at_s, gap_s)
            return 0
        if gap_s > SILENCE_S:  # the tempo may be unchanged; the phase is taken from this tick
            lost = round((at_s - self._at_s) / self.period_s) - 1
            self._take(at_s, self.period_s)
            return lost
        if gap_s < min((1.0 - OFF) * FASTEST_S, TOGETHER * self.period_s):
            self._at_s += self.period_s  # a tick of a burst has no information on tempo and phase
            return 0
        if abs(gap_s - self.period_s) > OFF * self.period_s and gap_s > (1.0 - OFF) * FASTEST_S:
            alike = bool(self._odd) and abs(gap_s - self._odd[-1]) < ALIKE * gap_s
            self._odd = [*self._odd, gap_s] if alike else [gap_s]
            if len(self._odd) == SURE:
                self._take(at_s, sum(self._odd) / SURE)
                return 0
        else:
            self._odd = []
        error_s = at_s - self._at_s - self.period_s
        error_s = self._weighed(error_s)
        age = self._age
        alpha, beta = 2.0 * (2 * age - 1) / (age * (age + 1)), 6.0 / (age * (age + 1))
        self._at_s += self.period_s + alpha * error_s
        self.period_s = min(max(self.period_s + beta * error_s, FASTEST_S), SLOWEST_S)
        return 0

    def _take(self, at_s: float, gap_s: float) -> None:
        """Restarts the filter at a tick, with the gap before it as the period."""
        self._at_s, self._age = at_s, 3
        self.period_s = min(max(gap_s, FASTEST_S), SLOWEST_S)
        self._lean_s, self._spread_s = 0.0, FIRST_SPREAD_S
        self._odd = []

    def _weighed(self, error_s: float) -> float:
        """The error clipped to a multiple of its mean size, since a busy sender makes some ticks very late.

        Shortens the memory while errors are biased to one side, and lets it grow otherwise.
        """
        bound_s = BELIEVED * self._spread_s + QUIET_S
        error_s = min(max(error_s, -bound_s), bound_s)
        self._lean_s += (error_s - self._lean_s) * LEAN
        self._spread_s += (abs(error_s) - self._spread_s) * LEAN
        if self._age > SHORTEST and abs(self._lean_s) > LEANING * self._spread_s + QUIET_S:
            self._age = max(SHORTEST, int(self._age * 0.8))
        else:
            self._age = min(MEMORY, self._age + 1)
        return error_s
