"""Replays a session: reads its file line by line on a virtual clock, and runs each node's iterations at their times.

Sources of control, such as cues, mappings, presets or a fader box, are not run again, since the file contains the
values that they wrote. Therefore a replay consists of the tree, the nodes and their MIDI outputs only.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from live.engine.options import Options
from live.midi.output.node_outputs import NodeOutputs
from live.nodes.event_runner import EventRunner
from live.nodes.loading import load_model
from live.parameters.tree import Tree
from live.patch import PatchError, load
from live.session.digest import EventDigest
from live.session.recorder import sha256_of
from live.session.session_file import (
    IterationBegun,
    Line,
    NodeAdded,
    NodeFailed,
    NodeRemoved,
    OutputChanged,
    PatchLoaded,
    SessionEnded,
    SessionError,
    ValueStored,
    WeightsUsed,
    head_of,
    lines_of,
)
from live.transport.clock import VirtualClock
from models.base import FromFile, Model, pulse

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReplayOutcome:
    """The result of a replay."""

    seconds: float = 0.0
    iterations: int = 0
    notes: int = 0
    points: int = 0
    """Number of pen movements on the paper."""
    ended: bool = False
    """Whether the file is complete; it is not after a crash."""
    difference: str = ""
    """The first difference from the recording, as a sentence; empty if the result is bit-identical."""


class Replay:
    """Replays one session; with `record`, into a MIDI file of that name.

    Raises SessionError if the file cannot be read, PatchError if its patch or its weights cannot be loaded.
    """

    def __init__(self, session: Path, record: Path | None = None) -> None:
        self.session = session
        self.outcome = ReplayOutcome()
        self.head = head_of(session)
        self.clock = VirtualClock()
        self.tree = Tree(self.clock)
        self.tree.add("/midi/panic", pulse("End every note on every channel, now"), lambda _: self.voices.panic())
        self.voices = NodeOutputs(self.tree, self.clock, _port_state, Options(midi="silent", record=record))
        self._path = Path(self.head.patch)
        self._patch = load(self._path, self.head.text)
        self._models: dict[str, Model] = {}
        self._coming: dict[str, Model] = {}
        self._runners: dict[str, EventRunner] = {}
        self._digests: dict[str, EventDigest] = {}
        self._forced: set[str] = set()

    def run(self) -> ReplayOutcome:
        """Replays all lines. Raises SessionError at an invalid line, after replaying those before it."""
        first_s: float | None = None
        try:
            with closing(lines_of(self.session)) as lines:
                for number, line in lines:
                    first_s = line.at_s if first_s is None else first_s
                    self.clock.advance(line.at_s)
                    self.outcome.seconds = line.at_s - first_s
                    self.voices.poll()
                    self.tree.gliding()
                    try:
                        self._apply(number, line)
                    except (KeyError, ValueError) as error:
                        raise SessionError(f"{self.session}, line {number}: {error}") from error
        finally:
            for runner in self._runners.values():
                runner.stop()
            self.voices.close()
            self.outcome.notes += sum(digest.notes for digest in self._digests.values())
            self.outcome.points += sum(digest.points for digest in self._digests.values())
        return self.outcome

    def recording(self) -> Path | None:
        """The MIDI file that was written."""
        port = self.voices.recording()
        return port.recording if port is not None else None

    # -- one line ------------------------------------------------------------------------------------------------

    def _apply(self, number: int, line: Line) -> None:
        match line:
            case IterationBegun():
                self._iterate(number, line)
            case ValueStored(_, address, value, glide_s):
                if address in self.tree:  # a replay has no window, presets or cues
                    self.tree.set(address, value, glide_s)
            case NodeFailed(at_s, node, sentence):
                self._fail(at_s, node, sentence)
            case NodeAdded(_, node):
                self._add(node)
            case NodeRemoved(_, node):
                self._remove(node)
            case PatchLoaded(_, text):
                self._patch = load(self._path, text)
            case OutputChanged(_, node):
                self._connect(node)
            case WeightsUsed(_, node, file, sha256):
                self._compare_weights(node, file, sha256)
            case SessionEnded(_, done):
                self._end(number, done)

    def _iterate(self, number: int, line: IterationBegun) -> None:
        runner = self._runners.get(line.node)
        if runner is None:
            # Created only now, because its seed is among the values stored before its first iteration.
            runner = self._runner_class(line.node)(line.node, self._models[line.node], self.tree, self.clock, ())
            self._runners[line.node] = runner
            self._connect(line.node)
        self._compare(number, line.node, line.done, line.at_s)
        if line.swapped:
            runner.swap(self._coming.pop(line.node) if line.node in self._coming else self._model(line.node))
        if line.beats is not None:
            self.clock.follow(line.beats)
            self.clock.meter = line.meter
        for event in line.heard:
            runner.hear(event)
        self.outcome.iterations += 1
        runner.iterate()

    def _fail(self, at_s: float, node: str, sentence: str) -> None:
        """Fails the node, unless its iteration failed again by itself; the cause may have been external."""
        runner = self._runners[node]
        if runner.failed_s != at_s:
            log.info("recorded failure, repeated: %s", sentence)
            runner.fail(at_s, sentence)
            self._forced.add(node)

    def _add(self, node: str) -> None:
        model = self._models[node] = self._model(node)
        for name, knob in self._runner_class(node).knobs_of_loaded(model).items():
            self.tree.add(f"/{node}/{name}", knob)
        self._digests[node] = EventDigest()
        midi = self._patch.nodes[node].midi
        if midi is not None:
            self.voices.add(node, midi)

    def _runner_class(self, node: str) -> type[EventRunner]:
        runs = self._patch.nodes[node].runs
        return runs if issubclass(runs, EventRunner) else EventRunner

    def _remove(self, node: str) -> None:
        runner = self._runners.pop(node, None)
        if runner is not None:
            runner.stop()
        digest = self._digests.pop(node)
        self.outcome.notes += digest.notes
        self.outcome.points += digest.points
        self.voices.remove(node)
        self.tree.remove(node)

    def _connect(self, node: str) -> None:
        midi = self._patch.nodes[node].midi
        voice = [self.voices.add(node, midi)] if midi is not None else []
        if midi is None:
            self.voices.remove(node)
        if node in self._runners:
            self._runners[node].outputs = [*voice, self._digests[node]]

    def _model(self, node: str) -> Model:
        made = self._patch.nodes.get(node)
        if made is None:
            raise PatchError(f"{self.session}: its patch has no node {node}")
        return load_model(node, made, self._path)

    # -- comparison ----------------------------------------------------------------------------------------------

    def _compare(self, number: int, node: str, done: int, at_s: float) -> None:
        digest = self._digests[node]
        if node in self._forced:
            self._forced.discard(node)
            digest.value = done
        if digest.value != done:
            self._differ(f"line {number}: the events of {node} before its iteration at {at_s:.6f} s differ")
            digest.value = done  # so that later events are compared independently

    def _compare_weights(self, node: str, file: str, sha256: str) -> None:
        if node in self._runners:
            self._coming[node] = self._model(node)
        model = self._coming.get(node, self._models[node])
        if isinstance(model, FromFile) and model.file is not None and sha256_of(model.file) != sha256:
            log.warning("%s: the weights in %s differ from those of the session, %s", node, model.file, file)

    def _end(self, number: int, done: dict[str, int]) -> None:
        self.outcome.ended = True
        for node, runner in self._runners.items():
            runner.stop()
            if node in done:
                self._compare(number, node, done[node], self.clock.now())

    def _differ(self, sentence: str) -> None:
        if not self.outcome.difference:
            self.outcome.difference = f"{self.session}, {sentence}"


def _port_state(state: str, sentence: str) -> None:
    (log.warning if state == "error" else log.debug)("%s", sentence)
