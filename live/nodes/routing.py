"""Routes each node's events to its outputs: MIDI, OSC, window layers, piano rolls, the running line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager

from live.midi.output.node_outputs import NodeOutputs
from live.nodes.event_runner import EventRunner
from live.nodes.frame_runner import FrameRunner
from live.nodes.output import EventOutput
from live.osc.output import OscOutput
from live.patch import Node
from live.show.meter import MeterService
from live.video import Roll
from live.video.stage import Stage


class Routing:
    """Connects running nodes to the outputs that the patch names, also when a reload changes them."""

    def __init__(self, voices: NodeOutputs, osc_out: OscOutput, stage: Stage, meters: MeterService) -> None:
        self.views: list[Callable[[str], EventOutput]] = []
        """Functions from a node's name to a further output, for nodes that play notes, such as the running line."""
        self._voices = voices
        self._osc_out = osc_out
        self._stage = stage
        self._meters = meters
        self._always: dict[str, list[EventOutput]] = {}
        self._further: dict[str, EventOutput] = {}

    def add_output(self, name: str, output: EventOutput) -> None:
        """Adds an output to a node that is about to be connected, besides those of its patch."""
        self._further[name] = output

    def connect(self, runner: EventRunner | FrameRunner, node: Node) -> None:
        """Connects a node to the outputs of its patch, and declares their addresses; unchanged outputs stay."""
        name = runner.name
        plays = node.midi is not None
        if name not in self._always:
            views = [view(name) for view in self.views] if plays else []
            published: list[EventOutput] = []
            if node.camera is None:
                published = [self._osc_out.voice(name, notes=plays), self._meters.meter(name, plays)]
            further = [self._further.pop(name)] if name in self._further else []
            self._always[name] = [*published, *views, *further]
        old = self._voices.of(name)
        new = self._voices.add(name, node.midi) if node.midi is not None else None
        if node.layer is not None and node.camera is not None:
            self._stage.add_picture(name, node.layer, node.knobs)
        elif node.layer is not None:
            self._stage.add(name, node.layer, runner.hear, node.knobs)
        else:
            self._stage.remove(name)
        runner.outputs = [*([new] if new is not None else []), *self._always[name], *self._stage.outputs(name)]
        if new is None:
            self._voices.remove(name)
        elif old is not None and new is not old:
            old.close()
        self._voices.close_unused()

    def changing(self) -> AbstractContextManager[None]:
        """Groups changes of several nodes: a port that one node stops using and another one starts using stays open."""
        return self._voices.changing()

    def show(self, rolls: Mapping[str, Roll], runners: Iterable[EventRunner | FrameRunner]) -> None:
        """Shows exactly these piano rolls, whether their nodes run already or not."""
        before = list(self._stage.rolls.values())
        self._stage.set_rolls(rolls)
        for runner in runners:
            kept = [output for output in runner.outputs if output not in before]
            seen = [output for output in self._stage.outputs(runner.name) if output not in kept]
            runner.outputs = [*kept, *seen]

    def remove(self, name: str) -> None:
        """Closes the outputs of a stopped node."""
        self._always.pop(name, None)
        self._meters.remove(name)
        self._voices.remove(name)
        self._stage.remove(name)
