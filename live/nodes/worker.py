"""A node's thread: what runs one model step by step, whatever sets its pace."""

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
"""How long a step of a model is waited for when its node is stopped."""
FIRST_STEP_S = 30.0
"""How long the first step may take: some models compile themselves in it."""


def _own(
    *,
    pause: Annotated[bool, Knob("Hold still: what sounds is ended, and it goes on from here")] = False,
    mute: Annotated[bool, Knob("Go on unheard and unseen: nothing is sent out")] = False,
    reset: Annotated[Pulse, pulse("Begin again from the seed")] = False,
    seed: Annotated[
        int, Knob("The same seed gives the same performance; a new one begins again", 0, 2**31 - 1, steps=True)
    ] = 0,
) -> None:
    """The knobs that every node has, whatever its model and its pace."""


class Worker(ABC):
    """One model with its state, its thread, its failures and its outputs; a kind of pace says when it steps."""

    OWN: ClassVar[Mapping[str, Knob]] = knobs_of(_own)
    """The knobs that a node of this pace has beside its model's."""
    URGENT: ClassVar[frozenset[str]] = frozenset(OWN)
    """Those that end its sleep."""
    READINGS: ClassVar[Mapping[str, Knob]] = {
        "step_ms": Knob("Time of one step of the model, smoothed", unit="ms", access="r")
    }
    """What `readings` tells, published several times a second."""
    HANGS_AFTER_S: ClassVar[float] = 3.0
    """A step that takes longer is reported, and what sounds is ended."""

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        self.name = name
        self.model = model
        self.tree = tree
        self.clock = clock
        self.outputs = list(outputs)
        self.wake = threading.Condition()
        self.beats = clock.beats
        """The line of beats as this iteration found it."""
        self.meter = clock.meter
        self.failed_s = float("-inf")
        """When it failed last."""
        self.steps = 0
        self.step_s = 0.0
        self.woken = False
        """Something happened that must not wait for the time at which it wants to be called."""
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
        """When the iteration that is under way began."""
        self._hanging = False
        self._thread: threading.Thread | None = None

    # -- knobs --------------------------------------------------------------------------------------------------

    @classmethod
    def knobs_for(cls, model: type[Model]) -> dict[str, Knob]:
        """All knobs of a node that runs this model: the model's own, then those every node of this pace has.

        Raises TypeError where a model takes one of the node's names.
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
        """All knobs of a node that runs this very model, with what only its weights know."""
        knobs = cls.knobs_for(type(model))
        return model.declare(knobs) if isinstance(model, Declares) else knobs

    @classmethod
    def told_of(cls, model: Model) -> dict[str, Knob]:
        """The read-only addresses of a node that runs this model."""
        state = Knob("playing, paused, restarting, hanging or failed", kind="text", default="playing", access="r")
        measures = model.measures if isinstance(model, Measures) else {}
        return {"state": state, **cls.READINGS, **measures}

    def readings(self) -> dict[str, float]:
        """The figures of its work now, as READINGS declares them."""
        return {"step_ms": self.step_s * 1000.0}

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to play, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=f"node {self.name}", daemon=True)
        self._thread.start()

    def stop_soon(self) -> None:
        """Asks the thread to end; returns at once."""
        with self.wake:
            self._stopping = True
            self.wake.notify()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Ends the thread after its step, and silences what sounds; False where the step does not return in time.

        What such a step gives later is dropped.
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
        """Reports a step that does not return, and ends what sounds; another thread calls it several times a second."""
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
        """Something a player did; the model takes it in with its next step."""
        with self.wake:
            self._arrived.append(event)
            self._wake_up()

    def notice(self, address: str, _arguments: tuple[Any, ...]) -> None:
        """A watcher of the tree: knobs that must act at once end the sleep."""
        node, _, knob = address[1:].partition("/")
        if node == self.name and knob in self.URGENT:
            with self.wake:
                self._wake_up()

    def swap(self, model: Model) -> None:
        """Puts another model, already loaded, in place of this one: what is scheduled is withdrawn, then it starts."""
        with self.wake:
            self._swapped = model
            self._wake_up()

    # -- one iteration ------------------------------------------------------------------------------------------

    def iterate(self) -> float:
        """Does what is to be done now, one step at the most; returns the time at which it wants to be called again.

        A failing model is started anew after a second, and given up after several failures in a row, with the
        message at `/engine/error`; the other nodes go on.
        """
        with self.wake:
            self.woken = False
            arrived, self._arrived = self._arrived, []
            swapped, self._swapped = self._swapped, None
        self._heard += arrived
        now_s = self._began_s = self.clock.now()
        try:
            now_s, knobs = self._look(arrived, swapped is not None)
            return self._advance(now_s, knobs, swapped)
        except BaseException as error:  # whatever a model raises is an error of its own
            log.exception("%s failed", self.name)
            return self.fail(now_s, f"{self.name}: {describe(error)}")
        finally:
            self._began_s = None
            if self._hanging:
                self._hanging = False
                self.tree.publish(f"/{self.name}/state", "playing")

    def fail(self, now_s: float, sentence: str) -> float:
        """What it did at this time has failed: it begins again; returns when it wants to be called."""
        self._failures += 1
        self.failed_s = now_s
        given_up = self._failures >= FAILURES_AT_MOST
        if self.tree.recorder is not None:
            self.tree.recorder.failed(now_s, self.name, sentence)
        self.tree.publish("/engine/error", sentence)
        self.tree.publish(f"/{self.name}/state", "failed" if given_up else "restarting")
        self._begin_again(now_s)
        self._rests_s = float("inf") if given_up else now_s + RETRY_S
        return self._rests_s

    def _look(self, arrived: Sequence[Event], swapped: bool) -> tuple[float, dict[str, Any]]:
        """The time, and the knobs as they stand then: all that this iteration goes by, and told to who records it."""
        with self.tree.batch():  # so that nothing is written between
            now_s = self.clock.now()
            self.beats, self.meter = self.clock.beats, self.clock.meter
            if self.tree.recorder is not None:
                self.tree.recorder.looked(now_s, self.name, arrived, self.beats, self.meter, swapped)
            return now_s, self.tree.snapshot(self.name, self._knob_names, now_s)

    @abstractmethod
    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        """What `iterate` does as long as nothing fails, at a time and with all knobs, perhaps with another model."""

    @abstractmethod
    def _begin_again(self, now_s: float) -> None:
        """Silences, and puts the model back to its beginning."""

    def _renew(self, own: Mapping[str, Any], now_s: float, swapped: Model | None) -> None:
        """Another model, a reset or a new seed: begins again, and a failed one gets another chance."""
        if swapped is not None:
            self.model = swapped
        if swapped is not None or own["reset"] or own["seed"] != self._seed:
            self._seed = int(own["seed"])
            self._worked()
            self._begin_again(now_s)

    def _mute(self, muted: bool) -> None:
        if muted and not self._muted:
            self._silence()
        self._muted = muted

    def _worked(self) -> None:
        """The model does what it should, after failures perhaps."""
        if self._failures:
            self._failures, self._rests_s = 0, float("-inf")
            self.tree.publish(f"/{self.name}/state", "playing")

    def _tell(self, event: Measure | Trouble) -> None:
        """What a model says of its own work is told at once."""
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
