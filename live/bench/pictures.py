"""Transfer of pictures: from a camera to a model, to the window, and to other programs."""

from __future__ import annotations

import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, ClassVar, Self

import numpy as np
import pygame

from live.nodes.frame_runner import FrameRunner
from live.parameters.tree import Tree
from live.transport.clock import Clock
from live.video import Window
from live.video.frame_tap import FrameTaps, StageFrame
from live.video.picture_layer import PictureLayer
from live.video.sinks import SharedMemorySink
from live.video.synthetic_scene import SyntheticScene
from models.base import Event, Frame
from models.compute.bench_row import BenchRow

SIZE = 1280, 720
CAMERA = 640, 480


def picture_rows(turns: int = 60) -> list[BenchRow]:
    """Rows for `arabesque bench pictures`: medians of `turns` transfers, from 640x480 to a window of 1280x720."""
    landscape = SyntheticScene(*CAMERA)
    frames = [Frame(landscape.at(number / 30.0), number) for number in range(8)]
    surface = pygame.Surface(SIZE, 0, 32)
    view = PictureLayer("veil", Window(*SIZE).layer(0))
    shown = _shown(surface)
    shared = SharedMemorySink("arabesque-bench")

    def show(turn: int) -> None:
        view.send(0.0, frames[turn % len(frames)])
        view.advance(view.look)
        view.draw(surface)

    def peer(turn: int) -> None:
        pixels = frames[turn % len(frames)].pixels
        surface.blit(
            pygame.transform.smoothscale(pygame.image.frombuffer(pixels.tobytes(), CAMERA, "RGB"), SIZE), (0, 0)
        )

    onto, onto_peer = _median_ms(show, turns), _median_ms(peer, turns)
    out = _median_ms(lambda _: shared.write(shown), turns)
    shared.close()
    pipe = _pipe_ms(shown, turns)
    again = _median_ms(lambda _: view.draw(surface), turns)
    copy = _median_ms(lambda _: _shown(surface), turns)
    coded = _median_ms(lambda turn: StageFrame(shown.pixels, turn, 0.0).jpeg(), turns)
    return [
        {"name": "camera's picture to the model's call, p50", "value": _hand_over_ms(frames, turns), "unit": "ms"},
        {
            "name": "the test picture, 640x480",
            "value": _median_ms(lambda n: landscape.at(n / 30.0), turns),
            "unit": "ms",
        },
        {
            "name": "a new picture, drawn on the window",
            "value": onto,
            "unit": "ms",
            "ratio": onto_peer / onto,
            "peer": "pygame's smoothscale and blit",
        },
        {"name": "the same picture again", "value": again, "unit": "ms"},
        {"name": "copy of the stage for frame outputs", "value": copy, "unit": "ms"},
        {"name": "that copy as a JPEG", "value": coded, "unit": "ms"},
        {
            "name": "that copy into shared memory",
            "value": out,
            "unit": "ms",
            "ratio": pipe / out,
            "peer": "a pipe to another process",
        },
    ]


class _Recorder:
    """A model that records the times of its calls."""

    kind: ClassVar[str] = "seer"

    def __init__(self) -> None:
        self.called = threading.Event()
        self.called_s = 0.0

    @classmethod
    def load(cls, weights: str, device: str = "cpu") -> Self:  # noqa: ARG003
        return cls()

    def start(self, seed: int) -> None:  # noqa: ARG002
        return None

    def step(self, state: Any, heard: Sequence[Event], /) -> tuple[Sequence[Event], Any]:
        if heard:
            self.called_s = time.perf_counter()
            self.called.set()
        return (), state


def _hand_over_ms(frames: list[Frame], turns: int) -> float:
    clock = Clock()
    tree = Tree(clock)
    for name, knob in {**FrameRunner.knobs_for(_Recorder), **FrameRunner.readings_of(_Recorder())}.items():
        tree.add(f"/veil/{name}", knob)
    seer = _Recorder()
    runner = FrameRunner("veil", seer, tree, clock, ())
    runner.start()
    waits: list[float] = []
    for turn in range(turns):
        seer.called.clear()
        began_s = time.perf_counter()
        runner.see(frames[turn % len(frames)])
        seer.called.wait()
        waits.append((seer.called_s - began_s) * 1000.0)
        time.sleep(0.005)
    runner.stop()
    return statistics.median(waits)


def _shown(surface: pygame.Surface) -> StageFrame:
    taps = FrameTaps(Clock())
    tap = taps.open(30.0, lambda: None, "machine")
    taps.offer(surface, 0, lambda: surface)
    shown = tap.take()
    assert shown is not None
    return shown


def _median_ms(work: Callable[[int], object], turns: int) -> float:
    costs: list[float] = []
    for turn in range(turns):
        began_s = time.perf_counter()
        work(turn)
        costs.append((time.perf_counter() - began_s) * 1000.0)
    return statistics.median(costs)


def _pipe_ms(shown: StageFrame, turns: int) -> float:
    """Time to send one picture to another process through a pipe."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_take, args=(theirs, turns))
    process.start()
    ours.recv_bytes()

    def send(_turn: int) -> None:
        ours.send_bytes(shown.pixels.tobytes())
        ours.recv_bytes()

    cost = _median_ms(send, turns)
    process.join()
    return cost


def _take(theirs: Connection, turns: int) -> None:
    theirs.send_bytes(b"ready")
    for _ in range(turns):
        np.frombuffer(theirs.recv_bytes(), np.uint8)
        theirs.send_bytes(b"taken")
