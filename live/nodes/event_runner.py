"""Runs one model ahead of the clock: the thread of a node that plays or draws.

The runner keeps a position in time, `due_s`. A Wait from the model advances it; every other event is sent with it as
its deadline. The runner steps the model while the position is less than `lookahead` seconds ahead, then sleeps. Since a
model's state is explicit, the runner keeps the states of the last steps: it can withdraw events that are scheduled but
not yet due, and continue from the state at that time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from live.nodes.output import EventOutput, InterruptibleOutput
from live.nodes.worker import Worker
from live.parameters.tree import Tree
from live.system.realtime import request_promptness
from live.transport.clock import Clock
from models.base import Event, Knob, Listens, Measure, Model, NoteOn, Pulse, Trouble, Wait, knobs_of, pulse

WITHDRAW_MARGIN_S = 0.010
"""Events due within this time are not withdrawn, because the sender may already be sending them."""
LOST_TIME_S = 0.05
"""A listening model that is late by more than this receives the missed time as a Wait."""


def _own(
    *,
    now: Annotated[
        Pulse, pulse("Apply knobs at once: withdraw scheduled events and decide again")
    ] = False,
    lookahead: Annotated[
        float,
        Knob("How far ahead events are decided: reserve for timing, delay of knobs", 0.02, 2.0, "s", "log"),
    ] = 0.2,
    nudge: Annotated[float, Knob("Time shift of all events: earlier (-) or later (+)", -250.0, 250.0, "ms")] = 0.0,
    wait: Annotated[str, Knob("Delays now and reset to a beat or bar", choices=("none", "beat", "bar"))] = "none",
    transport: Annotated[bool, Knob("Pause while the clock is stopped")] = True,
) -> None:
    """The knobs of every node that plays or draws ahead of the clock."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the model: its time, the state before it, the events it received, and the pulses pressed."""

    begun_s: float
    state: Any
    heard: list[Event]
    pressed: tuple[str, ...]


