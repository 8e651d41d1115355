"""Visitors of an installation: who is here, a countdown when they have gone, and a fresh start for the next one."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from live.gallery.condition import Condition, ConditionError
from live.gallery.kept_drawings import KeptDrawings, drawn_by_performer
from live.gallery.schedule import Schedule
from live.gallery.schedule_tables import Mistake
from live.gallery.visit import ROUNDING_S, Visit
from live.gallery.visitor_settings import VISITOR_KNOBS, VisitorSettings
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.video.input_signal import declare_input
from live.video.stage import Stage
from models.base import KnobError, Value, pulse

log = logging.getLogger(__name__)

STEP_S: Final = 0.1
LOOK_EVERY_S: Final = 1.0
"""How often it looks for changes of the file while it is off."""
MOTION: Final = 0.02
"""Motion of a camera that counts as presence; the noise of a picture is about a tenth of it."""
SLOW_RESET_S: Final = 3.0


class Visitors:
    """The service of `/visitors/…`. `home` sets all parameters back to those of the start."""

    def __init__(
        self,
        context: ServiceContext,
        *,
        schedule: Schedule,
        stage: Stage,
        folder: Path | None,
        seed: int,
        home: Callable[[], None],
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.visit = Visit()
        self._wake, self._fail = context.wake, context.fail
        self._schedule = schedule
        self._stage = stage
        self._seed = seed
        self._home = home
        self._drawings = KeptDrawings(
            folder, context.disk, context.fail, lambda mb: self.tree.publish("/visitors/kept", mb)
        )
        self._condition: Condition | None = None
        self._condition_text = ""
        self._tree_version = self._file_version = -1
        self._settings = VisitorSettings()
        self._in_file = False
        self._count = 0
        self._resetting_s: float | None = None
        """When a reset began that is not over yet."""
        self._requests: deque[Callable[[], None]] = deque()
        self._step_s = 0.0
        self._published: dict[str, Any] = {}
        schedule.before_closing.append(self._close_visit)

    # -- service ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses."""
        for name, knob in VISITOR_KNOBS.items():
            act = {"present": self._check_condition, "on": lambda _: self._wake()}.get(name)
            self.tree.add(f"/visitors/{name}", knob, act)
        declare_input(self.tree)
        self.tree.add("/visitors/reset", pulse("Reset now, as after a visit"), lambda _: self._request(self._reset))
        self._follow_file()
        self._drawings.measure(self._number("keep_mb"))

    def follow(self, patch: Patch) -> None:
        """A reload may bring cameras and nodes: see `advance`."""

    def advance(self, now_s: float) -> float:
        """Evaluates the condition ten times a second."""
        while self._requests:
            self._requests.popleft()()
        if self._schedule.version != self._file_version:
            self._follow_file()
        if now_s >= self._step_s:
            self._step_s = max(self._step_s + STEP_S, now_s + STEP_S / 2.0)
            if self._resetting_s is not None:
                self._finish_reset(now_s, self._resetting_s)
            self._look(now_s)
        return self._step_s if self._on or self._resetting_s is not None else now_s + LOOK_EVERY_S

    def close(self) -> None:
        """The disk thread writes what is left."""

    # -- inside -------------------------------------------------------------------------------------------------

    @property
    def _on(self) -> bool:
        return bool(self.tree.get("/visitors/on"))

    def _look(self, now_s: float) -> None:
        if not self._on or not self._schedule.is_open:
            self._show("idle" if self._on else "off", now_s)
            return
        present = self._present().holds(self._schedule.values, now_s)
        self._publish("here", present)
        before = self.visit.state
        ended = self.visit.advance(now_s, present, *map(self._number, ("arrive", "patience", "countdown")))
        state = self.visit.state
        if before == "idle" and state != "idle":
            self._count += 1
            self._publish("count", self._count)
        self._show(state, now_s)
        if ended:
            self._reset()
        if state != before:
            self._start_cue({"visitor": "visitor_cue", "leaving": "leaving_cue", "idle": "idle_cue"}[state])

    def _show(self, state: str, now_s: float) -> None:
        """Publishes the state, and shows the countdown in the window."""
        self._publish("state", state)
        left = math.ceil(self.visit.left_s(now_s) - ROUNDING_S) if state == "leaving" else 0
        self._publish("left", left)
        text = str(self.tree.get("/visitors/text"))
        self._stage.guidance.notice = text.replace("{}", str(left)) if left else ""

    def _number(self, name: str) -> float:
        return float(self.tree.get(f"/visitors/{name}"))  # type: ignore[arg-type]

    def _start_cue(self, which: str) -> None:
        name = str(self.tree.get(f"/visitors/{which}"))
        if name:
            try:
                self.tree.write("/cue/goto", [name])
            except (AddressError, KnobError) as error:
                self._fail(f"visitors, {which}: {error}")

    # -- the reset ----------------------------------------------------------------------------------------------

    def _request(self, work: Callable[[], None]) -> None:
        self._requests.append(work)
        self._wake()

    def _close_visit(self) -> None:
        """Before it closes: what a visitor has left is put away."""
        if self._on and self.visit.state != "idle":
            self._reset()
            self._show("idle", self.clock.now())

    def _reset(self) -> None:
        """Sets everything to its state at the start, except for a new seed, so that each visitor gets another piece."""
        if not self._schedule.is_open:
            self._fail("/visitors/reset: it is closed")
            return
        self._resetting_s = self.clock.now()
        self.visit.end()
        if self.tree.get("/visitors/drawings") == "keep":
            self._drawings.put_away(self._stage, self.clock.date(), self._number("keep_mb"))
        if "/cue/stop" in self.tree:
            self.tree.set("/cue/stop", True)
        with self.tree.batch():
            self._home()
            self.tree.set("/engine/seed", (self._seed + self._count) % 2**31)
        self._stage.pens.forget()
        for ink in self._stage.inks.values():
            ink.wipe()
        self._stage.guidance.taken_part = False
        self._stage.notes = []
        for one in (self._condition, *(cue.condition for cue in self._schedule.tables.conditions)):
            if one is not None:
                one.forget()

    def _finish_reset(self, now_s: float, began_s: float) -> None:
        """Ends the reset once no performer's line is left on a paper and the files are written."""
        if self._drawings.busy or any(drawn_by_performer(ink.paper.drawings) for ink in self._stage.inks.values()):
            if now_s - began_s < SLOW_RESET_S:
                return
            self._fail(f"visitors: the reset is not over after {SLOW_RESET_S:g} s")
        self._resetting_s = None
        self.tree.publish("/visitors/reset_s", now_s - began_s)
        log.info("visitors: reset after visit %d in %.2f s", self._count, now_s - began_s)

    # -- settings -----------------------------------------------------------------------------------------------

    def _present(self) -> Condition:
        """The condition in force; made again where addresses have changed, since `auto` stands for those there are."""
        text = str(self.tree.get("/visitors/present"))
        if self._condition is None or text != self._condition_text or self._tree_version != self.tree.version:
            self._condition_text, self._tree_version = text, self.tree.version
            wanted = self._automatic() if text == "auto" else text
            if self._condition is None or self._condition.text != wanted:
                self._condition = Condition(wanted)
                for address in self._condition.addresses:
                    if sentence := self._schedule.values.unknown(address):
                        self._fail(self._schedule.sentence(Mistake("visitors", "present", sentence)))
        return self._condition

    def _automatic(self) -> str:
        """Motion of each camera, keys and touches in the window, performers' keys and pens."""
        addresses = self.tree.addresses()
        motion = [f"{a} > {MOTION}" for a in addresses if a.endswith("/motion") and a.count("/") == 2]
        pens = [a for a in addresses if a.endswith("/performer") and a.count("/") == 2]
        signals = [a for a in self.tree.signals if a.endswith("/heard") or a == "/window/input"]
        return " or ".join([*motion, *pens, *signals]) or "off"

    def _check_condition(self, value: Value) -> None:
        if value != "auto":
            try:
                Condition(str(value))
            except ConditionError as error:
                self.tree.publish("/visitors/present", self._condition_text or "auto")
                raise KnobError(f"/visitors/present: {error}") from None

    def _follow_file(self) -> None:
        """Sets what the file says, where it says something else than before."""
        self._file_version = self._schedule.version
        given, before = self._schedule.tables.visitors, self._settings
        if (given is not None) is not self._in_file:
            self._in_file = given is not None
            self.tree.set("/visitors/on", self._in_file)
        self._settings = given or VisitorSettings()
        for name in VISITOR_KNOBS:
            value = getattr(self._settings, name, None)
            if value is not None and value != getattr(before, name):
                self.tree.set(f"/visitors/{name}", value)

    def return_to_file(self) -> None:
        """Sets the values of the file, also of settings that were moved; may be called from any thread."""
        for name in VISITOR_KNOBS:
            value = self._in_file if name == "on" else getattr(self._settings, name, None)
            if value is not None:
                self.tree.set(f"/visitors/{name}", value)

    def _publish(self, name: str, value: Any) -> None:
        if self._published.get(name) != value:
            self._published[name] = value
            self.tree.publish(f"/visitors/{name}", value)
