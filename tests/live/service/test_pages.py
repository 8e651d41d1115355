"""The pages for monitoring systems: JSON, Prometheus' text as its own parser reads it, and a PNG."""

from __future__ import annotations

import json
from typing import Any

import cv2
import numpy as np
import pygame
import pytest
from prometheus_client.parser import text_string_to_metric_families

from live.parameters.tree import Tree
from live.service.figures import Figures, NodeFigures
from live.service.health import Problem
from live.service.machine import MachineFigures, ProcessFigures
from live.service.pages import HealthPages
from live.transport.clock import Clock, VirtualClock
from live.video import Window
from live.video.stage import Stage

ENGINE = ProcessFigures("engine", 12, 700_000_000, 26, 19, 6.5)
SENDER = ProcessFigures("sender_process", 13, 100_000_000, 12, 5, 0.5)
FIGURES = Figures(
    show="foyer",
    problems=(Problem("camera camera", "camera: it is lost"),),
    up_s=12.34,
    crashes=2,
    nodes={"piano": NodeFigures(state="playing", step_s=0.004, steps=100)},
    ports={"Roland": "lost"},
    cameras={"camera": ("lost", 0.0)},
    window_fps=60.0,
    machine=MachineFigures((ENGINE, SENDER), 5 * 10**9, 10**10, 61.5, 10**9, 500.0),
)


def pages(figures: Figures, clock: Clock | None = None) -> tuple[HealthPages, Stage]:
    clock = clock or VirtualClock()
    stage = Stage(Tree(clock), clock, lambda _: None)
    return HealthPages(stage, clock, lambda: figures, "machine"), stage


def test_health_names_the_reasons() -> None:
    answer = pages(FIGURES)[0].health()
    said = json.loads(answer.body)
    assert (answer.status, said["status"], said["reasons"]) == (503, "ill", ["camera: it is lost"])
    assert (said["memory_mb"], said["disk_left_mb"], said["temperature_c"]) == (800.0, 5000.0, 61.5)
    assert (said["nodes"], said["midi_ports"], said["cameras"]) == (
        {"piano": "playing"},
        {"Roland": "lost"},
        {"camera": "lost"},
    )
    answer = pages(Figures(show="foyer"))[0].health()
    said = json.loads(answer.body)
    assert (answer.status, said["status"], said["reasons"], said["temperature_c"]) == (200, "well", [], None)


def test_metrics_are_read_by_prometheus_own_parser() -> None:
    answer = pages(FIGURES)[0].metrics()
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    samples: dict[str, Any] = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        assert family.documentation
        for sample in family.samples:
            samples[" ".join([sample.name, *sample.labels.values()])] = sample.value
    assert samples["arabesque_healthy"] == 0.0
    assert samples["arabesque_crashes_total"] == 2.0
    assert samples["arabesque_node_playing piano"] == 1.0
    assert samples["arabesque_node_steps_total piano"] == 100.0
    assert samples["arabesque_midi_port_open Roland"] == 0.0
    assert samples["arabesque_process_resident_bytes 13 sender_process"] == 1e8
    assert samples["arabesque_temperature_celsius"] == 61.5


def test_a_screenshot_is_the_window_as_it_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    made, stage = pages(FIGURES, Clock())
    assert made.screenshot().status == 404  # the patch has no window
    stage.set_window(Window(96, 64))
    opened = stage.taps.open

    def open_and_draw(rate: float, notify: Any, reach: Any) -> Any:
        tap = opened(rate, notify, reach)
        surface = pygame.Surface((96, 64), 0, 32)
        surface.fill((200, 40, 10))
        stage.taps.offer(surface, 1, lambda: surface)
        return tap

    monkeypatch.setattr(stage.taps, "open", open_and_draw)
    answer = made.screenshot()
    assert (answer.status, answer.content_type) == (200, "image/png")
    picture = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (64, 96, 3)
    assert picture[0, 0].tolist() == [10, 40, 200]
    assert stage.taps.next_s() == float("inf")  # the tap is closed again
    monkeypatch.setattr(stage.taps, "open", None)
    assert made.screenshot() == answer  # within a second it is the same one


def test_a_window_that_is_not_drawn_has_no_screenshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.service.pages.PATIENCE_S", 0.01)
    made, stage = pages(FIGURES, Clock())
    stage.set_window(Window(96, 64))
    assert made.screenshot().status == 503
