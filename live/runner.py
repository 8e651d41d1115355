"""Runs one model ahead of the clock: the thread behind a patch's Node.

The runner keeps a position in time, `due`. A Wait from the model moves it on; every other event is sent with it as
its deadline. It steps as long as the position is less than `lookahead` seconds ahead, then sleeps. Since a model's
state is explicit, the states of the last steps are kept: what is scheduled and not yet due can be withdrawn, and the
model goes on from where it was at that moment.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from typing import Annotated, Any

from live.clock import Clock
from live.port import Output
from live.tree import Tree
from models.base import Declares, Event, Knob, Model, NoteOn, Pulse, Wait, knobs_of, pulse

log = logging.getLogger(__name__)

WITHDRAW_MARGIN_S = 0.010
"""What is due this soon is left alone: it may be on its way out of the sender already."""

RATE_WINDOW_S = 2.0
FAILURES_AT_MOST = 5
RETRY_S = 1.0


def _own(
    *,
    pause: Annotated[bool, Knob("Hold still: what sounds is ended, and it goes on from here")] = False,
    mute: Annotated[bool, Knob("Go on unheard: nothing is sent out")] = False,
    reset: Annotated[Pulse, pulse("Begin again from the seed")] = False,
    now: Annotated[
        Pulse, pulse("Act at once: withdraw what is scheduled and decide again with the knobs as they are")
    ] = False,
    seed: Annotated[int, Knob("The same seed gives the same performance; a new one begins again", 0, 2**31 - 1)] = 0,
    lookahead: Annotated[
        float,
        Knob("How far ahead it decides: the timing's reserve, and a knob's delay", 0.02, 2.0, "s", "log"),
    ] = 0.2,
    nudge: Annotated[float, Knob("Send everything earlier (-) or later (+)", -250.0, 250.0, "ms")] = 0.0,
) -> None:
    """The knobs that every node has, whatever its model."""


OWN_KNOBS = knobs_of(_own)
URGENT = ("pause", "mute", "reset", "now", "seed", "lookahead")


def knobs_for(model: type[Model]) -> dict[str, Knob]:
    """All knobs of a node that runs this model: the model's own, then those every node has.

    Raises TypeError where a model takes one of the node's names.
    """
    knobs = knobs_of(model.step)
    taken = knobs.keys() & OWN_KNOBS.keys()
    if taken:
        raise TypeError(f"{model.__name__} has a knob named {', '.join(sorted(taken))}, which every node has already")
    return {**knobs, **OWN_KNOBS}


def knobs_of_loaded(model: Model) -> dict[str, Knob]:
    """All knobs of a node that runs this very model, with what only its weights know."""
    knobs = knobs_for(type(model))
    return model.declare(knobs) if isinstance(model, Declares) else knobs


class Runner:
    """One model, stepping `lookahead` seconds ahead of the clock, its events sent to every output."""

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[Output]) -> None:
        self.name = name
        self.model = model
        self.tree = tree
        self.clock = clock
        self.outputs = list(outputs)
        self.wake = threading.Condition()
        self.due_s = clock.now()
        self.steps = 0
        self.late_s = 0.0
        self.step_s = 0.0
        self._knob_names = list(knobs_for(type(model)))
        self._seed = int(tree.snapshot(name, ["seed"])["seed"])  # type: ignore[arg-type]
        self._state = model.start(self._seed)
        self._past: deque[tuple[float, Any, list[Event]]] = deque()
        self._heard: list[Event] = []
        self._played: deque[float] = deque()
        self._paused = False
        self._muted = False
        self._failures = 0
        self._stopping = False
        self.woken = False
        """Something happened that must not wait for the time at which it wants to be called."""
        self._thread: threading.Thread | None = None

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to play, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"node {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread within one step and silences what sounds."""
        with self.wake:
            self._stopping = True
            self.wake.notify()
        if self._thread is not None:
            self._thread.join()
        for output in self.outputs:
            output.silence()

    def hear(self, event: Event) -> None:
        """Something a player did; the model takes it in with its next step."""
        with self.wake:
            self._heard.append(event)
            self._wake_up()

    def notice(self, address: str, _arguments: tuple[Any, ...]) -> None:
        """A watcher of the tree: knobs that must act at once end the runner's sleep."""
        node, _, knob = address[1:].partition("/")
        if node == self.name and knob in URGENT:
            with self.wake:
                self._wake_up()

    def swap(self, model: Model) -> None:
        """Puts another model, already loaded, in place of this one: what is scheduled is withdrawn, then it starts."""
        with self.wake:
            self._swapped = model
            self._wake_up()

    def notes_per_second(self) -> float:
        """Notes struck in the last two seconds up to now, per second."""
        now_s = self.clock.now()
        return sum(now_s - RATE_WINDOW_S < struck <= now_s for struck in list(self._played)) / RATE_WINDOW_S

    # -- one iteration ------------------------------------------------------------------------------------------

    def iterate(self) -> float:
        """Does what is to be done now, one step at the most; returns the time at which it wants to be called again.

        A failing model is started anew after a second, and given up after several failures in a row, with the
        message at `/engine/error`; the other nodes go on.
        """
        with self.wake:
            self.woken = False
        try:
            wanted_s = self._advance()
        except Exception as error:
            self._failures += 1
            log.exception("%s failed", self.name)
            given_up = self._failures >= FAILURES_AT_MOST
            self.tree.publish("/engine/error", f"{self.name}: {type(error).__name__}: {error}")
            self.tree.publish(f"/{self.name}/state", "failed" if given_up else "restarting")
            self._begin_again(self.clock.now())
            return float("inf") if given_up else self.clock.now() + RETRY_S
        return wanted_s

    def _advance(self) -> float:
        now_s = self.clock.now()
        swapped, self._swapped = self._swapped, None
        knobs = self.tree.snapshot(self.name, self._knob_names)
        own = {name: knobs.pop(name) for name in OWN_KNOBS}
        nudge_s = float(own["nudge"]) / 1000.0  # type: ignore[arg-type]
        if swapped is not None:
            self.model, self._failures = swapped, 0
        if swapped is not None or own["reset"] or own["seed"] != self._seed:
            self._seed = int(own["seed"])  # type: ignore[arg-type]
            self._failures = 0
            self._begin_again(now_s)
        if own["now"]:
            self._go_back(now_s, nudge_s)
        if own["pause"] != self._paused:
            self._paused = bool(own["pause"])
            self._go_back(now_s, nudge_s)
            self._silence()
            self.tree.publish(f"/{self.name}/state", "paused" if self._paused else "playing")
        if own["mute"] != self._muted:
            self._muted = bool(own["mute"])
            if self._muted:
                self._silence()
        if self._paused:
            return float("inf")
        lookahead_s = float(own["lookahead"]) + max(0.0, -nudge_s)  # type: ignore[arg-type]
        wanted_s = self.due_s - lookahead_s
        if wanted_s > now_s:
            return wanted_s
        if self.due_s < now_s:
            self.late_s = max(self.late_s, now_s - self.due_s)
            self.due_s = now_s
        self._step(knobs, now_s, nudge_s)
        return now_s

    def _step(self, knobs: dict[str, Any], now_s: float, nudge_s: float) -> None:
        heard, self._heard = self._heard, []
        self._past.append((self.due_s, self._state, heard))
        while len(self._past) > 1 and self._past[1][0] <= now_s:
            self._past.popleft()
        began_s = self.clock.now()
        events, self._state = self.model.step(self._state, heard, **knobs)
        self.step_s += (self.clock.now() - began_s - self.step_s) * 0.05
        self.steps += 1
        self._failures = 0
        for event in events:
            if isinstance(event, Wait):
                self.due_s += event.seconds
                continue
            if self._muted:
                continue
            if isinstance(event, NoteOn):
                self._played.append(self.due_s + nudge_s)
                while self._played[0] < now_s - RATE_WINDOW_S:
                    self._played.popleft()
            for output in self.outputs:
                output.send(self.due_s + nudge_s, event)

    def _go_back(self, now_s: float, nudge_s: float) -> None:
        """Withdraws what is not yet due, and puts the model back to where it was then."""
        from_s = now_s + WITHDRAW_MARGIN_S
        for output in self.outputs:
            output.withdraw(from_s + nudge_s)
        while self._played and self._played[-1] > from_s + nudge_s:
            self._played.pop()
        undone = [step for step in self._past if step[0] > from_s]
        if undone:
            self._state = undone[0][1]
            self._past = deque(step for step in self._past if step[0] <= from_s)
            # What was heard in the steps undone did happen, and is heard again.
            self._heard = [event for _, _, heard in undone for event in heard] + self._heard
        self.due_s = now_s

    def _begin_again(self, now_s: float) -> None:
        self._silence()
        self._past.clear()
        self._state = self.model.start(self._seed)
        self.due_s = now_s

    def _silence(self) -> None:
        for output in self.outputs:
            output.silence()

    # -- the thread ---------------------------------------------------------------------------------------------

    _swapped: Model | None = None

    def _wake_up(self) -> None:
        self.woken = True
        self.wake.notify()

    def _run(self) -> None:
        while True:
            wanted_s = self.iterate()
            with self.wake:
                if not self.woken and not self._stopping:
                    self.clock.wait(wanted_s, self.wake)
                if self._stopping:
                    return
