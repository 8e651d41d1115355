"""The figures of an installation at one moment, for `/health` and `/metrics`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from live.service.health import Problem
from live.service.machine import MachineFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigures:
    """One node: its state, the time of a step in seconds, steps so far, pictures a second where it paints."""

    state: str
    step_s: float
    steps: int
    fps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One moment. Nothing in it is a picture, or comes from one, besides a camera's rate."""

    show: str
    problems: tuple[Problem, ...] = ()
    up_s: float = 0.0
    safe: bool = False
    crashes: int = 0
    """Since the show was installed."""
    alerts: int = 0
    """Sent since the start."""
    nodes: Mapping[str, NodeFigures] = field(default_factory=dict)
    ports: Mapping[str, str] = field(default_factory=dict)
    """The state of each MIDI port that is played to."""
    cameras: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    """The state of each camera, and its pictures a second."""
    window_fps: float | None = None
    saving: bool = True
    """Whether there is room on the disk, so that files are written."""
    machine: MachineFigures = MachineFigures()  # noqa: RUF009

    def health(self) -> dict[str, Any]:
        """The same as a JSON object."""
        machine = self.machine
        return {
            "status": "ill" if self.problems else "well",
            "reasons": [problem.sentence for problem in self.problems],
            "show": self.show,
            "safe_start": self.safe,
            "uptime_s": round(self.up_s, 1),
            "machine_uptime_s": round(machine.machine_up_s, 1),
            "crashes": self.crashes,
            "nodes": {name: node.state for name, node in self.nodes.items()},
            "midi_ports": dict(self.ports),
            "cameras": {name: state for name, (state, _) in self.cameras.items()},
            "window_fps": self.window_fps,
            "saving": self.saving,
            "memory_mb": round(sum(one.resident for one in machine.processes) / 1e6, 1),
            "memory_free_mb": round(machine.memory_free / 1e6, 1),
            "disk_left_mb": None if machine.disk_free is None else round(machine.disk_free / 1e6, 1),
            "temperature_c": machine.temperature_c,
        }
