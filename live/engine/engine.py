"""The Engine: opens a Patch, plays it, reloads it when its file changes, and stops everything in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live.engine.control_thread import ControlThread
from live.engine.home import Home
from live.engine.options import Options
from live.engine.patch_follower import PatchFollower
from live.engine.reloader import Reloader
from live.engine.services import make_services
from live.midi.output.node_outputs import NodeOutputs
from live.net.repeated_complaints import RepeatedComplaints, with_count
from live.net.source_rule import SourceRule
from live.nodes.event_runner import EventRunner
from live.nodes.node_set import NodeSet
from live.nodes.quality import declare_quality
from live.nodes.routing import Routing
from live.osc.opening import open_osc
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.patch import Patch, PatchError
from live.service.checks import Heartbeat
from live.service.supervision import Supervision
from live.session.recorder import SessionRecorder
from live.session.start import start_session
from live.show.meter import MeterService
from live.system.realtime import share_interpreter
from live.system.sentence import describe
from live.transport.clock import Clock, VirtualClock
from live.video.cameras import Cameras
from live.video.stage import Stage
from models.base import Knob, Value, event, pulse

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 0.1
"""Interval at which the main thread updates the running line and publishes readings."""


class Engine:
    """Plays a patch.

    `open` loads and starts everything; `run` returns when it is stopped; `advance` is for a VirtualClock, with which
    there are no threads and time advances only by that call.
    """

    def __init__(
        self,
        patch: Patch,
        clock: Clock | None = None,
        options: Options | None = None,
        path: Path | None = None,
        supervision: Supervision | None = None,
    ) -> None:
        self.path = path
        self.exit_status = 0
        """The exit status for an orderly end."""
        self.options = options or Options()
        self.clock = clock or Clock()
        self.supervision = supervision or Supervision()
        self._heartbeat = Heartbeat(self.clock.now())
        show = path.parent if path is not None else Path()
        self.tree = Tree(self.clock, source_rule=SourceRule([show, Path()], self.options.files, self.options.allow))
        self.osc_out = OscOutput(self.tree, self.clock)
        self.osc: OscServer | None = None
        self.voices = NodeOutputs(self.tree, self.clock, self._port_state, self.options)
        self.stage = Stage(self.tree, self.clock, self.fail)
        self.cameras = Cameras(self.tree, self.clock, self.fail, show)
        self.meters = MeterService(self.tree, self.clock)
        self.routing = Routing(self.voices, self.osc_out, self.stage, self.meters)
        self.control_thread = ControlThread(self.clock, self.fail)
        self.nodes = NodeSet(self.tree, self.clock, self.routing, self.cameras, self.give, self.fail)
        self.follower = PatchFollower(
            patch,
            tree=self.tree,
            nodes=self.nodes,
            routing=self.routing,
            stage=self.stage,
            control_thread=self.control_thread,
            seed=self.options.seed,
            give=self.give,
            fail=self.fail,
        )
        self.home = Home(self.tree, self.follower, self.options)
        self.reloader = Reloader(path, self.follower, self.fail) if path is not None else None
        self.session: SessionRecorder | None = None
        self.stopping = threading.Event()
        """Set when the engine is to stop."""
        self._complaints = RepeatedComplaints()
        self._closed = False
        self._reported: dict[str, str] = {}
        self._declare()

    @property
    def patch(self) -> Patch:
        """The current patch."""
        return self.follower.patch

    # -- life ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Opens the ports, loads the models and starts to play.

        Raises PatchError if a model cannot be loaded or a setting is invalid. A port that cannot be opened is only
        reported.
        """
        patch = self.patch
        self.clock.set_tempo(patch.tempo)
        for node in patch.nodes.values():
            if node.midi is not None:
                self.voices.port(node.midi)
        models = {}
        for name, node in patch.nodes.items():
            if self.stopping.is_set():  # a signal came while a model was loaded
                return
            models[name] = self.supervision.load_model(name, node, self.path)
        self.stage.set_window(patch.window)
        self.routing.show(patch.rolls, ())
        session = start_session(self.options, self.path, patch.text, self.clock, self.fail)
        self.session = self.tree.recorder = self.nodes.session = self.follower.session = session
        if self.stopping.is_set():
            return
        for name, model in models.items():
            try:
                self.follower.add(name, patch, model)
            except BaseException as error:  # a model may raise anything
                raise PatchError(f"{name}: {describe(error)}") from error
        self.control_thread.open(
            make_services(
                tree=self.tree,
                clock=self.clock,
                wake=self.control_thread.wake,
                fail=self.fail,
                patch=patch,
                playing=lambda: self.patch,
                path=self.path,
                options=self.options,
                nodes=self.nodes,
                voices=self.voices,
                cameras=self.cameras,
                meters=self.meters,
                stage=self.stage,
                osc_out=self.osc_out,
                osc=lambda: self.osc,
                supervision=self.supervision,
                main_thread=self._heartbeat,
                leave=self.leave,
                home=self.home,
            )
        )
        self._apply_settings()
        self.osc = open_osc(self.tree, self.clock, self.osc_out, self.options, self.fail)
        self.tree.publish("/engine/state", "playing")
        if not self.clock.virtual:
            share_interpreter()
            for name in self.nodes:
                self.nodes.start(name)
            self.control_thread.start()
            if self.reloader is not None:
                self.reloader.start(self.options.watch)

    def run(self, seconds: float | None = None, each: Callable[[], float] = lambda: float("inf")) -> None:
        """Runs the main thread until `stop_soon`, or for `seconds`.

        `each` is called at least ten times a second, and earlier if it returns an earlier time.
        """
        until_s = float("inf") if seconds is None else self.clock.now() + seconds
        rates_s = each_s = self.clock.now()
        while (now_s := self.clock.now()) < until_s:
            if self.stopping.wait(max(0.0, min(rates_s, each_s, until_s) - now_s)):
                return
            now_s = self.clock.now()
            self._heartbeat.beat(now_s)
            if now_s >= rates_s:
                self.nodes.publish_readings()
                rates_s = now_s + HOUSEKEEPING_S
            each_s = self._show(each)

    def _show(self, each: Callable[[], float]) -> float:
        """Draws the stage and the window; an error is reported and does not stop the music.

        After an error of a layer the window is still drawn, since a blackout must always be possible.
        """
        self._seen("stage", lambda: self.stage.advance(self.clock.now()))
        wanted = self._seen("stage's pictures", lambda: self.stage.show(self.clock.now())), self._seen("window", each)
        return min((wanted_s for wanted_s in wanted if wanted_s is not None), default=float("inf"))

    def _seen(self, what: str, work: Callable[[], float | None]) -> float | None:
        try:
            return work()
        except Exception as error:
            sentence = f"the {what}: {describe(error)}"
            if self._reported.get(what) != sentence:
                log.debug("%s", sentence, exc_info=True)
                self.fail(sentence)
            self._reported[what] = sentence
            return None

    def advance(self, to_s: float) -> None:
        """Plays up to a time of the virtual clock: calls services and nodes in the order of their times."""
        assert isinstance(self.clock, VirtualClock)
        while not self.stopping.is_set():
            wanted_s, name = min((self.control_thread.next_s(), ""), self.nodes.next())  # services first at a tie
            if wanted_s >= to_s:
                break
            self.clock.advance(wanted_s)
            self.poll()
            if name:
                self.nodes.iterate(name)
            else:
                self.control_thread.advance(self.clock.now())
        self.clock.advance(to_s)
        self.poll()

    def poll(self) -> None:
        """On a virtual clock: performs what is due now."""
        self.voices.poll()
        self.stage.advance(self.clock.now())
        if self.osc is not None:
            self.osc.poll(self.clock.now())

    def stop_soon(self) -> None:
        """Asks `run` to return; may be called from any thread and from a signal handler."""
        self.stopping.set()

    def leave(self, status: int) -> None:
        """Asks `run` to return for an end with this exit status; from any thread."""
        self.exit_status = status
        self.stop_soon()

    def close(self) -> None:
        """Stops the control thread, the nodes, the ports (ending sounding notes), then OSC. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self.stopping.set()
        self.tree.publish("/engine/state", "stopped")
        if self.reloader is not None:
            self.reloader.close()
        self.control_thread.close()
        self.nodes.close()
        if self.session is not None:
            self.session.close()
        self.voices.close()
        self.stage.close()
        if self.osc is not None:
            self.osc.close()

    def end_notes(self) -> None:
        """Ends the notes sent over OSC and restores the ports, for a process that is about to be ended by force."""
        if self.osc is not None:
            self.osc.close()

    def reload(self) -> bool:
        """Reloads the patch file and applies its changes; after an error the last good patch continues."""
        return self.reloader is not None and self.reloader.reload()

    def fail(self, sentence: str) -> None:
        """Publishes an error at `/engine/error` and logs it; repetitions are logged at growing intervals."""
        left_out = self._complaints.due(sentence, self.clock.now())
        if left_out is not None:
            log.error("%s", with_count(sentence, left_out))
        self.tree.publish("/engine/error", sentence)

    def give(self, address: str, value: Any) -> None:
        """Sets a value of the patch, and reports it if it had to be clipped."""
        self.tree.trust(address, value)
        if complaint := self.tree.set(address, value).complaint:
            self.fail(complaint)

    def _apply_settings(self) -> None:
        """Applies the settings of the command line. Raises PatchError with one line for each invalid setting."""
        wrong: list[str] = []
        for address, value in self.options.settings:
            try:
                self.tree.trust(address, value)
                complaint = self.tree.write(address, value.split(",")).complaint
            except (KeyError, ValueError) as error:
                wrong.append(f"--set {address}={value}: {error}")
            else:
                if complaint:
                    self.fail(complaint)
        if wrong:
            raise PatchError("\n".join(wrong))

    def _port_state(self, state: str, sentence: str) -> None:
        if state == "keys":  # MidiInput passes the addresses on to its listener
            self.control_thread.wake()
            return
        (log.warning if state in ("lost", "silent", "error") else log.info)("%s", sentence)
        self.tree.publish("/midi/port", sentence)

    # -- the engine's own addresses -----------------------------------------------------------------------------

    def _declare(self) -> None:
        tree = self.tree
        tree.add("/engine/state", Knob("loading, playing or stopped", kind="text", default="loading", access="r"))
        declare_quality(tree)
        tree.add("/engine/reload", pulse("Reload the patch file"), lambda _: self._request_reload())
        tree.add("/engine/stop", pulse("Stop the program in order"), lambda _: self.stop_soon())
        tree.add(
            "/engine/seed",
            Knob("Restarts all nodes, each with a seed derived from this one", 0, 2**31 - 1, kind="int", access="w"),
            self._reseed,
        )
        node = Knob("only this node, roll or camera", kind="text")
        tree.add(
            "/engine/home",
            event("Return every parameter to its value in the patch", 1, node=node),
            lambda given: self.home.go(*(str(name).strip("/") for name in given)),  # type: ignore[union-attr]
        )
        tree.add_signal("/engine/error", "s", "An error, as a sentence")
        tree.add("/midi/panic", pulse("End every note on every channel, now"), lambda _: self.panic())
        tree.add("/midi/port", Knob("Name of the MIDI output", kind="text", default="", access="r"))

    def panic(self) -> None:
        """Ends every note on every port now; scheduled events are discarded, and the nodes continue from now."""
        self.voices.panic()
        players = [name for name, runner in self.nodes.items() if isinstance(runner, EventRunner)]
        self.nodes.set_each("now", dict.fromkeys(players, True))

    def _reseed(self, seed: Value) -> None:
        patch = self.patch
        seeds = {name: patch.seed_of(name, int(seed)) for name in self.nodes if name in patch.nodes}  # type: ignore[arg-type]
        self.nodes.set_each("seed", seeds)

    def _request_reload(self) -> None:
        if self.reloader is not None:
            self.reloader.request()
