"""The thread of a node: runs one model step by step."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from live.nodes.output import EventOutput
from live.parameters.tree import Tree
from live.session.digest import EventDigest
from live.system.sentence import describe
from live.transport.clock import Clock
from models.base import Declares, Event, Knob, Measure, Measures, Model, Pulse, Trouble, knobs_of, pulse

log = logging.getLogger(__name__)

FAILURES_AT_MOST = 5
RETRY_S = 1.0
STOP_WITHIN_S = 2.0
"""How long `stop` waits for the current step of the model."""
FIRST_STEP_S = 30.0
"""How long the first step may take, since some models compile in it."""


def _own(
    *,
    pause: Annotated[bool, Knob("Pause: sounding notes end; resuming continues from the same state")] = False,
    mute: Annotated[bool, Knob("Mute: the model keeps running, and nothing is sent")] = False,
    reset: Annotated[Pulse, pulse("Restart from the seed")] = False,
    seed: Annotated[
        int, Knob("Seed of the random numbers: the same one gives the same performance", 0, 2**31 - 1, steps=True)
    ] = 0,
) -> None:
    """The knobs that every node has in addition to its model's."""


class Worker(ABC):
    """One model with its state, thread, failures and outputs; subclasses decide when it steps."""

    OWN: ClassVar[Mapping[str, Knob]] = knobs_of(_own)
    """The knobs that a node of this class has in addition to its model's."""
    URGENT: ClassVar[frozenset[str]] = frozenset(OWN)
    """Knobs that wake the thread when they are set."""
    READINGS: ClassVar[Mapping[str, Knob]] = {
        "step_ms": Knob("Time of one step of the model, smoothed", unit="ms", access="r")
    }
    """The figures that `readings` returns, published several times a second."""
    HANGS_AFTER_S: ClassVar[float] = 3.0
    """A step that takes longer is reported, and sounding notes end."""

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        self.name = name
        self.model = model
        self.tree = tree
        self.clock = clock
        self.outputs = list(outputs)
        self.wake = threading.Condition()
        self.beats = clock.beats
        """Beats as a function of time, at the start of this iteration."""
        self.meter = clock.meter
        self.failed_s = float("-inf")
        """Time of the last failure."""
        self.steps = 0
        self.step_s = 0.0
        self.woken = False
        """Whether the next iteration is due at once."""
        self._knob_names = list(self.knobs_for(type(model)))
        self._seed = int(tree.snapshot(name, ["seed"])["seed"])  # type: ignore[arg-type]
        self._state = model.start(self._seed)
        self._arrived: list[Event] = []
        self._heard: list[Event] = []
        self._swapped: Model | None = None
        self._muted = False
        self._failures = 0
        self._rests_s = float("-inf")
        self._stopping = False
        self._began_s: float | None = None
        """Start of the current iteration."""
        self._hanging = False
        self._thread: threading.Thread | None = None

    # -- knobs --------------------------------------------------------------------------------------------------

    @classmethod
    def knobs_for(cls, model: type[Model]) -> dict[str, Knob]:
        """All knobs of a node that runs this model: the model's own, then those of this class of nodes.

        Raises TypeError if a knob of the model has the name of one of the node's.
        """
        knobs = knobs_of(model.step)
        taken = knobs.keys() & cls.OWN.keys()
        if taken:
            raise TypeError(
                f"{model.__name__} has a knob named {', '.join(sorted(taken))}, which every node has already"
            )
        return {**knobs, **cls.OWN}

    @classmethod
    def knobs_of_loaded(cls, model: Model) -> dict[str, Knob]:
        """All knobs of a node that runs this model instance, completed from its weights."""
        knobs = cls.knobs_for(type(model))
        return model.declare(knobs) if isinstance(model, Declares) else knobs

    @classmethod
    def readings_of(cls, model: Model) -> dict[str, Knob]:
        """The read-only addresses of a node that runs this model."""
        state = Knob("playing, paused, restarting, hanging or failed", kind="text", default="playing", access="r")
        measures = model.measures if isinstance(model, Measures) else {}
        return {"state": state, **cls.READINGS, **measures}

    def readings(self) -> dict[str, float]:
        """The current values of READINGS."""
        return {"step_ms": self.step_s * 1000.0}

    @property
    def given_up(self) -> bool:
        """Whether its model has failed too often to be tried again without a reset."""
        return self._failures >= FAILURES_AT_MOST

    @property
    def trouble(self) -> str:
        """Why it does not step, for a person to read; empty while all is well. From any thread."""
        if self._hanging:
            return "a step of its model does not return"
        if self.given_up:
            return f"its model has failed {self._failures} times in a row and rests until it is reset"
        if self._thread is not None and not self._thread.is_alive() and not self._stopping:
            return "its thread has ended"
        return ""

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name=f"node {self.name}", daemon=True)
        self._thread.start()

    def stop_soon(self) -> None:
        """Asks the thread to end; returns at once."""
        with self.wake:
            self._stopping = True
            self.wake.notify()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Ends the thread after its step and silences the outputs; returns False if the step does not return in time.

        Events that such a step returns later are dropped.
        """
        self.stop_soon()
        if self._thread is not None:
            self._thread.join(within_s)
        ended = self._thread is None or not self._thread.is_alive()
        if ended:
            self._silence()
        else:
            outputs, self.outputs = self.outputs, []
            for output in outputs:
                output.silence()
        return ended

    def check(self, now_s: float) -> None:
        """Reports a step that does not return and ends its notes; another thread calls it several times a second."""
        began_s = self._began_s
        if began_s is None or self._hanging:
            return
        if now_s - began_s > (self.HANGS_AFTER_S if self.steps else FIRST_STEP_S):
            self._hanging = True
            sentence = f"{self.name}: a step of its model has taken {now_s - began_s:.0f} s and has not returned"
            log.error("%s", sentence)
            self.tree.publish("/engine/error", sentence)
            self.tree.publish(f"/{self.name}/state", "hanging")
            for output in self.outputs:
                if not isinstance(output, EventDigest):  # a session is replayed without the hang
                    output.silence()

    def hear(self, event: Event) -> None:
        """Queues an event of a performer; the model receives it with its next step."""
        with self.wake:
            self._arrived.append(event)
            self._wake_up()

    def notice(self, address: str, _arguments: tuple[Any, ...]) -> None:
        """A watcher of the tree: wakes the thread for knobs that must take effect at once."""
        node, _, knob = address[1:].partition("/")
        if node == self.name and knob in self.URGENT:
            with self.wake:
                self._wake_up()

    def swap(self, model: Model) -> None:
        """Replaces the model by a loaded one: scheduled events are withdrawn, and the new model starts."""
        with self.wake:
            self._swapped = model
            self._wake_up()

    # -- one iteration ------------------------------------------------------------------------------------------

    def iterate(self) -> float:
        """Runs what is due, at most one step; returns the time of the next call.

        A failing model is restarted after a second, and stopped after five failures in a row; the error is published at
        `/engine/error`. Other nodes are not affected.
        """
        with self.wake:
            self.woken = False
            arrived, self._arrived = self._arrived, []
            swapped, self._swapped = self._swapped, None
        self._heard += arrived
        now_s = self._began_s = self.clock.now()
        try:
            now_s, knobs = self._begin_iteration(arrived, swapped is not None)
            return self._advance(now_s, knobs, swapped)
        except BaseException as error:  # a model may raise anything
            log.exception("%s failed", self.name)
            return self.fail(now_s, f"{self.name}: {describe(error)}")
        finally:
            self._began_s = None
            if self._hanging:
                self._hanging = False
                self.tree.publish(f"/{self.name}/state", "playing")

    def fail(self, now_s: float, sentence: str) -> float:
        """Reports a failure and restarts the model; returns the time of the next call."""
        self._failures += 1
        self.failed_s = now_s
        if self.tree.recorder is not None:
            self.tree.recorder.node_failed(now_s, self.name, sentence)
        self.tree.publish("/engine/error", sentence)
        self.tree.publish(f"/{self.name}/state", "failed" if self.given_up else "restarting")
        self._restart(now_s)
        self._rests_s = float("inf") if self.given_up else now_s + RETRY_S
        return self._rests_s

    def _begin_iteration(self, arrived: Sequence[Event], swapped: bool) -> tuple[float, dict[str, Any]]:
        """The time and the values of all knobs at that time; a session recorder receives the same."""
        with self.tree.batch():  # no value changes in between
            now_s = self.clock.now()
            self.beats, self.meter = self.clock.beats, self.clock.meter
            if self.tree.recorder is not None:
                self.tree.recorder.iteration_begun(now_s, self.name, arrived, self.beats, self.meter, swapped)
            return now_s, self.tree.snapshot(self.name, self._knob_names, now_s)

    @abstractmethod
    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        """Runs one iteration with these knob values, and with the model to change to, if any; returns the next time."""

    @abstractmethod
    def _restart(self, now_s: float) -> None:
        """Ends sounding notes and restarts the model."""

    def _renew(self, own: Mapping[str, Any], now_s: float, swapped: Model | None) -> None:
        """Restarts after a change of model, a reset or a new seed, also a node that had failed for good."""
        if swapped is not None:
            self.model = swapped
        if swapped is not None or own["reset"] or own["seed"] != self._seed:
            self._seed = int(own["seed"])
            self._worked()
            self._restart(now_s)

    def _mute(self, muted: bool) -> None:
        if muted and not self._muted:
            self._silence()
        self._muted = muted

    def _worked(self) -> None:
        """Forgets earlier failures after a step that succeeded."""
        if self._failures:
            self._failures, self._rests_s = 0, float("-inf")
            self.tree.publish(f"/{self.name}/state", "playing")

    def _publish_event(self, event: Measure | Trouble) -> None:
        """Publishes a Measure of the model, or reports its Trouble."""
        if isinstance(event, Measure):
            self.tree.publish(f"/{self.name}/{event.name}", event.value)
        else:
            log.warning("%s: %s", self.name, event.sentence)
            self.tree.publish("/engine/error", f"{self.name}: {event.sentence}")

    def _silence(self) -> None:
        for output in self.outputs:
            output.silence()

    # -- the thread ---------------------------------------------------------------------------------------------

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
