"""Runs one model ahead of the clock: the thread behind a patch's Node.

The runner keeps a position in time, `due`. A Wait from the model moves it on; every other event is sent with it as
its deadline. It steps as long as the position is less than `lookahead` seconds ahead, then sleeps. Since a model's
state is explicit, the states of the last steps are kept: what is scheduled and not yet due can be withdrawn, and the
model goes on from where it was at that moment.
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
"""What is due this soon is left alone: it may be on its way out of the sender already."""
LOST_TIME_S = 0.05
"""A model that listens and has fallen behind by more gets the time that it missed as a Wait."""


def _own(
    *,
    now: Annotated[
        Pulse, pulse("Act at once: withdraw what is scheduled and decide again with the knobs as they are")
    ] = False,
    lookahead: Annotated[
        float,
        Knob("How far ahead it decides: the timing's reserve, and a knob's delay", 0.02, 2.0, "s", "log"),
    ] = 0.2,
    nudge: Annotated[float, Knob("Send everything earlier (-) or later (+)", -250.0, 250.0, "ms")] = 0.0,
    wait: Annotated[str, Knob("What now and reset wait for", choices=("none", "beat", "bar"))] = "none",
    transport: Annotated[bool, Knob("Hold still while the clock stands")] = True,
) -> None:
    """The knobs that a node has which plays or draws ahead of the clock."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the model: the time at which it began, the state before it, what it heard, the pulses it was given."""

    begun_s: float
    state: Any
    heard: list[Event]
    pressed: tuple[str, ...]


class EventRunner(Worker):
    """One model, stepping `lookahead` seconds ahead of the clock, its events sent to every output."""

    OWN: ClassVar[Mapping[str, Knob]] = {**Worker.OWN, **knobs_of(_own)}
    URGENT: ClassVar[frozenset[str]] = Worker.URGENT | {"now", "lookahead"}
    READINGS: ClassVar[Mapping[str, Knob]] = {
        **Worker.READINGS,
        "late_ms": Knob("The most it ever fell behind the clock", unit="ms", access="r"),
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
        """Buttons of the model's that it has not seen yet: not every iteration has a step."""
        self._gives_way = False
        """Whether a performer's note silences the model, as its knobs stood in the last step."""
        self._gave_way_at: tuple[bool, list[EventOutput] | None] = False, None
        """What the outputs were last given of it, and which outputs."""
        self._paused = False
        self._asked: dict[str, float] = {}
        """What waits for a beat or a bar, and since when."""

    def hear(self, event: Event) -> None:
        """Something a performer did. A model that gives way falls silent at once, even while a step is under way."""
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
        if not self._began:  # loading the other nodes took its time: the model has missed nothing of it
            self._began, self.due_s = True, now_s
        own = {name: knobs.pop(name) for name in self.OWN}
        self._pressed |= {name for name in self._pulses if knobs[name]}
        nudge_s = float(own["nudge"]) / 1000.0
        begin_s, asked_s = self._hold(own, now_s)
        self._renew(own, now_s, swapped)
        if own["now"]:
            self._go_back(now_s, nudge_s)
        self.due_s = max(self.due_s, begin_s)
        self._publish_measures(now_s - nudge_s)
        paused = bool(own["pause"] or (own["transport"] and not self.beats.running))
        if paused != self._paused:
            self._paused = paused
            self._go_back(now_s, nudge_s)
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
        """Hands an event on for the time to which the model has come."""
        self._give(self.due_s + nudge_s, event)

    def _give(self, at_s: float, event: Event) -> None:
        # The model has not heard yet what arrived during its step; its state goes on as if the note had been struck.
        hushed = isinstance(event, NoteOn) and self._gives_way and any(isinstance(one, NoteOn) for one in self._arrived)
        for output in self.outputs:
            if not (hushed and isinstance(output, InterruptibleOutput)):
                output.send(at_s, event)

    def _hold(self, own: dict[str, Any], now_s: float) -> tuple[float, float]:
        """Keeps back what was pressed until its beat or bar.

        Gives the time at which that begins (0 where nothing was kept back), and when something wants to be done next.
        It is done a little before, when what comes after can still be withdrawn.
        """
        beats = {"beat": 1, "bar": self.meter}.get(own["wait"])
        for name in ("now", "reset"):
            if own[name] and own["wait"] != "none":
                self._asked.setdefault(name, now_s)
                own[name] = False
        begin_s, next_s = 0.0, float("inf")
        for name, asked_s in list(self._asked.items()):
            at_s = self.beats.next_s(beats, asked_s) if beats is not None else now_s
            if at_s - WITHDRAW_MARGIN_S <= now_s:
                own[name], begin_s = True, at_s
                del self._asked[name]
            else:
                next_s = at_s - WITHDRAW_MARGIN_S
        return begin_s, next_s

    def _go_back(self, now_s: float, nudge_s: float) -> None:
        """Withdraws what is not yet due, and puts the model back to where it was then."""
        from_s = now_s + WITHDRAW_MARGIN_S
        for output in self.outputs:
            output.withdraw(from_s + nudge_s)
        undone = [step for step in self._past if step.begun_s > from_s]
        if undone:
            self._state = undone[0].state
            self._past = deque(step for step in self._past if step.begun_s <= from_s)
            # What was heard in the steps undone did happen, and is heard again.
            self._heard = [event for step in undone for event in step.heard] + self._heard
        self._measures = deque(entry for entry in self._measures if entry[0] <= from_s)
        self.due_s = now_s

    def _interrupt(self, now_s: float, nudge_s: float) -> None:
        """Withdraws what is not yet due, and takes the model to this moment: back to its last step that had begun, and
        on from there by a Wait, so that what it hears now comes at its time.

        No margin is left for what may be leaving the sender, since the performer's note must win; see NoteRunner.
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

    def _begin_again(self, now_s: float) -> None:
        self._silence()
        self._past.clear()
        self._measures.clear()
        self._state = self.model.start(self._seed)
        self.due_s = now_s
