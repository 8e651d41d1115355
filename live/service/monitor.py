"""Puts the health of an engine together: its checks, the service that acts on them, and the pages that show it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from live.engine.options import Options
from live.http.stage_picture import page_reach
from live.midi.input.midi_input import MidiInput
from live.midi.output.node_outputs import NodeOutputs
from live.nodes.node_set import NodeSet
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.service.alerts import Alerts
from live.service.checks import (
    Heartbeat,
    camera_check,
    disk_check,
    listener_check,
    midi_check,
    node_check,
    thread_check,
    window_check,
)
from live.service.figures import Figures, NodeFigures
from live.service.health import Health
from live.service.health_service import HealthService
from live.service.pages import HealthPages
from live.service.supervision import Supervision
from live.system.disk_room import is_low
from live.video.cameras import Cameras
from live.video.stage import Stage


class Monitor:
    """`service` belongs on the control thread, `pages` to the web server. `patch` gives the patch that plays."""

    def __init__(
        self,
        context: ServiceContext,
        *,
        supervision: Supervision,
        main_thread: Heartbeat,
        leave: Callable[[int], None],
        options: Options,
        nodes: NodeSet,
        voices: NodeOutputs,
        listener: MidiInput,
        cameras: Cameras,
        stage: Stage,
        patch: Callable[[], Patch],
        path: Path | None,
    ) -> None:
        self._tree, self._stage = context.tree, stage
        self._nodes, self._voices, self._cameras = nodes, voices, cameras
        self._supervision = supervision
        health = Health()
        self.service = HealthService(
            context,
            health,
            supervision,
            Alerts(options.alerts),
            folders=[Path(), *([path.parent] if path is not None else [])],
            show_alarm=stage.guidance.show_alarm,
            leave=leave,
            keep=lambda: supervision.keep(patch(), {name: node.model for name, node in nodes.items()}),
        )
        self.pages = HealthPages(stage, context.clock, self.figures, page_reach(options.http))
        if context.clock.virtual:
            return
        health.checks += [
            thread_check("main", main_thread),
            thread_check("control", self.service.heartbeat),
            *([window_check(stage)] if options.window else []),
            node_check(nodes, without_failed=supervision.start.safe),
            midi_check(lambda: voices.ports, without_failed=supervision.start.safe),
            listener_check(lambda: listener.answers),
            camera_check(context.tree, cameras.names),
            disk_check(lambda: self.service.machine),
        ]

    def figures(self) -> Figures:
        """The figures of this moment; from any thread."""
        installation = self._supervision.installation
        return Figures(
            show=self._supervision.show,
            problems=tuple(self.service.problems()),
            up_s=self.service.up_s,
            safe=self._supervision.start.safe,
            crashes=installation.crashes_total if installation is not None else 0,
            alerts=self.service.sent,
            nodes={name: self._node(name) for name in self._nodes},
            ports={name: port.state for name, port in list(self._voices.ports.items())},
            cameras={n: (str(self._read(f"/{n}/state")), self._number(f"/{n}/fps")) for n in self._cameras.names()},
            saving=self._has_room(),
            window_fps=self._number("/window/fps") if self._stage.window is not None else None,
            machine=self.service.machine,
        )

    def _has_room(self) -> bool:
        machine = self.service.machine
        return machine.disk_free is None or not is_low(machine.disk_free, machine.disk_total or 0)

    def _node(self, name: str) -> NodeFigures:
        runner = self._nodes.get(name)
        fps = f"/{name}/fps"
        return NodeFigures(
            state=str(self._read(f"/{name}/state")),
            step_s=runner.step_s if runner is not None else 0.0,
            steps=runner.steps if runner is not None else 0,
            fps=self._number(fps) if fps in self._tree else None,
        )

    def _read(self, address: str) -> object:
        """A value; an empty text where its node has just been removed."""
        try:
            return self._tree.get(address)
        except AddressError:
            return ""

    def _number(self, address: str) -> float:
        value = self._read(address)
        return float(value) if isinstance(value, int | float) else 0.0
