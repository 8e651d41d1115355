"""Plays a session again: walks its journal on a virtual clock, and lets each node do the same at the same time.

What moved the controls, such as cues, mappings, presets or a fader box, is not run again: what it wrote is in the
journal. So only the tree, the nodes and their ways to MIDI are here.
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
    Line,
    NodeAdded,
    NodeFailed,
    NodeRemoved,
    OutputChanged,
    PatchLoaded,
    SessionEnded,
    SessionError,
    TurnTaken,
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
    """What a replay has come to."""

    seconds: float = 0.0
    turns: int = 0
    notes: int = 0
    points: int = 0
    """Movements of pens on the paper."""
    ended: bool = False
    """Whether the session has its end; one of an engine that died has not."""
    difference: str = ""
    """The first thing that was not as recorded; empty where all was, to the last bit."""


class Replay:
    """One session being played again; with `record`, into a MIDI file of that name.

    Raises SessionError where the file cannot be read, PatchError where its patch or its weights cannot be loaded.
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
        """Plays it through; SessionError at a line that is none, after all before it has been played."""
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
                        self._do(number, line)
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

    def _do(self, number: int, line: Line) -> None:
        match line:
            case TurnTaken():
                self._look(number, line)
            case ValueStored(_, address, value, glide_s):
                if address in self.tree:  # the window, presets and cues are not here
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
                self._wire(node)
            case WeightsUsed(_, node, file, sha256):
                self._compare_weights(node, file, sha256)
            case SessionEnded(_, done):
                self._end(number, done)

    def _look(self, number: int, line: TurnTaken) -> None:
        runner = self._runners.get(line.node)
        if runner is None:
            # Made no sooner, so that it begins with the seed that it was given.
            runner = self._pace(line.node)(line.node, self._models[line.node], self.tree, self.clock, ())
            self._runners[line.node] = runner
            self._wire(line.node)
        self._compare(number, line.node, line.done, line.at_s)
        if line.swapped:
            runner.swap(self._coming.pop(line.node) if line.node in self._coming else self._model(line.node))
        if line.beats is not None:
            self.clock.follow(line.beats)
            self.clock.meter = line.meter
        for event in line.heard:
            runner.hear(event)
        self.outcome.turns += 1
        runner.iterate()

    def _fail(self, at_s: float, node: str, sentence: str) -> None:
        """What failed by itself fails again; what failed by chance (a full memory, a device) is made to."""
        runner = self._runners[node]
        if runner.failed_s != at_s:
            log.info("%s failed then and would not now: made to", sentence)
            runner.fail(at_s, sentence)
            self._forced.add(node)

    def _add(self, node: str) -> None:
        model = self._models[node] = self._model(node)
        for name, knob in self._pace(node).knobs_of_loaded(model).items():
            self.tree.add(f"/{node}/{name}", knob)
        self._digests[node] = EventDigest()
        midi = self._patch.nodes[node].midi
        if midi is not None:
            self.voices.add(node, midi)

    def _pace(self, node: str) -> type[EventRunner]:
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

    def _wire(self, node: str) -> None:
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

    # -- as it was? ----------------------------------------------------------------------------------------------

    def _compare(self, number: int, node: str, done: int, at_s: float) -> None:
        digest = self._digests[node]
        if node in self._forced:
            self._forced.discard(node)
            digest.value = done
        if digest.value != done:
            self._differ(f"line {number}: {node} had done something else before its turn at {at_s:.6f} s")
            digest.value = done  # so that what comes is compared for itself

    def _compare_weights(self, node: str, file: str, sha256: str) -> None:
        if node in self._runners:
            self._coming[node] = self._model(node)
        model = self._coming.get(node, self._models[node])
        if isinstance(model, FromFile) and model.file is not None and sha256_of(model.file) != sha256:
            log.warning("%s: the weights in %s are not those of the session, %s", node, model.file, file)

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
