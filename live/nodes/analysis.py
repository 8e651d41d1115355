"""Analyses pictures for a model on a thread of its own, beside its steps (`models.base.Analyses`)."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from live.system.niceness import lower_priority
from live.system.queues import LatestValue
from live.system.sentence import describe
from live.transport.clock import Clock
from models.base import Analyses, Frame, Mask, Trouble

log = logging.getLogger(__name__)

LATE_S, LATEST_S = 0.25, 4.0
"""Least and greatest time after which a picture is no longer kept back for its result."""
STOP_WITHIN_S = 2.0
"""How long `stop` waits for an analysis to return."""


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPicture:
    """A picture, when it came, and what was found in it."""

    frame: Frame
    came_s: float
    found: Mask


class PictureAnalysis:
    """Calls `analyse` of the model with the newest picture, at most `rate` times a second.

    The thread starts with the first picture that is to be analysed. On a virtual clock there is none: a picture is
    analysed within `offer`, so that a piece is the same each time. `model` returns the current model; `done` is called
    after each result, which `take` returns; `fail` takes a Trouble or the sentence of an exception.
    """

    def __init__(
        self,
        name: str,
        model: Callable[[], Analyses],
        clock: Clock,
        done: Callable[[], None],
        fail: Callable[[Trouble], None],
    ) -> None:
        self.seconds = 0.0
        """Time of one analysis, smoothed."""
        self.rate = 0.0
        self._name = name
        self._model = model
        self._clock = clock
        self._done = done
        self._fail = fail
        self._wake = threading.Condition()
        self._frames: LatestValue[tuple[Frame, float]] = LatestValue()
        self._results: LatestValue[AnalysedPicture] = LatestValue()
        self._next_s = clock.now()
        self._failed = False
        self._stopping = False
        self._thread: threading.Thread | None = None

    # -- from the threads of the node and its source ------------------------------------------------------------

    def set_rate(self, rate: float) -> None:
        """Sets the most analyses a second; 0 for none, which also ends the rest after a failure."""
        if rate == self.rate:
            return
        with self._wake:
            self.rate = rate
            if rate <= 0.0:
                self._failed, self._next_s = False, self._clock.now()
                self._results.take()
            else:
                self._next_s = min(self._next_s, self._clock.now() + 1.0 / rate)
            self._wake.notify()
        self._begin()

    def offer(self, frame: Frame) -> None:
        """Takes the newest picture; it replaces one that was not analysed."""
        self._frames.put((frame, self._clock.now()))
        self._begin()

    @property
    def waiting(self) -> bool:
        """Whether there is a result that was not taken."""
        return self._results.waiting

    @property
    def working(self) -> bool:
        """Whether results can be expected."""
        return self.rate > 0.0 and not self._failed

    @property
    def late_s(self) -> float:
        """Without a result for this long, pictures are no longer kept back for it."""
        return min(LATEST_S, max(LATE_S, 1.5 / self.rate + 2.0 * self.seconds)) if self.working else 0.0

    def take(self) -> AnalysedPicture | None:
        """The newest result, once."""
        return self._results.take()

    def stop_soon(self) -> None:
        """Asks the thread to end; returns at once."""
        with self._wake:
            self._stopping = True
            self._wake.notify()

    def stop(self) -> None:
        """Ends the thread; waits at most 2 s for its analysis."""
        self.stop_soon()
        if self._thread is not None:
            self._thread.join(STOP_WITHIN_S)

    # -- inside -------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self.rate <= 0.0 or self._stopping:
            return
        if self._clock.virtual:
            if self._due_s() <= self._clock.now():
                self._analyse()
            return
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"analysis {self._name}", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _due_s(self) -> float:
        """The time of the next analysis; infinity while there is nothing to do."""
        return self._next_s if self.rate > 0.0 and self._frames.waiting and not self._failed else math.inf

    def _analyse(self) -> None:
        taken, rate, began_s = self._frames.take(), self.rate, self._clock.now()
        if taken is None or rate <= 0.0:
            return
        frame, came_s = taken
        # Counted from the time that was due, as long as the analyses keep up: otherwise delays would add up.
        self._next_s = max(self._next_s, began_s - 1.0 / rate) + 1.0 / rate
        try:
            result = self._model().analyse(frame)
        except Exception as error:  # a model may raise anything
            log.debug("%s: analysis", self._name, exc_info=True)
            result = Trouble(f"the analysis of a picture failed: {describe(error)}")
        took_s = self._clock.now() - began_s
        self.seconds += (took_s - self.seconds) * (0.2 if self.seconds else 1.0)
        if isinstance(result, Trouble):
            self._failed = True
            self._fail(result)
        elif self.rate > 0.0:
            self._results.put(AnalysedPicture(frame, came_s, result))
            self._done()

    def _run(self) -> None:
        lower_priority()
        while True:
            with self._wake:
                while not self._stopping and (due_s := self._due_s()) > self._clock.now():
                    self._clock.wait(due_s, self._wake)
                if self._stopping:
                    return
            self._analyse()
