"""Routes each node's events to its outputs: MIDI, OSC, its layer of the window, piano rolls, the running line."""

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
    """Connects running nodes as the patch says, and anew when it says otherwise, while they play."""

    def __init__(self, voices: NodeOutputs, osc_out: OscOutput, stage: Stage, meters: MeterService) -> None:
        self.views: list[Callable[[str], EventOutput]] = []
        """Makers of further outputs for each node that plays notes, by its name: the running line."""
        self._voices = voices
        self._osc_out = osc_out
        self._stage = stage
        self._meters = meters
        self._always: dict[str, list[EventOutput]] = {}
        self._further: dict[str, EventOutput] = {}

    def also(self, name: str, output: EventOutput) -> None:
        """A further output for a node that is about to be connected, beside what its patch gives it."""
        self._further[name] = output

    def connect(self, runner: EventRunner | FrameRunner, node: Node) -> None:
        """Gives a node the outputs that it has in its patch, with their addresses; what it has already stays."""
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
        """While several nodes change at once: a port that one leaves and another takes stays open."""
        return self._voices.changing()

    def show(self, rolls: Mapping[str, Roll], runners: Iterable[EventRunner | FrameRunner]) -> None:
        """Shows these piano rolls and no others, of nodes that run already or are still to come."""
        before = list(self._stage.rolls.values())
        self._stage.set_rolls(rolls)
        for runner in runners:
            kept = [output for output in runner.outputs if output not in before]
            seen = [output for output in self._stage.outputs(runner.name) if output not in kept]
            runner.outputs = [*kept, *seen]

    def remove(self, name: str) -> None:
        """Closes what a node that has stopped went to."""
        self._always.pop(name, None)
        self._meters.remove(name)
        self._voices.remove(name)
        self._stage.remove(name)
