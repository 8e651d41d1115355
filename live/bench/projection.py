"""The picture on a wall at 1280x720: what pinning, bending, fading and feedback add to a frame."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pygame

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video.feedback import Feedback
from live.video.pixels import pixels
from live.video.projection import Projection
from live.video.window_parameters import WINDOW_KNOBS
from models.compute.bench_row import BenchRow

SIZE = 1280, 720
TURNS = 60


def projection_rows() -> list[BenchRow]:
    """Medians of a frame; beside them a copy of the picture, which reads 3.7 MB and writes as many."""
    copy_ms = _copy_ms()
    costs = {
        "projection, plain": _show_ms({}),
        "corners pinned (reads 11.1 MB, writes 3.7 MB)": _show_ms({"corner/top_left": (0.1, 0.05)}),
        "corners and mesh": _show_ms({"corner/top_left": (0.1, 0.05), "mesh/r3c3": (0.02, 0.0)}),
        "rotation by 90 degrees": _show_ms({"rotation": 90}),
        "an edge that fades": _show_ms({"edge/left": 0.1}),
        "video feedback": _feedback_ms(),
    }
    rows: list[BenchRow] = [{"name": "copying a picture of 1280x720", "value": copy_ms, "unit": "ms"}]
    return rows + [{"name": name, "value": cost, "unit": "ms"} for name, cost in costs.items()]


def _show_ms(given: dict[str, object]) -> float:
    tree, output = _tree(given), pygame.Surface(SIZE, 0, 32)
    projection = Projection(tree)

    def frame() -> None:
        projection.follow(SIZE)
        picture = projection.picture(output)
        if picture is not output:
            projection.show(output)

    frame()
    return _median_ms(frame)


def _feedback_ms() -> float:
    tree, surface = _tree({"feedback/amount": 0.9, "feedback/zoom": 1.02}), pygame.Surface(SIZE, 0, 32)
    clock = tree.clock
    assert isinstance(clock, VirtualClock)
    feedback = Feedback(tree, clock)

    def frame() -> None:
        clock.advance(clock.now() + 1.0 / 60.0)
        feedback.apply(surface)

    frame()
    return _median_ms(frame)


def _tree(given: dict[str, object]) -> Tree:
    tree = Tree(VirtualClock())
    for name, knob in WINDOW_KNOBS.items():
        tree.add(f"/window/{name}", knob)
    for name, value in given.items():
        tree.set(f"/window/{name}", value)
    return tree


def _copy_ms() -> float:
    onto, source = pygame.Surface(SIZE, 0, 32), pygame.Surface(SIZE, 0, 32)
    return _median_ms(lambda: np.copyto(pixels(onto), pixels(source)))


def _median_ms(work: Callable[[], object]) -> float:
    costs = []
    for _ in range(TURNS):
        began_s = time.perf_counter()
        work()
        costs.append((time.perf_counter() - began_s) * 1000.0)
    return statistics.median(costs)
