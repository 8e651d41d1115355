"""The window at 1280x720 with a piano roll and four drawing pens: time per frame, frames per second."""

from __future__ import annotations

import math
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from live.bench.projection import projection_rows
from live.osc.packet import Message, parse
from live.parameters.tree import Tree
from live.transport.clock import Clock, VirtualClock
from live.video import Window
from live.video.stage import Stage
from live.video.window import NO_SCREEN, Screen
from models.base import NoteOff, NoteOn, Page, Pen
from models.compute.bench_row import BenchRow

PENS, POINTS_PER_S, NOTES_PER_S = 4, 40.0, 10.0
RATE = 60.0
LONGEST_WAIT_S = 60.0


def window_rows(seconds: float = 10.0) -> list[BenchRow]:
    """So many seconds of music and drawing, frame by frame as fast as can be, then at the rate of a display; then the
    default patch with its painter, its pianist and four pens; then what a projection costs. On SDL's dummy driver
    where there is no screen.
    """
    costs, driver = _costs_ms(seconds)
    where = f"1280x720, roll and {PENS} pens, {'no screen' if driver in NO_SCREEN else driver}"
    rows: list[BenchRow] = [
        {"name": f"one frame, p50 ({where})", "value": _part(costs, 0.5), "unit": "ms"},
        {"name": "one frame, p99", "value": _part(costs, 0.99), "unit": "ms"},
        {"name": "of that, copying a finished picture", "value": _picture_ms(), "unit": "ms"},
        {"name": "frames, maximum rate", "value": 1000.0 * len(costs) / sum(costs), "unit": "1/s"},
    ]
    frames = (
        ("frames at a limit of 60", _frames_per_s(seconds)),
        ("the same with all models running", _with_models(seconds)),
    )
    for name, value in frames:
        rows.append({"name": name, "value": value, "unit": "1/s", "ratio": value / RATE, "peer": "the limit"})
    return rows + projection_rows()


def _costs_ms(seconds: float) -> tuple[list[float], str]:
    driver = _driver()
    clock = VirtualClock()
    stage, screen = _open(clock)
    _perform(stage, 0.0, seconds)
    costs: list[float] = []
    for frame in range(int(seconds * RATE)):
        clock.advance(frame / RATE + 1e-6)
        costs.append(_time_ms(lambda: _frame(stage, screen)))
    screen.close()
    return costs[len(costs) // 5 :], driver  # without the first frames, which show little


def _frames_per_s(seconds: float) -> float:
    clock = Clock()
    stage, screen = _open(clock)
    began_s = clock.now()
    _perform(stage, began_s, seconds)
    frames = 0
    while clock.now() < began_s + seconds:
        wanted_s = _frame(stage, screen)
        frames += 1
        time.sleep(max(0.0, wanted_s - clock.now()))
    screen.close()
    return frames / (clock.now() - began_s)


def _with_models(seconds: float) -> float:
    """The frame rate that the whole program, in its own process, reports for its window."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.bind(("127.0.0.1", 0))
        heard.settimeout(LONGEST_WAIT_S)
        command = [sys.executable, "-m", "live.commands.play", "--midi", "silent", "--no-osc", "--no-reload"]
        command += ["--set", f"/ink/pens={PENS}", "--osc-out", f"127.0.0.1:{heard.getsockname()[1]}"]
        environment = {**os.environ, "SDL_VIDEODRIVER": "dummy"} if _driver() in NO_SCREEN else None
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) as process:
            try:
                rates: list[float] = []
                while len(rates) < 2 * (seconds + 3.0):
                    packet = parse(heard.recv(65536))
                    if isinstance(packet, Message) and packet.address == "/window/fps":
                        rates.append(float(packet.arguments[0]))  # type: ignore[arg-type]
            finally:
                process.terminate()
    return statistics.mean(rates[6:])  # two readings per second; the first seconds show an empty window


def _driver() -> str:
    import pygame

    pygame.display.init()
    driver: str = pygame.display.get_driver()
    pygame.display.quit()
    return driver


def _picture_ms() -> float:
    """Time to copy a finished picture to the window: the lower bound of a frame."""
    import pygame

    pygame.display.init()
    surface = pygame.display.set_mode((1280, 720))
    picture = surface.copy()

    def show() -> None:
        surface.blit(picture, (0, 0))
        pygame.display.flip()

    costs = [_time_ms(show) for _ in range(100)]
    pygame.display.quit()
    return _part(costs, 0.5)


def _frame(stage: Stage, screen: Screen) -> float:
    stage.advance(stage.clock.now())
    return screen.frame()


def _open(clock: Clock) -> tuple[Stage, Screen]:
    asked = "dummy" if _driver() in NO_SCREEN else None
    if asked:
        os.environ["SDL_VIDEODRIVER"] = asked
    window = Window(1280, 720)
    stage = Stage(Tree(clock), clock, _ignore)
    stage.set_window(window)
    stage.add("ink", window.layer(1), lambda _: None, {})
    stage.set_rolls({"roll": window.roll("piano")})
    stage.tree.set("/window/rate", RATE)
    return stage, Screen(stage, asked)


def _ignore(_sentence: str) -> None:
    """Ignores messages about files: a benchmark writes none."""


def _perform(stage: Stage, from_s: float, seconds: float) -> None:
    """The same notes and wavy circles in every run."""
    chance = random.Random(1)
    at_s = 0.0
    notes: list[tuple[float, int, NoteOn | NoteOff]] = []
    while at_s < seconds:
        pitch = chance.randint(30, 100)
        notes += [
            (at_s, 1, NoteOn(pitch, chance.randint(20, 110))),
            (at_s + chance.uniform(0.1, 2.0), 0, NoteOff(pitch)),
        ]
        at_s += chance.expovariate(NOTES_PER_S)
    for due_s, _, event in sorted(notes, key=lambda note: note[:2]):
        stage.rolls["roll"].send(from_s + due_s, event)
    ink = stage.inks["ink"]
    for point in range(int(seconds * POINTS_PER_S)):
        for pen in range(PENS):
            turn, corner = divmod(point + pen * 17, 60)
            shape = random.Random(turn * PENS + pen)
            x, y, size = -1.2 + 0.8 * pen, shape.uniform(-0.4, 0.4), shape.uniform(0.2, 0.5)
            angle = corner / 30.0 * math.tau
            radius = size * (1.0 + 0.2 * math.sin(3.0 * angle)) * (1.0 if corner < 30 else 0.5)
            due_s = from_s + point / POINTS_PER_S
            if corner == 0:
                ink.send(due_s, Page("new", pen))
            ink.send(due_s, Pen(x + radius * math.cos(angle), y + radius * math.sin(angle), corner not in (0, 30), pen))


def _time_ms(work: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    work()
    return (time.perf_counter() - began_s) * 1000.0


def _part(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
