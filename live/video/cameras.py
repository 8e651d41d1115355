"""The cameras of an engine: opens each once, adds its parameters, and delivers its frames to its nodes."""

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
from live.video.capture import CAMERA_KNOBS, CAMERA_STATES, RELEASED_KNOB, REOPENING, TURNING, Capture
from models.base import Frame, Value

EVERY_S = 0.1
"""Interval at which frame rate and motion are published."""
SMALL = 32, 24
STILL_S = 1.0
"""Without a new frame for this long, motion is published as 0."""
STRONG = 0.1
"""Mean absolute difference of two frames, in 0..1, that is published as motion 1."""


class Cameras:
    """Opens the cameras that nodes use, and publishes their rates and motion as a control-thread service.

    `connect` and `disconnect` may be called from any thread. `fail` is called with a message when a source is lost;
    video files are looked up in `folder` first.
    """

    def __init__(self, tree: Tree, clock: Clock, fail: Callable[[str], None], folder: Path) -> None:
        self._tree = tree
        self._clock = clock
        self._fail = fail
        self._folder = folder
        self._lock = threading.Lock()
        self._captures: dict[str, Capture] = {}
        self._values: dict[str, Camera] = {}
        self._connected: dict[str, tuple[str, FrameRunner]] = {}
        self._small: dict[str, tuple[int, np.ndarray, float]] = {}
        self._published_s = float("-inf")

    def connect(self, runner: FrameRunner, camera: Camera) -> None:
        """Connects a node to this camera, instead of any other.

        For a camera that is already open only the values that differ from its previous `Camera` are set; the others
        keep what was set since.
        """
        with self._lock:
            before = self._values.get(camera.name)
            self._connected[runner.name] = camera.name, runner
            self._values[camera.name] = camera
            if before is None:
                self._open(camera)
            for name in CAMERA_KNOBS if before is not None else ():
                if getattr(before, name) != getattr(camera, name):
                    self._tree.trust(f"/{camera.name}/{name}", getattr(camera, name))
                    self._tree.set(f"/{camera.name}/{name}", _initial(camera, name))
        self._close_unused()

    def disconnect(self, node: str) -> None:
        """Disconnects a node; a camera without nodes is closed."""
        with self._lock:
            self._connected.pop(node, None)
        self._close_unused()

    def newest(self, name: str) -> Frame | None:
        """The newest frame of a camera, or None."""
        capture = self._captures.get(name)
        return capture.newest if capture is not None else None

    def names(self) -> list[str]:
        """The open cameras."""
        return list(self._captures)

    # -- a control-thread service -------------------------------------------------------------------------------------

    def open(self) -> None:
        """Does nothing: `connect` opens the cameras."""

    def follow(self, patch: Patch) -> None:
        """Does nothing: the changed nodes have already been connected again."""

    def advance(self, now_s: float) -> float:
        """Starts the cameras and publishes rates and motion; on a virtual clock, delivers the frames that are due."""
        wanted_s = float("inf")
        captures = list(self._captures.values())
        if self._clock.virtual:
            wanted_s = min((capture.advance() for capture in captures), default=wanted_s)
        else:  # not earlier: subscribers get the first state, and values from --set apply to the first opening
            for capture in captures:
                capture.start()
        if now_s >= self._published_s + EVERY_S:
            self._published_s = now_s
            for name, capture in list(self._captures.items()):
                self._publish(name, capture)
        return min(wanted_s, self._published_s + EVERY_S)

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
            self._tree.add(f"/{name}/{knob_name}", replace(knob, default=_initial(camera, knob_name)), act)
        self._tree.add(f"/{name}/released", RELEASED_KNOB, lambda _: capture.wake())
        for state, knob in CAMERA_STATES.items():
            self._tree.add(f"/{name}/{state}", knob)
        self._captures[name] = capture

    def _close_unused(self) -> None:
        with self._lock:
            used = {name for name, _ in self._connected.values()}
            unused = [self._captures.pop(name) for name in list(self._captures) if name not in used]
            for capture in unused:
                del self._values[capture.name]
        for capture in unused:
            capture.close()
            self._tree.remove(capture.name)

    def _deliver(self, name: str, frame: Frame) -> None:
        for runner in self._runners(name):
            runner.see(frame)

    def _runners(self, name: str) -> list[FrameRunner]:
        return [runner for camera, runner in list(self._connected.values()) if camera == name]

    def _publish(self, name: str, capture: Capture) -> None:
        publish = self._tree.publish
        publish(f"/{name}/fps", capture.rate())
        publish(f"/{name}/dropped", sum(runner.seen.dropped for runner in self._runners(name)))
        frame, before, now_s = capture.newest, self._small.get(name), self._clock.now()
        if frame is not None and (before is None or before[0] != frame.number):
            grey = cv2.cvtColor(cv2.resize(frame.pixels, SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
            small = grey.astype(np.float32) / 255.0
            if before is not None:
                publish(f"/{name}/motion", min(1.0, float(np.abs(small - before[1]).mean()) / STRONG))
            self._small[name] = frame.number, small, now_s
        elif before is not None and now_s - before[2] >= STILL_S:  # a lost camera must not seem to move
            if self._tree.get(f"/{name}/motion"):
                publish(f"/{name}/motion", 0.0)
            if frame is None:
                del self._small[name]


def _initial(camera: Camera, name: str) -> Value:
    value: Value = getattr(camera, name)
    return str(value) if name == "source" else CAMERA_KNOBS[name].coerce(value)
