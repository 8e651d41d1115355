"""Runs one model picture by picture: the thread of a node with a camera as its source.

The model is called for the newest picture (older ones are dropped), when a knob of the node has changed, so that the
last picture is painted again, and after a Wait that it returned. There is no look-ahead: a picture is shown as soon as
it is painted.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.nodes.analysis import LATE_S, PictureAnalysis
from live.nodes.governor import QualityGovernor
from live.nodes.output import EventOutput
from live.nodes.quality import limits
from live.nodes.worker import STOP_WITHIN_S, Worker
from live.parameters.tree import Tree
from live.system.niceness import lower_priority
from live.system.queues import LatestValue
from live.transport.clock import Clock
from models.base import Analyses, Event, Frame, Knob, Measure, Model, Trouble, Wait, knobs_of

log = logging.getLogger(__name__)

RATE_WINDOW_S = 2.0
GLIDE_STEP_S = 1.0 / 30.0
"""Interval at which gliding knobs are applied while no new picture arrives."""
LEAST_S = 1.0 / 240.0
"""Least time between two calls of a model that returns Waits of 0 s."""
GOVERNED = ("resolution", "rate", "govern")
"""The knobs of a model whose resolution can be governed."""
SLOW_KNOB = Knob(
    "Whether the frame rate is missed at the lowest resolution that `floor` allows", kind="switch", default=False,
    access="r"
)  # fmt: skip
GOVERNED_KNOB = Knob(
    "Whether the resolution is lowered to keep the frame rate", kind="switch", default=False, access="r"
)


class FrameRunner(Worker):
    """Runs one model that takes pictures; its knob `rate`, if it has one, limits the frame rate."""

    HANGS_AFTER_S: ClassVar[float] = 15.0
    READINGS: ClassVar[Mapping[str, Knob]] = {
        **Worker.READINGS,
        "fps": Knob("Pictures per second, over the last two seconds", unit="1/s", access="r"),
    }

    def __init__(self, name: str, model: Model, tree: Tree, clock: Clock, outputs: Iterable[EventOutput]) -> None:
        super().__init__(name, model, tree, clock, outputs)
        self.seen: LatestValue[Frame] = LatestValue()
        self._pulses = {n: False for n, knob in knobs_of(type(model).step).items() if knob.kind == "pulse"}
        self._knobs: dict[str, Any] = {}
        self._pressed: set[str] = set()
        self._again_s = clock.now()
        self._next_s = clock.now()
        self._painted: deque[float] = deque()
        self._paused = False
        tree.add_signal(f"/{name}/frame", "if", "A painted picture: its number, and its time in milliseconds")
        self._governor: QualityGovernor | None = None
        self._governing = self._slow = False
        self._complaints = RepeatedComplaints()
        self._analysis: PictureAnalysis | None = None
        if isinstance(model, Analyses):
            self._analysis = PictureAnalysis(name, lambda: self.model, clock, self._analysed, self._publish_event)  # type: ignore[arg-type, return-value]
        self._analysed_first = False
        """Whether pictures wait for their analysis."""
        self._seen_s = self._came_s = -math.inf
        """When the newest picture came, and the last one that was painted."""
        self._taken_s = clock.now()
        """When the last picture was taken."""
        self._in_tree = 0
        """The resolution that the tree had when this step began."""
        if set(GOVERNED) <= set(self._knob_names):
            size = f"/{name}/resolution"
            self._governor = QualityGovernor(tree.knob(size), int(tree.get(size)))  # type: ignore[arg-type]

    @classmethod
    def readings_of(cls, model: Model) -> dict[str, Knob]:
        governs = set(GOVERNED) <= set(cls.knobs_for(type(model)))
        more = {"governed": GOVERNED_KNOB, "slow": SLOW_KNOB} if governs else {}
        if isinstance(model, Analyses):
            more["analysis_ms"] = Knob("Time of one analysis of a picture, on its own thread", unit="ms", access="r")
        return {**super().readings_of(model), **more}

    def see(self, frame: Frame) -> None:
        """Takes a new picture from the source; it replaces one that was not processed yet."""
        self.seen.put(frame)
        self._seen_s = self.clock.now()
        if self._analysis is not None:
            self._analysis.offer(frame)
        with self.wake:
            self._wake_up()

    def notice(self, address: str, arguments: tuple[Any, ...]) -> None:
        """A watcher of the tree: after a change of any knob the picture is painted again."""
        node, _, knob = address[1:].partition("/")
        if node != self.name or knob not in self._knob_names:
            return
        if knob == "resolution" and self._governor is not None and not self._governing:
            self._governor.moved(arguments[0])
        with self.wake:
            self._wake_up()

    def readings(self) -> dict[str, float]:
        now_s = self.clock.now()
        painted = sum(now_s - RATE_WINDOW_S < done_s <= now_s for done_s in list(self._painted))
        analysis = {} if self._analysis is None else {"analysis_ms": self._analysis.seconds * 1000.0}
        return {**super().readings(), "fps": painted / RATE_WINDOW_S, **analysis}

    def stop_soon(self) -> None:
        if self._analysis is not None:
            self._analysis.stop_soon()
        super().stop_soon()

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        ended = super().stop(within_s)
        if self._analysis is not None:
            self._analysis.stop()
        return ended

    # -- one iteration ------------------------------------------------------------------------------------------

    def _advance(self, now_s: float, knobs: dict[str, Any], swapped: Model | None) -> float:
        own = {name: knobs.pop(name) for name in self.OWN}
        self._pressed |= {name for name in self._pulses if knobs[name]}
        self._renew(own, now_s, swapped)
        if own["pause"] != self._paused:
            self._paused = bool(own["pause"])
            self.tree.publish(f"/{self.name}/state", "paused" if self._paused else "playing")
        self._mute(bool(own["mute"]))
        most = limits(self.tree)
        if self._analysis is not None and isinstance(self.model, Analyses):
            self._analysis.set_rate(0.0 if self._paused else min(self.model.analysis_rate(knobs), most.pictures))
            self._analysed_first = self.model.analysis_first(knobs) and self._analysis.working
        if self._paused or now_s < self._rests_s:
            return math.inf if self._paused else self._rests_s
        if self._governor is not None:
            self._governor.limit(most.rows)
            if "floor" in knobs:
                self._governor.set_floor(knobs["floor"])
            self._in_tree = knobs["resolution"]
            knobs["resolution"] = min(knobs["resolution"], self._governor.ceiling)
        held = {name: value for name, value in knobs.items() if name not in self._pulses}
        again_s = min(self._again_s, self._picture_s(now_s))
        if not (self._heard or self._pressed or held != self._knobs or now_s >= again_s):
            return min(again_s, now_s + GLIDE_STEP_S if self.tree.glides else math.inf)
        if now_s < self._next_s:
            return self._next_s
        self._knobs = held
        rate = min(float(knobs.get("rate") or math.inf), most.pictures)
        # Counted from the time that was due, as long as the model keeps up: otherwise delays would add up.
        self._next_s = max(self._next_s, now_s - 1.0 / rate) + 1.0 / rate if rate < math.inf else now_s
        self._step({**held, **self._pulses, **dict.fromkeys(self._pressed, True)}, now_s)
        return now_s

    def _step(self, knobs: dict[str, Any], now_s: float) -> None:
        heard, self._heard, self._pressed, self._again_s = self._heard, [], set(), math.inf
        inputs = [*heard, *self._pictures(now_s)]
        events, self._state = self.model.step(self._state, inputs, **knobs)
        took_s = self.clock.now() - now_s
        self.step_s = took_s if not self.steps else self.step_s + (took_s - self.step_s) * 0.2
        self.steps += 1
        self._worked()
        due_s = self.clock.now()
        for event in events:
            if isinstance(event, Wait):
                due_s += event.seconds
                self._again_s = max(due_s, now_s + LEAST_S)
            elif isinstance(event, Measure | Trouble):
                self._publish_event(event)
            else:
                self._send(due_s, event, took_s)
        if self._governor is not None:
            self._govern(self._governor, knobs, took_s, limits(self.tree).pictures)

    def _picture_s(self, now_s: float) -> float:
        """When a picture or the result of an analysis is to be used; infinity if there is none."""
        waiting = self._analysis is not None and self._analysis.waiting
        if self._analysis is not None and self._analysed_first:
            late_s = self._taken_s + self._analysis.late_s
            return now_s if waiting else max(now_s, late_s) if self.seen.waiting else math.inf
        if self.seen.waiting:
            return now_s
        return self._taken_s + LATE_S if waiting else math.inf  # no picture comes: the last one is painted again

    def _pictures(self, now_s: float) -> list[Event]:
        """What `_picture_s` has announced: the result of an analysis, the picture, or both."""
        done = self._analysis.take() if self._analysis is not None else None
        waits = self._analysis is not None and self._analysed_first and now_s < self._taken_s + self._analysis.late_s
        frame, came_s = None if waits and done is None else self.seen.take(), self._seen_s
        if done is not None and self._analysed_first:
            newer = done.came_s > self._came_s  # not if it was late, and a picture after it was painted without it
            frame, came_s = (done.frame, done.came_s) if newer else (None, self._came_s)
        if frame is not None:
            self._taken_s, self._came_s = now_s, came_s
        found = done.found if done is not None else None
        return [event for event in (found, frame) if event is not None]

    def _send(self, due_s: float, event: Event, took_s: float) -> None:
        if isinstance(event, Frame):
            self._painted.append(due_s)
            while self._painted[0] <= due_s - RATE_WINDOW_S:
                self._painted.popleft()
            self.tree.publish(f"/{self.name}/frame", event.number, took_s * 1000.0)
        for output in () if self._muted else self.outputs:
            output.send(due_s, event)

    def _govern(self, governor: QualityGovernor, knobs: Mapping[str, Any], took_s: float, most: float) -> None:
        rate = min(float(knobs["rate"]) or most, most)
        if knobs["govern"]:
            resolution = governor.after(self.clock.now(), took_s, rate if rate < math.inf else 0.0)
        else:
            resolution = governor.release()
        if governor.slow != self._slow:
            self._slow = governor.slow
            self.tree.publish(f"/{self.name}/slow", self._slow)
            left_out = self._complaints.due("slow", self.clock.now()) if self._slow else None
            if left_out is not None:
                sentence = (
                    f"{self.name}: {resolution} rows, the floor, take {took_s * 1000.0:.0f} ms: "
                    f"too slow for {rate:g} pictures a second, so the rate falls"
                )
                log.info("%s", with_count(sentence, left_out))
        if resolution == self._in_tree:
            return
        self._governing = True
        try:
            self.tree.set(f"/{self.name}/resolution", resolution)
        finally:
            self._governing = False
        self.tree.publish(f"/{self.name}/governed", resolution < governor.ceiling)
        log.debug("%s: resolution %d, to keep %g pictures a second", self.name, resolution, rate)

    def _analysed(self) -> None:
        with self.wake:
            self._wake_up()

    def _restart(self, now_s: float) -> None:
        self._silence()
        self._state = self.model.start(self._seed)
        self._knobs, self._again_s = {}, now_s

    def _run(self) -> None:
        lower_priority()
        super()._run()
