"""The Engine: opens a Patch, keeps it playing, follows its file while it plays, and stops everything in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from live.engine.control_thread import ControlThread
from live.engine.options import Options
from live.engine.reloader import Reloader, model_of
from live.engine.services import services_of
from live.midi.output.node_outputs import NodeOutputs
from live.nodes.event_runner import EventRunner
from live.nodes.frame_runner import FrameRunner
from live.nodes.routing import Routing
from live.osc.opening import open_osc
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.patch import Patch, PatchError
from live.session.recorder import SessionRecorder
from live.session.start import start_session
from live.show.meter import MeterService
from live.transport.clock import Clock, VirtualClock
from live.video.cameras import Cameras
from live.video.stage import Stage
from models.base import Knob, Model, Value, pulse

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 0.1
"""How often the main thread looks after the running line and the published rates."""


class Engine:
    """A patch that plays.

    `open` loads and starts everything; `run` stays until asked to stop; `advance` is for a VirtualClock, where there
    is no thread and time moves only so far as it is told to.
    """

    def __init__(
        self,
        patch: Patch,
        clock: Clock | None = None,
        options: Options | None = None,
        path: Path | None = None,
    ) -> None:
        self.patch = patch
        self.path = path
        self.options = options or Options()
        self.clock = clock or Clock()
        self.tree = Tree(self.clock)
        self.osc_out = OscOutput(self.tree, self.clock)
        self.osc: OscServer | None = None
        self.runners: dict[str, EventRunner | FrameRunner] = {}
        self.voices = NodeOutputs(self.tree, self.clock, self._port_state, self.options)
        self.stage = Stage(self.tree, self.clock, self.fail)
        self.cameras = Cameras(self.tree, self.clock, self.fail, path.parent if path is not None else Path())
        self.meters = MeterService(self.tree, self.clock)
        self.routing = Routing(self.voices, self.osc_out, self.stage, self.meters)
        self.control_thread = ControlThread(self.clock, self.fail)
        self.reloader = Reloader(self, path) if path is not None else None
        self.session: SessionRecorder | None = None
        self._wanted: dict[str, float] = {}
        self._stop = threading.Event()
        self._closed = False
        self._told: dict[str, str] = {}
        self._helpers: list[threading.Thread] = []
        self._declare()

    # -- life ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Opens ports, loads the models, starts to play.

        Raises PatchError where a model cannot be loaded or a --set does not fit; ports that cannot be opened are
        reported and played without.
        """
        self.clock.set_tempo(self.patch.tempo)
        for node in self.patch.nodes.values():
            if node.midi is not None:
                self.voices.port(node.midi)
        models = {name: model_of(name, node, self.path) for name, node in self.patch.nodes.items()}
        self.stage.set_window(self.patch.window)
        self.routing.show(self.patch.rolls, ())
        self.session = self.tree.recorder = start_session(self)
        for name, model in models.items():
            self.add(name, model, start=False)
        self.control_thread.open(services_of(self))
        for address, value in self.options.settings:
            try:
                self.tree.write(address, parts := value.split(","))
            except (KeyError, ValueError) as error:
                raise PatchError(f"--set {address}={value}: {error}") from None
            self._check(address, parts)
        self.osc = open_osc(self.tree, self.clock, self.osc_out, self.options, self.fail)
        self.tree.publish("/engine/state", "playing")
        if not self.clock.virtual:
            for runner in self.runners.values():
                runner.start()
            self.control_thread.start()
            if self.reloader is not None and self.options.watch:
                self._help(partial(self.reloader.watch, self._stop), "patch file")

    def run(self, seconds: float | None = None, each: Callable[[], float] = lambda: float("inf")) -> None:
        """Stays while the patch plays: until `stop_soon`, or for so many seconds.

        `each` is called at least ten times a second, and again at the time that it returns if that is sooner.
        """
        until_s = float("inf") if seconds is None else self.clock.now() + seconds
        rates_s = each_s = self.clock.now()
        while (now_s := self.clock.now()) < until_s:
            if self._stop.wait(max(0.0, min(rates_s, each_s, until_s) - now_s)):
                return
            now_s = self.clock.now()
            if now_s >= rates_s:
                self._publish_rates()
                rates_s = now_s + HOUSEKEEPING_S
            each_s = self._show(each)

    def _show(self, each: Callable[[], float]) -> float:
        """The main thread's turn at what is seen: what goes wrong there is told, and the music plays on.

        What goes wrong with a layer does not keep the window from being drawn: it may have to be black.
        """
        self._seen("stage", lambda: self.stage.advance(self.clock.now()))
        wanted = self._seen("stage's pictures", lambda: self.stage.show(self.clock.now())), self._seen("window", each)
        return min((wanted_s for wanted_s in wanted if wanted_s is not None), default=float("inf"))

    def _seen(self, what: str, work: Callable[[], float | None]) -> float | None:
        try:
            return work()
        except Exception as error:
            sentence = f"the {what}: {type(error).__name__}: {error}"
            if self._told.get(what) != sentence:
                log.debug("%s", sentence, exc_info=True)
                self.fail(sentence)
            self._told[what] = sentence
            return None

    def advance(self, to_s: float) -> None:
        """Plays on to a time of the virtual clock, the control thread and all nodes in the order of their times."""
        assert isinstance(self.clock, VirtualClock)
        while True:
            wanted = [(0.0 if r.woken else self._wanted[name], name) for name, r in self.runners.items()]
            wanted_s, name = min([*wanted, (self.control_thread.next_s(), "")])  # a tie goes to the control thread
            if wanted_s >= to_s:
                break
            self.clock.advance(wanted_s)
            self.poll()
            if name:
                self._wanted[name] = self.runners[name].iterate()
            else:
                self.control_thread.advance(self.clock.now())
        self.clock.advance(to_s)
        self.poll()

    def poll(self) -> None:
        """On a virtual clock: lets happen what is due by now."""
        self.voices.poll()
        self.stage.advance(self.clock.now())
        if self.osc is not None:
            self.osc.poll(self.clock.now())

    def stop_soon(self) -> None:
        """Asks `run` to return; may be called from any thread and from a signal handler."""
        self._stop.set()

    def close(self) -> None:
        """Stops the control thread, the nodes, the ports (ending each sounding note), then OSC. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        self.tree.publish("/engine/state", "stopped")
        for thread in self._helpers:
            thread.join()
        self.control_thread.close()
        for runner in self.runners.values():
            runner.stop()
        if self.session is not None:
            self.session.close()
        self.voices.close()
        self.stage.close()
        if self.osc is not None:
            self.osc.close()

    def reload(self) -> bool:
        """Loads the patch file again and follows what changed; on any error the last good patch goes on playing."""
        return self.reloader is not None and self.reloader.reload()

    def fail(self, sentence: str) -> None:
        """Says an error everywhere: the log, and `/engine/error`."""
        log.error("%s", sentence)
        self.tree.publish("/engine/error", sentence)

    def give(self, address: str, value: Any) -> None:
        """Sets what the patch says; where that is out of range, its end is taken, and it is told."""
        self.tree.set(address, value)
        self._check(address, value)

    def _check(self, address: str, value: Any) -> None:
        if beyond := self.tree.knob(address).beyond(value):
            self.fail(f"{address}: {beyond}")

    # -- nodes and ports ----------------------------------------------------------------------------------------

    def _port_state(self, state: str, sentence: str) -> None:
        (log.warning if state in ("lost", "silent", "error") else log.info)("%s", sentence)
        self.tree.publish("/midi/port", sentence)

    def add(self, name: str, model: Model, start: bool) -> None:
        """Adds a node of the patch: its addresses, its outputs, its runner."""
        node = self.patch.nodes[name]
        if self.session is not None and node.camera is None:
            self.routing.also(name, self.session.add(name, model))
        declarations = node.runs.knobs_of_loaded(model)
        for knob, declared in declarations.items():
            default = declared.coerce(node.knobs[knob]) if knob in node.knobs else declared.default
            self.tree.add(f"/{name}/{knob}", replace(declared, default=default))
        # A scale named in the patch sets the pitch classes, unless the patch names them as well.
        given = [knob for knob in node.knobs if knob in declarations]
        for knob in sorted(given, key=lambda knob: declarations[knob].sets is None):
            self.give(f"/{name}/{knob}", node.knobs[knob])
        self.tree.set(f"/{name}/seed", self.patch.seed_of(name, self.options.seed))
        for reading, declared in node.runs.told_of(model).items():
            self.tree.add(f"/{name}/{reading}", declared)
        runner = node.runs(name, model, self.tree, self.clock, ())
        self.routing.connect(runner, node)
        self.runners[name] = runner
        self.see(name)
        self._wanted[name] = self.clock.now()
        self.tree.watchers.append(runner.notice)
        if start:
            runner.start()

    def see(self, name: str) -> None:
        """Gives a node the camera that it has in its patch, if it has one."""
        camera, runner = self.patch.nodes[name].camera, self.runners[name]
        if camera is not None and isinstance(runner, FrameRunner):
            self.cameras.connect(runner, camera)

    def remove(self, name: str) -> None:
        """Stops a node and takes all that belonged to it away."""
        runner = self.runners.pop(name)
        self.tree.watchers.remove(runner.notice)
        runner.stop()
        self.cameras.disconnect(name)
        self.routing.remove(name)
        self.tree.remove(name)
        if self.session is not None:
            self.session.remove(name)

    # -- the engine's own addresses -----------------------------------------------------------------------------

    def _declare(self) -> None:
        tree = self.tree
        tree.add("/engine/state", Knob("loading, playing or stopped", kind="text", default="loading", access="r"))
        tree.add("/engine/reload", pulse("Load the patch file again"), lambda _: self._help(self.reload, "reload"))
        tree.add("/engine/stop", pulse("Stop, in order"), lambda _: self.stop_soon())
        tree.add(
            "/engine/seed",
            Knob("Begins all nodes again, each from a seed made of this one", 0, 2**31 - 1, kind="int", access="w"),
            self._reseed,
        )
        tree.add_signal("/engine/error", "s", "A sentence that says what went wrong")
        tree.add("/midi/panic", pulse("End every note on every channel, now"), lambda _: self.panic())
        tree.add("/midi/port", Knob("What is played to", kind="text", default="", access="r"))

    def panic(self) -> None:
        """Ends every note on every port, now; what is scheduled is thrown away, and the nodes play on from here."""
        self.voices.panic()
        for name, runner in self.runners.items():
            if isinstance(runner, EventRunner):
                self.tree.set(f"/{name}/now", True)

    def _reseed(self, seed: Value) -> None:
        for name in self.runners:
            self.tree.set(f"/{name}/seed", self.patch.seed_of(name, int(seed)))  # type: ignore[arg-type]

    def _publish_rates(self) -> None:
        for name, runner in self.runners.items():
            for reading, value in runner.readings().items():
                self.tree.publish(f"/{name}/{reading}", value)

    def _help(self, work: Callable[[], Any], name: str) -> None:
        self._helpers = [thread for thread in self._helpers if thread.is_alive()]
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._helpers.append(thread)
        thread.start()
