"""Beats from MIDI clock: 24 ticks a quarter note, each of them a little early or late, become a steady line.

A filter of phase and period whose memory grows: alpha-beta, with the gains of a least-squares fit to the last `MEMORY`
ticks (Brookner, "Tracking and Kalman Filtering Made Easy", 1998, section 1.2.10), so that it finds what a straight line
through them would, at the cost of two multiplications. When the errors lean to one side, the tempo is changing, and the
memory is made shorter.
"""

from __future__ import annotations

from live.transport.clock import Beat

PER_BEAT = 24
PER_SIXTEENTH = 6
MEMORY = 72
"""Ticks: three beats."""
SHORTEST = 6
LEAN = 1 / 8
"""Part of each new error in the running means."""
LEANING = 0.6
BELIEVED = 3.0
"""Of the mean size of the errors: larger errors are clipped to it."""
QUIET_S = 0.0002
"""Errors below this are jitter, and no change of tempo."""
FIRST_SPREAD_S = 0.001
SILENCE_S = 0.6
"""Longer than a period of the slowest tempo, and a second tick was lost, too."""
SLOWEST_S, FASTEST_S = 60.0 / 10.0 / PER_BEAT, 60.0 / 400.0 / PER_BEAT
OFF = 0.3
"""Of a period: a gap that differs by more is of another tempo, or of a sender that was held up."""
ALIKE, SURE = 0.2, 3
"""So many gaps that are so much alike are another tempo."""
BURST = 0.5
"""Of a period: ticks after a silence that follow each other faster are those that were late."""

TOGETHER = 0.3
"""Of a period: ticks nearer to each other than this, and than the fastest tempo has them, were held up together."""


class TickTracker:
    """Takes ticks, start, stop, continue and song position; `line` is where the beats are."""

    def __init__(self, tempo_bpm: float, beat: float) -> None:
        self.period_s = 60.0 / tempo_bpm / PER_BEAT
        self.last_s: float | None = None
        """When the last tick came, as it came."""
        self.known = False
        """Whether a start, stop or continue was ever received: before that, ticks mean that it runs."""
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
        """Starts from the beginning, with the next tick."""
        self._count, self._armed, self.known = -1, True, True

    def go_on(self) -> None:
        """Continues from the present position, with the next tick."""
        self._armed, self.known = True, True

    def stop(self) -> None:
        """Stops."""
        self.running, self._armed, self.known = False, False, True

    def locate(self, sixteenths: int) -> None:
        """Moves to a position, for the next continue; while running, the next tick is there."""
        self._count = sixteenths * PER_SIXTEENTH - 1
        self.known = True

    def tick(self, at_s: float) -> None:
        """One of twenty-four a beat."""
        late = self._guessed > 0 and self.last_s is not None and at_s - self.last_s < BURST * self.period_s
        if late:  # it was only held up, and is counted already
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
    def line(self) -> Beat:
        """The line of beats, as the last tick left it."""
        beat = max(0, self._count + (not self.running)) / PER_BEAT
        return Beat(self._at_s, beat, self.tempo_bpm, self.running)

    @property
    def tempo_bpm(self) -> float:
        return 60.0 / self.period_s / PER_BEAT

    # -- inside -------------------------------------------------------------------------------------------------

    def _filter(self, at_s: float) -> int:
        """Moves phase and period towards a tick; gives how many were lost before it, which only a silence means.

        Ticks are counted, not guessed: a gap of two periods is a sender that was held up, and it may catch up.
        """
        if self.last_s is None:
            self._at_s, self._age = at_s, 1
            return 0
        gap_s = at_s - self.last_s
        if self._age <= 2:
            self._take(at_s, gap_s)
            return 0
        if gap_s > SILENCE_S:  # the tempo may be the same, the phase is what this tick says
            lost = round((at_s - self._at_s) / self.period_s) - 1
            self._take(at_s, self.period_s)
            return lost
        if gap_s < min((1.0 - OFF) * FASTEST_S, TOGETHER * self.period_s):
            self._at_s += self.period_s  # one of a burst says nothing of tempo and phase
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
        """Starts the filter again at a tick, with the period of the gap before it."""
        self._at_s, self._age = at_s, 3
        self.period_s = min(max(gap_s, FASTEST_S), SLOWEST_S)
        self._lean_s, self._spread_s = 0.0, FIRST_SPREAD_S
        self._odd = []

    def _weighed(self, error_s: float) -> float:
        """The error as far as it is to be believed: a computer that was busy makes ticks late, some of them very.

        Shortens the memory where errors lean to one side, and lets it grow again where they do not.
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
