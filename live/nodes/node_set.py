"""The running nodes of an engine, by name."""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import suppress
from dataclasses import replace
from typing import Any

from live.nodes.event_runner import EventRunner
from live.nodes.frame_runner import FrameRunner
from live.nodes.routing import Routing
from live.nodes.worker import STOP_WITHIN_S
from live.parameters.tree import AddressError, Tree
from live.patch import Node
from live.session.recorder import SessionRecorder
from live.transport.clock import Clock
from live.video.cameras import Cameras
from models.base import Model

Runner = EventRunner | FrameRunner


class NodeSet(Mapping[str, Runner]):
    """Adds, removes and stops nodes; any thread may read it meanwhile.

    The underlying dictionary is replaced and never modified, so that `items()`, `values()` and iterators see a
    consistent snapshot. After `close` no node can be added, so that a late reload starts nothing. `give(address,
    value)` sets a value of the patch and reports one out of range; `fail` takes the sentence of an error.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        routing: Routing,
        cameras: Cameras,
        give: Callable[[str, Any], None],
        fail: Callable[[str], None],
    ) -> None:
        self.session: SessionRecorder | None = None
        """Records the nodes that are added from now on."""
        self._tree = tree
        self._clock = clock
        self._routing = routing
        self._cameras = cameras
        self._give = give
        self._fail = fail
        self.stuck = False
        """Whether a thread is still in a step that does not return."""
        self._runners: dict[str, Runner] = {}
        self._wanted: dict[str, float] = {}
        """On a virtual clock: the time of each node's next call."""
        self._changing = threading.RLock()
        self._closed = False

    # -- reading: from any thread -------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Runner:
        return self._runners[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runners)

    def __len__(self) -> int:
        return len(self._runners)

    def keys(self) -> KeysView[str]:
        return self._runners.keys()

    def values(self) -> ValuesView[Runner]:
        return self._runners.values()

    def items(self) -> ItemsView[str, Runner]:
        return self._runners.items()

    # -- adding and removing ------------------------------------------------------------------------------------

    def add(self, name: str, node: Node, model: Model, seed: int) -> None:
        """Adds a node with its addresses, its outputs and its runner; `start` starts it."""
        with self._changing:
            if self._closed:
                return
            if self.session is not None and node.camera is None:
                self._routing.add_output(name, self.session.add(name, model))
            self._declare(name, node, model, seed)
            runner = node.runs(name, model, self._tree, self._clock, ())
            self._routing.connect(runner, node)
            self._runners = {**self._runners, name: runner}
            self.connect_camera(name, node)
            self._wanted[name] = self._clock.now()
            self._tree.watchers.append(runner.notice)

    def start(self, name: str) -> None:
        """Starts a node on its own thread; on a virtual clock `iterate` calls it."""
        with self._changing:
            if not self._closed and not self._clock.virtual and name in self._runners:
                self._runners[name].start()

    def connect(self, name: str, node: Node) -> None:
        """Connects a node to the outputs that its patch names."""
        self._routing.connect(self._runners[name], node)

    def connect_camera(self, name: str, node: Node) -> None:
        """Connects a node to the camera that its patch names, if any."""
        runner = self._runners[name]
        if node.camera is not None and isinstance(runner, FrameRunner):
            self._cameras.connect(runner, node.camera)

    def remove(self, name: str) -> None:
        """Stops a node and removes its addresses and outputs; does nothing if there is no such node."""
        with self._changing:
            runner = self._runners.get(name)
            if runner is None:
                return
            self._runners = {other: kept for other, kept in self._runners.items() if other != name}
            self._wanted.pop(name, None)
            self._tree.watchers.remove(runner.notice)
            if not runner.stop():
                self._fail(f"{name}: its model does not return from a step; removed without it")
                self.stuck = True
            self._cameras.disconnect(name)
            self._routing.remove(name)
            self._tree.remove(name)
            if self.session is not None:
                self.session.remove(name)

    def close(self) -> None:
        """Stops all nodes; their addresses stay. No node can be added afterwards.

        A model that does not return from its step within two seconds is reported and abandoned.
        """
        self._closed = True  # before taking the lock, which an `add` in progress may hold
        with self._changing:
            runners = self._runners.values()
            for runner in runners:
                runner.stop_soon()
            until_s = self._clock.now() + STOP_WITHIN_S
            for runner in runners:
                if not runner.stop(max(0.0, until_s - self._clock.now())):
                    self._fail(f"{runner.name}: its model does not return from a step; stopped without it")
                    self.stuck = True

    # -- all of them --------------------------------------------------------------------------------------------

    def set_each(self, knob: str, values: Mapping[str, Any]) -> None:
        """Sets a knob of several nodes; skips nodes that were removed meanwhile."""
        for name, value in values.items():
            with suppress(AddressError):
                self._tree.set(f"/{name}/{knob}", value)

    def publish_readings(self) -> None:
        """Publishes each node's readings, and reports a step that does not return."""
        for name, runner in self.items():
            runner.check(self._clock.now())
            for reading, value in runner.readings().items():
                if f"/{name}/{reading}" in self._tree:
                    self._tree.publish(f"/{name}/{reading}", value)

    # -- on a virtual clock -------------------------------------------------------------------------------------

    def next(self) -> tuple[float, str]:
        """(time, name) of the node to call next; (infinity, "") without nodes."""
        wanted = [(0.0 if runner.woken else self._wanted[name], name) for name, runner in self.items()]
        return min(wanted, default=(float("inf"), ""))

    def iterate(self, name: str) -> None:
        """Calls a node once."""
        self._wanted[name] = self._runners[name].iterate()

    # -- inside -------------------------------------------------------------------------------------------------

    def _declare(self, name: str, node: Node, model: Model, seed: int) -> None:
        """Declares the addresses of the readings and of the knobs, with the values of the patch."""
        declarations = node.runs.knobs_of_loaded(model)
        for knob, declared in declarations.items():
            default = declared.coerce(node.knobs[knob]) if knob in node.knobs else declared.default
            self._tree.add(f"/{name}/{knob}", replace(declared, default=default))
        # A scale named in the patch sets the pitch classes, unless the patch names them as well.
        given = [knob for knob in node.knobs if knob in declarations]
        for knob in sorted(given, key=lambda knob: declarations[knob].sets is None):
            self._give(f"/{name}/{knob}", node.knobs[knob])
        self._tree.set(f"/{name}/seed", seed)
        for reading, declared in node.runs.readings_of(model).items():
            self._tree.add(f"/{name}/{reading}", declared)
