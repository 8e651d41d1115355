"""Health on the virtual clock: the watchdog, alerts, and the outcome of a start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from live.parameters.service_context import ServiceContext
from live.parameters.tree import Tree
from live.service.alerts import Alerts
from live.service.checks import NO_SCREEN
from live.service.health import Health, Problem
from live.service.health_service import HealthService
from live.service.installation import Installation, Start
from live.service.supervision import Supervision
from live.transport.clock import VirtualClock

FATAL = Problem("node piano", "piano: a step of its model does not return", fatal=True)
LOST = Problem("camera camera", "camera: it is lost")


@dataclass
class Ward:
    """A health service, what ails it, and all that it did."""

    service: HealthService
    clock: VirtualClock
    ills: list[Problem] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)

    def run(self, to_s: float) -> None:
        while (next_s := self.service.advance(self.clock.now())) < to_s:
            self.clock.advance(next_s)
        self.clock.advance(to_s)


@pytest.fixture
def ward(ears: Any, tmp_path: Path) -> Callable[..., Ward]:
    def build(start: Start = Start(), installed: bool = True, troubles: str = "") -> Ward:  # noqa: B008
        clock = VirtualClock()
        tree = Tree(clock)
        installation = Installation("show", clock, tmp_path / "show") if installed else None
        supervision = Supervision("show", ears.notifier(), installation, start, {"start": troubles} if troubles else {})
        health = Health([lambda _now_s: made.ills])
        service = HealthService(
            ServiceContext(tree, clock, lambda: None, pytest.fail),
            health,
            supervision,
            Alerts(),
            folders=[tmp_path],
            show_alarm=lambda sentence: made.alarms.append(sentence),
            leave=lambda status: made.left.append(status),
            keep=lambda: made.kept.append(clock.now()),
        )
        made = Ward(service, clock)

        def note(address: str, arguments: tuple[Any, ...]) -> None:
            if address == "/engine/alert":
                made.alerts.append(arguments)

        tree.watchers.append(note)
        service.open()
        made.tree = tree  # type: ignore[attr-defined]
        return made

    return build


def test_the_watchdog_is_fed_while_nothing_is_fatal(ward: Callable[..., Ward], ears: Any) -> None:
    made = ward()
    made.ills.append(LOST)
    made.run(2.5)
    assert ears.heard() == [
        ["READY=1", "WATCHDOG=1", "STATUS=camera: it is lost"],
        ["WATCHDOG=1", "STATUS=camera: it is lost"],
        ["WATCHDOG=1", "STATUS=camera: it is lost"],
    ]
    made.ills.append(FATAL)
    made.run(4.5)
    assert all("WATCHDOG=1" not in message for message in ears.heard())
    made.ills.clear()
    made.run(5.5)
    assert ears.heard() == [["WATCHDOG=1", "STATUS=playing"]]


def test_a_start_is_ready_only_once_all_is_well(ward: Callable[..., Ward], ears: Any) -> None:
    made = ward(installed=False)
    made.ills.append(FATAL)
    made.run(30.0)
    assert not any("READY=1" in message for message in ears.heard())
    assert made.left == []


def test_an_alert_is_sent_for_what_lasts_and_when_it_is_solved(ward: Callable[..., Ward]) -> None:
    made = ward()
    made.ills.append(LOST)
    made.run(9.5)
    assert made.alerts == []
    made.run(30.0)
    assert made.alerts == [("problem", LOST.sentence)]
    made.ills.clear()
    made.run(32.0)
    assert made.alerts == [("problem", LOST.sentence), ("solved", LOST.sentence)]


def test_a_flapping_problem_is_not_an_alert_each_time(ward: Callable[..., Ward]) -> None:
    made = ward()
    for at_s in range(0, 3 * 3600, 30):  # lost for 15 s in every 30
        made.ills[:] = [LOST]
        made.run(at_s + 15)
        made.ills.clear()
        made.run(at_s + 30)
    assert 4 < len([alert for alert in made.alerts if alert[0] == "problem"]) < 20


def test_the_readings_are_published(ward: Callable[..., Ward]) -> None:
    made = ward()
    made.ills += [LOST, FATAL]
    made.run(12.5)
    tree: Tree = made.tree  # type: ignore[attr-defined]
    assert tree.get("/engine/health") == f"{LOST.sentence}\n{FATAL.sentence}"
    assert tree.get("/engine/uptime") == pytest.approx(12.0)
    assert float(tree.get("/engine/memory")) > 10.0  # type: ignore[arg-type]
    assert float(tree.get("/engine/disk_left")) > 0.0  # type: ignore[arg-type]


def test_a_show_healthy_for_a_minute_is_kept_once(ward: Callable[..., Ward]) -> None:
    made = ward()
    made.run(30.0)
    made.ills.append(LOST)
    made.run(40.0)
    made.ills.clear()
    made.run(300.0)
    assert made.kept == [100.0]
    made.service.follow(None)  # type: ignore[arg-type]  # another patch
    made.run(400.0)
    assert made.kept == [100.0, 360.0]


def test_a_safe_start_says_so_and_tries_a_usual_start_after_six_hours(ward: Callable[..., Ward], ears: Any) -> None:
    made = ward(Start(safe=True, crashes=5, after_crash=True), troubles="safe start after 5 crashes")
    made.run(21.0)
    assert made.alerts == [
        ("note", "started again after a crash or a power cut"),
        ("problem", "safe start after 5 crashes"),
    ]
    assert set(made.alarms) == {"safe start after 5 crashes"}
    assert ["READY=1", "WATCHDOG=1", "STATUS=safe start after 5 crashes"] in ears.heard()
    assert made.left == []
    made.clock.advance(6 * 3600.0 - 10.0)
    made.run(6 * 3600.0 + 2.0)
    assert made.left[0] == 75


def test_an_installation_without_a_screen_is_started_again(ward: Callable[..., Ward]) -> None:
    made = ward()
    made.ills.append(Problem(NO_SCREEN, "there is no window: no available video device", fatal=True))
    made.run(12.0)
    assert made.left[:1] == [75]


def test_a_window_that_is_drawn_late_on_a_busy_machine_is_waited_for(ward: Callable[..., Ward], ears: Any) -> None:
    made = ward()
    made.ills.append(Problem("window", "the window has not been drawn yet", fatal=True))
    made.run(60.0)
    assert made.left == []
    made.ills.clear()
    made.run(61.5)  # the socket is full of what nobody has read: READY=1 is sent again until it is taken
    assert not any("READY=1" in message for message in ears.heard())
    made.run(62.5)
    assert ["READY=1", "WATCHDOG=1", "STATUS=playing"] in ears.heard()
