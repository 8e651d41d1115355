"""The control-thread service that judges the health, feeds the watchdog, sends alerts, and watches the machine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.parameters.service_context import ServiceContext
from live.patch import Patch
from live.service.alerts import Alert, Alerts, Kind, machine_name
from live.service.checks import NO_SCREEN, Heartbeat
from live.service.health import Health, Problem
from live.service.machine import MachineFigures, read_machine
from live.service.supervision import TRY_AGAIN, Supervision
from live.system.heap import return_free_memory
from models.base import Knob

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
MACHINE_EVERY_S: Final = 10.0
HEAP_EVERY_S: Final = 60.0
"""How often memory that is free inside this process goes back to the system."""
GOOD_AFTER_S: Final = 60.0
"""A show that has been well for so long is kept as the last good one."""
LASTS_S: Final = 10.0
"""A problem that lasts so long is an alert; most mend themselves sooner."""
SAFE_S: Final = 6 * 3600.0
"""How long a safe start plays before a usual start is tried again."""
NO_SCREEN_S: Final = 10.0
"""How long an installation plays on without a screen before it is started again, in case the screen has come."""
READINGS: Final = {
    "health": Knob("What is wrong now, a sentence a line; empty: all is well", kind="text", default="", access="r"),
    "uptime": Knob("Time since the start", unit="s", access="r"),
    "memory": Knob("Resident memory of the engine and its helper processes", unit="MB", access="r"),
    "disk_left": Knob("Room left where files are written", unit="MB", access="r"),
    "temperature": Knob("The hottest sensor; 0 where none can be read", unit="°C", access="r"),
}


class HealthService:
    """Looks once a second. Without checks, as on a virtual clock, it only declares its addresses.

    `show_alarm` shows a sentence in the window until it gets another one, or an empty one. `leave` ends the engine in
    order with an exit status. `keep` hands over what plays as the last good show; it runs on the disk thread.
    """

    def __init__(
        self,
        context: ServiceContext,
        health: Health,
        supervision: Supervision,
        alerts: Alerts,
        *,
        folders: Sequence[Path],
        show_alarm: Callable[[str], None],
        leave: Callable[[int], None],
        keep: Callable[[], None],
    ) -> None:
        self._tree, self._clock, self._disk = context.tree, context.clock, context.disk
        self.heartbeat = Heartbeat(self._clock.now())
        """Of the control thread."""
        self.machine = MachineFigures()
        self.sent = 0
        """Alerts so far."""
        self._health, self._supervision, self._alerts = health, supervision, alerts
        self._folders = folders
        self._show_alarm, self._leave, self._keep = show_alarm, leave, keep
        self._began_s = self._clock.now()
        self._next_s = self._machine_s = self._heap_s = float("-inf")
        self._well_since_s = float("inf")
        self._ready = self._kept = False
        self._since_s: dict[str, float] = {}
        """Since when each problem has lasted, by its key."""
        self._alerted: dict[str, str] = {}
        """The sentence of each problem that was an alert and is not solved yet."""
        self._complaints = RepeatedComplaints()

    @property
    def up_s(self) -> float:
        """Seconds since the start."""
        return self._clock.now() - self._began_s

    def problems(self) -> list[Problem]:
        """What is wrong now; from any thread."""
        troubles = [Problem(key, sentence) for key, sentence in self._supervision.troubles.items()]
        return [*self._health.problems(self._clock.now()), *troubles]

    # -- Service ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and says how this start came about."""
        self._tree.add_signal("/engine/alert", "ss", "An alert: problem, solved or note, and a sentence")
        for name, knob in READINGS.items():
            self._tree.add(f"/engine/{name}", knob)
        start = self._supervision.start
        if start.after_crash:
            self.alert("note", "started again after a crash or a power cut")

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """A changed patch must prove itself before it is kept."""
        self._supervision.patch_loaded()
        self._well_since_s, self._kept = float("inf"), False

    def advance(self, now_s: float) -> float:
        """Looks, feeds the watchdog, sends the alerts that are due."""
        self.heartbeat.beat(now_s)
        if not self._health.checks:
            return float("inf")
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s()
            self._look(now_s)
        return self._next_s

    def close(self) -> None:
        """Tells the supervisor that this is an orderly end, and sends the alerts that wait."""
        self._supervision.notifier.send("STOPPING=1")
        self._alerts.close()

    def alert(self, kind: Kind, sentence: str) -> None:
        """Publishes an alert at `/engine/alert`, logs it and sends it to the targets.

        In a show with a person before it the log already has the sentence, from where the problem arose.
        """
        unattended = self._supervision.installation is not None
        log.log(logging.WARNING if unattended else logging.DEBUG, "%s: %s", kind, sentence)
        self.sent += 1
        self._tree.publish("/engine/alert", kind, sentence)
        self._alerts.send(Alert(kind, sentence, machine_name(), self._supervision.show, self._clock.date()))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _every_s(self) -> float:
        watchdog_s = self._supervision.notifier.watchdog_s
        return min(EVERY_S, watchdog_s / 4.0) if watchdog_s > 0.0 else EVERY_S

    def _look(self, now_s: float) -> None:
        problems = self.problems()
        self._feed(problems)
        self._track(problems, now_s)
        self._tree.publish("/engine/health", "\n".join(problem.sentence for problem in problems))
        self._tree.publish("/engine/uptime", now_s - self._began_s)
        if now_s >= self._machine_s:
            self._machine_s = now_s + MACHINE_EVERY_S
            self._disk.submit((id(self), "machine"), self._read_machine)
        if now_s >= self._heap_s:
            self._heap_s = now_s + HEAP_EVERY_S
            self._disk.submit((id(self), "heap"), return_free_memory)
        self._judge_start(problems, now_s)

    def _feed(self, problems: list[Problem]) -> None:
        notifier = self._supervision.notifier
        if any(problem.fatal for problem in problems):
            notifier.send(f"STATUS={problems[0].sentence}")
            return
        status = problems[0].sentence if problems else "playing"
        sent = notifier.send(*([] if self._ready else ["READY=1"]), "WATCHDOG=1", f"STATUS={status}")
        self._ready = self._ready or sent

    def _track(self, problems: list[Problem], now_s: float) -> None:
        """An alert for each problem that lasts, and one when it is solved."""
        present = {problem.key: problem.sentence for problem in problems}
        for key, sentence in present.items():
            since_s = self._since_s.setdefault(key, now_s)
            if now_s - since_s >= LASTS_S and key not in self._alerted:
                left_out = self._complaints.due(key, now_s)
                self._alerted[key] = sentence if left_out is not None else ""
                if left_out is not None:
                    self.alert("problem", with_count(sentence, left_out))
        for key in [key for key in self._since_s if key not in present]:
            del self._since_s[key]
            if sentence := self._alerted.pop(key, ""):
                self.alert("solved", sentence)

    def _judge_start(self, problems: list[Problem], now_s: float) -> None:
        """Keeps a show that is well, and ends a start that should be tried again."""
        if problems:
            self._well_since_s = float("inf")
        else:
            self._well_since_s = min(self._well_since_s, now_s)
            if not self._kept and now_s - self._well_since_s >= GOOD_AFTER_S:
                self._kept = True
                self._disk.submit((id(self), "keep"), self._keep)
        if self._supervision.start.safe:
            self._show_alarm(self._supervision.troubles.get("start", ""))
            if now_s - self._began_s >= SAFE_S:
                self._leave(TRY_AGAIN)
        installed = self._supervision.installation is not None
        if installed and not self._ready and now_s - self._began_s >= NO_SCREEN_S and NO_SCREEN in self._since_s:
            log.warning("there is no screen yet; this is tried again")
            self._leave(TRY_AGAIN)

    def _read_machine(self) -> None:
        """On the disk thread."""
        machine = self.machine = read_machine(self._folders, self._clock.unix())
        self._tree.publish("/engine/memory", sum(one.resident for one in machine.processes) / 1e6)
        if machine.disk_free is not None:
            self._tree.publish("/engine/disk_left", machine.disk_free / 1e6)
        if machine.temperature_c is not None:
            self._tree.publish("/engine/temperature", machine.temperature_c)
