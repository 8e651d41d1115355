"""The schedule of an installation: opening hours, cues at times and on conditions, from `PATCH.schedule.toml`.

It reads the wall clock each time it is called, so that a clock that is set, a machine that slept and daylight saving
need no care: what counts is the state at this moment.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from live.gallery.address_values import AddressValues
from live.gallery.closing import Closing
from live.gallery.condition_cues import ConditionCues
from live.gallery.hours import HoursState, spans_text
from live.gallery.schedule_edits import Edit, declare_edits
from live.gallery.schedule_tables import Mistake, ScheduleTables, TimedCue, mistake_sentence, read_tables
from live.gallery.screen_power import ScreenPower
from live.gallery.wall_clock import DueCues, JumpDetector, next_time
from live.parameters.service_context import ServiceContext
from live.patch import Patch
from live.show.toml_file import TomlFile
from models.base import Knob, KnobError

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
LONGEST_S: Final = 3600.0
"""On a virtual clock nobody sets the time, so it looks at the next change, or after an hour."""
SCREEN_AGAIN_S: Final = 60.0
"""While it is closed the screen is switched off again this often: a key or a mouse wakes it."""
MODES: Final = ("hours", "open", "closed")


class Schedule:
    """The service that opens and closes, and starts cues.

    `start_cue(name)` starts a cue of the cue list. `resumed` says whether a saved state was taken up at the start; the
    opening cue must not change it. `restart()` ends the show in order to be started again.
    """

    def __init__(
        self,
        context: ServiceContext,
        path: Path | None,
        start_cue: Callable[[str], object],
        resumed: Callable[[], bool] = lambda: False,
        restart: Callable[[], object] = lambda: None,
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.closing = Closing(self.tree)
        self.values = AddressValues(self.tree, self.clock)
        self.tables = ScheduleTables()
        self.version = 0
        """Grows with each new content of the file."""
        self.before_closing: list[Callable[[], None]] = []
        """Called each time before it closes."""
        self._wake, self._fail = context.wake, context.fail
        self._file = TomlFile(path, context.disk, context.fail)
        self._start_cue = start_cue
        self._resumed, self._restart = resumed, restart
        self._screen = ScreenPower(self._say_screen)
        self._cues = DueCues()
        self._restarts = DueCues()
        self._conditions = ConditionCues(self.values, self._start)
        self._requests: deque[Callable[[], None]] = deque()
        self._planned: HoursState | None = None
        self._since_s = 0.0
        self._open: bool | None = None
        self._held_until: bool | None = None
        """While a mode set by hand is in force: what the hours said when it was set."""
        self._went_off = False
        self._look_s = self._screen_s = 0.0
        self._jumps = JumpDetector()
        self._published: dict[str, Any] = {}

    @property
    def is_open(self) -> bool:
        """Whether it is open now; without hours it always is."""
        return self._open is not False

    # -- service ------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the file."""
        add = self.tree.add
        mode = "hours follows the opening hours; open and closed hold until the hours change next"
        add("/schedule/mode", Knob(mode, kind="choice", choices=MODES, default="hours"), lambda _: self._hold())
        for name, meaning in (
            ("state", "open or closed"),
            ("next", "Date and time of the next change, and what follows; empty where there is none"),
            ("today", "Opening hours of today"),
            ("zone", "Time zone of the hours"),
            ("screen", "Whether the screen was switched on or off while closed, by which means, or why not"),
        ):
            add(f"/schedule/{name}", Knob(meaning, kind="text", default="", access="r"))
        declare_edits(self.tree, self._edit, lambda: self._file.tables)
        self.tree.add_signal("/schedule/cue", "s", "A cue starts by the time or a condition: its name in the file")
        self._read()

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """A reload may add nodes while it is closed, and change which addresses there are."""
        self._check_conditions()
        if self._open is False:
            self.closing.close(self.tables.closed)

    def advance(self, now_s: float) -> float:
        """Opens and closes, starts cues, follows the file."""
        while self._requests:
            self._requests.popleft()()
        if now_s >= self._look_s:
            self._look_s = now_s + (LONGEST_S if self.clock.virtual else LOOK_EVERY_S)
            self._read()
        before_s, wall_s, after_s = self.clock.now(), self.clock.unix(), self.clock.now()
        if jumped_s := self._jumps.look(before_s, wall_s, after_s):
            way = "forward" if jumped_s > 0.0 else "back"
            log.info("schedule: the clock was set %s by %.0f s", way, abs(jumped_s))
        self._follow_hours(now_s, wall_s)
        for cue in self._due(wall_s):
            if self.is_open or cue.closed:
                self._start(cue.name, cue.cue)
        if self._restarts.take(self._restart_times(), wall_s, self.tables.zone)[0] and not self.is_open:
            log.info("schedule: it is restarted, as [closed] says")
            self._restart()
        self._conditions.advance(now_s, self.is_open)
        return self._next_s(now_s, wall_s)

    def close(self) -> None:
        """Ends the thread of the screen."""
        self._screen.close()

    # -- requests, on any thread -----------------------------------------------------------------------------------

    def _hold(self) -> None:
        self._requests.append(self._take_mode)
        self._wake()

    def _edit(self, edit: Edit) -> None:
        def work() -> None:
            self._file.put(edit.table, edit.change(self._file.tables.get(edit.table, {})))
            self._build()

        self._requests.append(work)
        self._wake()

    # -- hours --------------------------------------------------------------------------------------------------

    def _take_mode(self) -> None:
        """A mode other than hours is remembered with what the hours say now."""
        self._planned = None
        self._held_until = None
        if self.tree.get("/schedule/mode") != "hours":
            hours = self.tables.hours
            self._held_until = hours.at(_moment(self.clock.unix())).open if hours is not None else True

    def _follow_hours(self, now_s: float, wall_s: float) -> None:
        hours, mode = self.tables.hours, self.tree.get("/schedule/mode")
        planned = self._planned
        if planned is None or wall_s < self._since_s or (planned.until and wall_s >= planned.until.timestamp()):
            planned = hours.at(_moment(wall_s)) if hours is not None else HoursState(True, None)
            self._planned, self._since_s = planned, wall_s
            if self._held_until not in (None, planned.open):
                self._held_until = None
                self.tree.set("/schedule/mode", mode := "hours")
            self._publish_hours(planned, wall_s)
        opened = planned.open if mode == "hours" else mode == "open"
        if opened != self._open:
            self._change(opened, now_s)
        elif not opened and now_s >= self._screen_s:
            self._switch_screen(False, now_s)

    def _change(self, opened: bool, now_s: float) -> None:
        first, settings = self._open is None, self.tables.closed
        for call in () if opened or first else self.before_closing:
            call()
        self._open = opened
        has_hours = self.tables.hours is not None
        if not opened:
            if not first:
                self._start("closing", self.tables.closing_cue)
            self.closing.close(settings)
            self._switch_screen(False, now_s)
        else:
            self.closing.open(settings.fade_s)
            if has_hours or not first:
                self._switch_screen(True, now_s)
            if not (first and self._resumed()):
                self._start("opening", self.tables.opening_cue)
        self._publish("state", "open" if opened else "closed")
        if has_hours or not first:
            follows = self._published.get("next")
            log.info("%s%s", "open" if opened else "closed", f", next by the hours: {follows}" if follows else "")

    def _switch_screen(self, on: bool, now_s: float) -> None:
        self._screen_s = now_s + SCREEN_AGAIN_S
        if self.clock.virtual or (self.tables.closed.screen == "keep" and not self.tables.closed.screen_off):
            return
        self._screen.switch(on, self.tables.closed)

    # -- cues ---------------------------------------------------------------------------------------------------

    def _due(self, wall_s: float) -> list[Any]:
        due, missed = self._cues.take(self.tables.timed, wall_s, self.tables.zone)
        for cue in missed:
            log.warning("schedule: [at.%s] was missed: the clock was set forward, or the machine slept", cue.name)
        return due

    def _restart_times(self) -> tuple[TimedCue, ...]:
        minutes = self.tables.closed.restart
        return (TimedCue("restart", "", (minutes,)),) if minutes is not None else ()

    def _start(self, name: str, cue: str) -> None:
        if not cue:
            return
        self.tree.publish("/schedule/cue", name)
        try:
            self._start_cue(cue)
        except KnobError as error:
            self._fail(f"schedule, {name}: {error}")

    def _next_s(self, now_s: float, wall_s: float) -> float:
        soon_s = self._conditions.next_s(now_s)
        if not self.clock.virtual:
            return min(now_s + LOOK_EVERY_S, soon_s)
        changes = [next_time((*self.tables.timed, *self._restart_times()), wall_s, self.tables.zone)]
        if self._planned is not None and self._planned.until is not None:
            changes.append(self._planned.until.timestamp())
        return min(self._look_s, soon_s, now_s + max(0.0, min(changes) - wall_s))

    # -- the file -----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._file.read_and_report():
            self._build()

    def _build(self) -> None:
        self.tables, wrong = read_tables(self._file.tables)
        for mistake in wrong:
            self._fail(self.sentence(mistake))
        self.version += 1
        self._planned = None
        self._conditions.replace(self.tables.conditions)
        self._check_conditions()
        self._publish("zone", self.tables.zone.key)

    def sentence(self, mistake: Mistake) -> str:
        """A mistake with file and line in front."""
        return mistake_sentence(self._file, mistake)

    def _check_conditions(self) -> None:
        """Reports addresses in conditions that do not exist; they count as not held."""
        for one in self.tables.conditions:
            for address in one.condition.addresses:
                if sentence := self.values.unknown(address):
                    self._fail(self.sentence(Mistake("if", "when", sentence, f"if.{one.name}")))

    def _publish_hours(self, planned: HoursState, wall_s: float) -> None:
        text = ""
        if planned.until is not None:
            follows = "closed" if planned.open else "open"
            text = f"{planned.until.astimezone(self.tables.zone):%Y-%m-%d %H:%M} {follows}"
        self._publish("next", text)
        hours = self.tables.hours
        today = _moment(wall_s).astimezone(self.tables.zone).date()
        self._publish("today", spans_text(hours.of(today)) if hours is not None else "open")

    def _publish(self, name: str, value: Any) -> None:
        if self._published.get(name) != value:
            self._published[name] = value
            self.tree.publish(f"/schedule/{name}", value)

    def _say_screen(self, sentence: str) -> None:
        self._went_off = self._went_off or sentence.startswith("off")
        if not self._went_off and sentence.startswith("not switched on"):
            sentence = "on"  # it was never off: nothing needs to be said
        if self._published.get("screen") != sentence:
            log.info("screen: %s", sentence)
        self._publish("screen", sentence)


def _moment(wall_s: float) -> datetime:
    return datetime.fromtimestamp(wall_s, UTC)