class EventRunner(Worker):
    """Steps one model `lookahead` seconds ahead of the clock, and sends its events to every output."""

    OWN: ClassVar[Mapping[str, Knob]] = {**Worker.OWN, **knobs_of(_own)}
    URGENT: ClassVar[frozenset[str]] = Worker.URGENT | {"now", "lookahead"}
    READINGS: ClassVar[Mapping[str, Knob]] = {
        **Worker.READINGS,
        "late_ms": Knob("Maximum lateness behind the clock", unit="ms", access="r"),
    }

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        super().__init__(name, model, tree, clock, outputs)
        self.due_s = clock.now()
        self._began = False
        self.late_s = 0.0
        self._listens = isinstance(model, Listens)
        self._past: deque[_Step] = deque()
        self._measures: deque[tuple[float, Measure]] = deque()
        self._pulses = [name for name, knob in knobs_of(type(model).step).items() if knob.kind == "pulse"]
        self._pressed: set[str] = set()
        """Pulse knobs of the model pressed since its last step: not every iteration has a step."""
        self._gives_way = False
        """Whether a performer's note interrupts the model, with the knob values of its last step."""
        self._gave_way_at: tuple[bool, list[EventOutput] | None] = False, None
        """What the outputs were last given of it, and which outputs."""
        self._paused = False
        self._deferred: dict[str, float] = {}
        """The pulses `now` and `reset` that wait for a beat or bar, with the times at which they were pressed."""

    def hear(self, event: Event) -> None:
        """Queues a performer's event; a note interrupts a yielding model's outputs at once, even during a step."""
        if self._gives_way and isinstance(event, NoteOn):
            now_s = self.clock.now()
            for output in self.outputs:
                if isinstance(output, InterruptibleOutput):
                    output.interrupt(now_s)
        super().hear(event)

    def notice(self, address: str, arguments: tuple[Any, ...]) -> None:
        super().notice(address, arguments)
        node, _, knob = address[1:].partition("/")
        pressed = node == self.name and knob in self._pulses and self._listens
        if address == "/clock/play" or pressed:
            with self.wake:
                self._wake_up()

    def readings(self) -> dict[str, float]:
        return {**super().readings(), "late_ms": self.late_s * 1000.0}

    def _run(self) -> None:
        if self._listens:
            request_promptness()
        super()._run()

    # -- one iteration ------------------------------------------------------------------------------------------

    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        if not self._began:  # the time that loading the other nodes took is not lateness
            self._began, self.due_s = True, now_s
        own = {name: knobs.pop(name) for name in self.OWN}
        self._pressed |= {name for name in self._pulses if knobs[name]}
        nudge_s = float(own["nudge"]) / 1000.0
        begin_s, asked_s = self._defer(own, now_s)
        self._renew(own, now_s, swapped)
        if own["now"]:
            self._rewind(now_s, nudge_s)
        self.due_s = max(self.due_s, begin_s)
        self._publish_measures(now_s - nudge_s)
        paused = bool(own["pause"] or (own["transport"] and not self.beats.running))
        if paused != self._paused:
            self._paused = paused
            self._rewind(now_s, nudge_s)
            self._silence()
            self.tree.publish(f"/{self.name}/state", "paused" if self._paused else "playing")
        self._mute(bool(own["mute"]))
        if self._paused or now_s < self._rests_s:
            return asked_s if self._paused else min(asked_s, self._rests_s)
        if self._listens and (self._heard or self._pressed):
            self._interrupt(now_s, nudge_s)
        lookahead_s = float(own["lookahead"]) + max(0.0, -nudge_s)
        wanted_s = self.due_s - lookahead_s
        if wanted_s > now_s:
            measured_s = self._measures[0][0] + nudge_s if self._measures else wanted_s
            return min(wanted_s, asked_s, measured_s)
        late_s = now_s - max(0.0, nudge_s) - self.due_s
        if late_s > 0.0:
            self.late_s = max(self.late_s, late_s)
            self.due_s += late_s
            if self._listens and late_s > LOST_TIME_S:
                self._heard.append(Wait(late_s))
        self._step(knobs, now_s, nudge_s)
        return now_s

    def _step(self, knobs: dict[str, Any], now_s: float, nudge_s: float) -> None:
        heard, self._heard = self._heard, []
        pressed, self._pressed = self._pressed, set()
        knobs.update(dict.fromkeys(pressed, True))
        self._past.append(_Step(self.due_s, self._state, heard, tuple(pressed)))
        while len(self._past) > 1 and self._past[1].begun_s <= now_s - max(0.0, nudge_s):
            self._past.popleft()
        self._set_gives_way(isinstance(self.model, Listens) and self.model.gives_way(knobs))
        began_s = self.clock.now()
        events, self._state = self.model.step(self._state, heard, **knobs)
        self.step_s += (self.clock.now() - began_s - self.step_s) * 0.05
        self.steps += 1
        self._worked()
        for event in events:
            if isinstance(event, Wait):
                self.due_s += event.seconds
                continue
            if isinstance(event, Measure):
                self._measures.append((self.due_s, event))
                continue
            if isinstance(event, Trouble):
                self._publish_event(event)
                continue
            if self._muted:
                continue
            self._send(event, now_s, nudge_s)

    def _set_gives_way(self, yes: bool) -> None:
        """Also for the outputs: the sender process stops the notes itself, before this process gets to run."""
        self._gives_way = yes
        outputs = self.outputs
        if self._gave_way_at[0] != yes or (yes and self._gave_way_at[1] is not outputs):
            self._gave_way_at = yes, outputs
            for output in outputs:
                if isinstance(output, InterruptibleOutput):
                    output.gives_way(yes)

    def _send(self, event: Event, now_s: float, nudge_s: float) -> None:  # noqa: ARG002
        """Sends an event with the runner's position as its deadline."""
        self._send_at(self.due_s + nudge_s, event)

    def _send_at(self, at_s: float, event: Event) -> None:
        # A note that arrived during this step already interrupts it; the model's state changes with the next step.
        interrupted = self._gives_way and any(isinstance(one, NoteOn) for one in self._arrived)
        silenced = isinstance(event, NoteOn) and interrupted
        for output in self.outputs:
            if not (silenced and isinstance(output, InterruptibleOutput)):
                output.send(at_s, event)

    def _defer(self, own: dict[str, Any], now_s: float) -> tuple[float, float]:
        """Defers `now` and `reset` to their beat or bar.

        Returns the time from which a deferred pulse takes effect in this iteration (0 if none does), and the time at
        which the next one must be processed: a little earlier, while later events can still be withdrawn.
        """
        beats = {"beat": 1, "bar": self.meter}.get(own["wait"])
        for name in ("now", "reset"):
            if own[name] and own["wait"] != "none":
                self._deferred.setdefault(name, now_s)
                own[name] = False
        begin_s, next_s = 0.0, float("inf")
        for name, asked_s in list(self._deferred.items()):
            at_s = self.beats.next_s(beats, asked_s) if beats is not None else now_s
            if at_s - WITHDRAW_MARGIN_S <= now_s:
                own[name], begin_s = True, at_s
                del self._deferred[name]
            else:
                next_s = at_s - WITHDRAW_MARGIN_S
        return begin_s, next_s

    def _rewind(self, now_s: float, nudge_s: float) -> None:
        """Withdraws events that are not yet due, and returns the model to its state at that time."""
        from_s = now_s + WITHDRAW_MARGIN_S
        for output in self.outputs:
            output.withdraw(from_s + nudge_s)
        undone = [step for step in self._past if step.begun_s > from_s]
        if undone:
            self._state = undone[0].state
            self._past = deque(step for step in self._past if step.begun_s <= from_s)
            # The next step receives the events of the undone steps again.
            self._heard = [event for step in undone for event in step.heard] + self._heard
        self._measures = deque(entry for entry in self._measures if entry[0] <= from_s)
        self.due_s = now_s

    def _interrupt(self, now_s: float, nudge_s: float) -> None:
        """Withdraws events that are not yet due, and moves the model to the present time.

        The model returns to its last step that had begun, and receives the time since then as a Wait, so that it
        receives the performer's event at the right time. There is no margin for messages that the sender is about to
        send, since the performer's note has priority; see NoteRunner.
        """
        at_s = now_s - nudge_s
        for output in self.outputs:
            (output.heard if isinstance(output, InterruptibleOutput) else output.withdraw)(now_s)
        again: list[Event] = []
        while self._past and self.due_s > at_s:
            step = self._past.pop()
            self.due_s, self._state = step.begun_s, step.state
            again = [*step.heard, *again]
            self._pressed |= set(step.pressed)
        if self.due_s < at_s:
            again.append(Wait(at_s - self.due_s))
            self.due_s = at_s
        self._heard = again + self._heard
        self._measures = deque(entry for entry in self._measures if entry[0] <= at_s)

    def _publish_measures(self, by_s: float) -> None:
        """Publishes the model's measures when the clock reaches the time for which they hold."""
        while self._measures and self._measures[0][0] <= by_s:
            self._publish_event(self._measures.popleft()[1])

    def _restart(self, now_s: float) -> None:
        self._silence()
        self._past.clear()
        self._measures.clear()
        self._state = self.model.start(self._seed)
        self.due_s = now_s
