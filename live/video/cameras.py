"""All cameras of an engine: each is opened once, has addresses, and delivers its frames to the nodes that use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from live.nodes.frame_runner import FrameRunner
from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock
from live.video.camera import Camera
from live.video.capture import CAMERA_KNOBS, CAMERA_STATES, REOPENING, TURNING, Capture
from models.base import Frame, Value

EVERY_S = 0.1
"""How often rates and motion are published."""
SMALL = 32, 24
STRONG = 0.1
"""Mean difference of two frames, in 0..1, that counts as motion 1."""


class Cameras:
    """Opens the cameras that nodes ask for, on whatever thread; as a control-thread service it tells how they do.

    `fail` takes the sentence of a loss; video files may lie in `folder`.
    """

    def __init__(self, tree: Tree, clock: Clock, fail: Callable[[str], None], folder: Path) -> None:
        self._tree = tree
        self._clock = clock
        self._fail = fail
        self._folder = folder
        self._lock = threading.Lock()
        self._captures: dict[str, Capture] = {}
        self._values: dict[str, Camera] = {}
        self._sees: dict[str, tuple[str, FrameRunner]] = {}
        self._small: dict[str, tuple[int, np.ndarray]] = {}
        self._told_s = float("-inf")

    def connect(self, runner: FrameRunner, camera: Camera) -> None:
        """From now on a node sees this camera, and no other.

        What is another value than before is set; what is alike stays as it is by now.
        """
        with self._lock:
            before = self._values.get(camera.name)
            self._sees[runner.name] = camera.name, runner
            self._values[camera.name] = camera
            if before is None:
                self._open(camera)
            for name in CAMERA_KNOBS if before is not None else ():
                if getattr(before, name) != getattr(camera, name):
                    self._tree.trust(f"/{camera.name}/{name}", getattr(camera, name))
                    self._tree.set(f"/{camera.name}/{name}", _begin(camera, name))
        self._close_unused()

    def disconnect(self, node: str) -> None:
        """A node sees nothing any more; a camera that nobody looks at is closed."""
        with self._lock:
            self._sees.pop(node, None)
        self._close_unused()

    def newest(self, name: str) -> Frame | None:
        """The picture that a camera showed last, if it has shown any."""
        capture = self._captures.get(name)
        return capture.newest if capture is not None else None

    # -- a control-thread service -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Nothing: the nodes have opened what they need."""

    def follow(self, patch: Patch) -> None:
        """Nothing: the nodes that changed have been connected anew."""

    def advance(self, now_s: float) -> float:
        """Starts the cameras, tells rates and motion; on a virtual clock, delivers the pictures that are due."""
        wanted_s = float("inf")
        captures = list(self._captures.values())
        if self._clock.virtual:
            wanted_s = min((capture.advance() for capture in captures), default=wanted_s)
        else:  # not before: what a camera says first is heard by all, and is read as --set wants it
            for capture in captures:
                capture.start()
        if now_s >= self._told_s + EVERY_S:
            self._told_s = now_s
            for name, capture in list(self._captures.items()):
                self._tell(name, capture)
        return min(wanted_s, self._told_s + EVERY_S)

    def close(self) -> None:
        """Ends all captures."""
        with self._lock:
            captures, self._captures = self._captures, {}
        for capture in captures.values():
            capture.stop_soon()
        for capture in captures.values():
            capture.close()

    # -- inside -------------------------------------------------------------------------------------------------

    def _open(self, camera: Camera) -> None:
        name = camera.name
        capture = Capture(name, self._tree, self._clock, partial(self._deliver, name), self._fail, self._folder)
        for knob_name, knob in CAMERA_KNOBS.items():
            act = (lambda _: capture.wake()) if knob_name in REOPENING + TURNING else None
            self._tree.add(f"/{name}/{knob_name}", replace(knob, default=_begin(camera, knob_name)), act)
        for state, knob in CAMERA_STATES.items():
            self._tree.add(f"/{name}/{state}", knob)
        self._captures[name] = capture

    def _close_unused(self) -> None:
        with self._lock:
            used = {name for name, _ in self._sees.values()}
            unused = [self._captures.pop(name) for name in list(self._captures) if name not in used]
            for capture in unused:
                del self._values[capture.name]
        for capture in unused:
            capture.close()
            self._tree.remove(capture.name)

    def _deliver(self, name: str, frame: Frame) -> None:
        for runner in self._seers(name):
            runner.see(frame)

    def _seers(self, name: str) -> list[FrameRunner]:
        return [runner for camera, runner in list(self._sees.values()) if camera == name]

    def _tell(self, name: str, capture: Capture) -> None:
        publish = self._tree.publish
        publish(f"/{name}/fps", capture.rate())
        publish(f"/{name}/dropped", sum(runner.seen.dropped for runner in self._seers(name)))
        frame, before = capture.newest, self._small.get(name)
        if frame is not None and (before is None or before[0] != frame.number):
            grey = cv2.cvtColor(cv2.resize(frame.pixels, SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
            small = grey.astype(np.float32) / 255.0
            if before is not None:
                publish(f"/{name}/motion", min(1.0, float(np.abs(small - before[1]).mean()) / STRONG))
            self._small[name] = frame.number, small


def _begin(camera: Camera, name: str) -> Value:
    value: Value = getattr(camera, name)
    return str(value) if name == "source" else CAMERA_KNOBS[name].coerce(value)
