"""Assigns a pen to each finger of each performer, so that strokes of different performers are never joined."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from live.parameters.tree import Tree
from live.parameters.writer import current_writer, performer_of
from live.video.curve import Point
from live.video.ink import Ink
from live.video.layer_knobs import ERASER
from models.base import Edges, Event, Page, Value

MAX_PENS: Final = 64
WINDOW: Final = "window"
"""The performer at the window itself."""
Hear = Callable[[Event], None]
"""Called with an event for a model."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The layer of a node, the function that passes events to its model, and the edges of the picture on the layer."""

    node: str
    ink: Ink
    hear: Hear
    edges: Edges


class PerformerPens:
    """Draws with the pens of people on the nodes' papers: shown with the next frame, given to the model, and published
    as `/NODE/pen` with a number below 0 for each finger of each performer. May be used from any thread.

    `paper_of` finds the paper of a node; None for one that has none.
    """

    def __init__(self, tree: Tree, paper_of: Callable[[str], Paper | None]) -> None:
        self._tree = tree
        self._paper_of = paper_of
        self._numbers = PenNumbers()
        self._last: dict[tuple[str, int], tuple[Paper, Point]] = {}
        self._drew: dict[tuple[str, Hashable], int] = {}
        """The pen with which each performer drew last on each paper."""
        self._touching: dict[str, set[int]] = {}
        """The pens on each paper."""

    def touch(
        self, node: str, at: Point, down: bool, finger: int, performer: Hashable, pressure: float = 1.0
    ) -> bool:
        """Moves a pen; a line begins where it first touches, wherever it was before. False without a paper."""
        paper = self._paper_of(node)
        if paper is None:
            return False
        number = self._numbers.number((node, performer), finger, down)
        if down:
            self._drew[node, performer] = number
        self._move(paper, at, down, number, pressure)
        return True

    def undo(self, node: str, performer: Hashable) -> bool:
        """Takes a performer's last line on a paper back; False for one who has drawn nothing there."""
        paper, pen = self._paper_of(node), self._drew.get((node, performer))
        if paper is None or pen is None or not paper.ink.undo_performer(pen):
            return False
        paper.hear(Page("undo", pen))
        return True

    def erase(self, node: str, x: float, y: float, radius: float = ERASER) -> None:
        """Erases what is drawn in a circle on a node's paper."""
        paper = self._paper_of(node)
        if paper is not None:
            paper.ink.erase(x, y, radius)

    def act(self, node: str, name: str, value: Value) -> None:
        """What a write to `/NODE/erase` or `/NODE/undo_stroke` does."""
        if name == "erase" and isinstance(value, tuple):
            self.erase(node, *value)
        else:
            self.undo(node, writing_performer())

    def performer_gone(self, performer: Hashable) -> None:
        """Lifts the pens of a disconnected performer."""
        for node in {node for node, _ in list(self._last)}:
            self._drew.pop((node, performer), None)
            for pen in self._numbers.lifted((node, performer)):
                paper, at = self._last[node, pen]
                self._move(paper, at, False, pen)

    def forget(self) -> None:
        """Lifts all pens and removes their performers."""
        for (node, pen), (paper, at) in list(self._last.items()):
            if pen in self._touching.get(node, ()):
                self._move(paper, at, False, pen)
        self._numbers, self._last, self._drew = PenNumbers(), {}, {}

    def _move(self, paper: Paper, at: Point, down: bool, pen: int, pressure: float = 1.0) -> None:
        self._last[paper.node, pen] = paper, at
        touching = self._touching.setdefault(paper.node, set())
        changes = (pen in touching) is not down
        if down and changes:  # the window may have another size since the last line
            paper.hear(paper.edges)
        for event in paper.ink.performer_pen(*at, down, pen, pressure):
            paper.hear(event)
            self._tree.publish(f"/{paper.node}/pen", event.x, event.y, int(event.down), -1 - event.pen)
        if changes and f"/{paper.node}/performer" in self._tree:
            (touching.add if down else touching.discard)(pen)
            self._tree.publish(f"/{paper.node}/performer", len(touching))


def writing_performer() -> Hashable:
    """Whose pens this thread's write to the tree moves; None for the engine itself, such as a cue."""
    writer = current_writer()
    return performer_of(writer.peer) if writer is not None else None


class PenNumbers:
    """The pen number of each (performer, finger), from 0 on, for the 64 used most recently.

    A performer is the window, or a peer that sends OSC or uses the page. Beyond 64 a new pen takes the number of the
    one that was lifted longest ago. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: OrderedDict[tuple[Hashable, int], int] = OrderedDict()
        self._down: set[tuple[Hashable, int]] = set()

    def number(self, performer: Hashable, finger: int, down: bool) -> int:
        """The number of a finger's pen; `down` is whether it touches the paper from now on."""
        key = performer, finger
        with self._lock:
            number = self._numbers.pop(key, None)
            if number is None:
                number = self._free()
            self._numbers[key] = number
            (self._down.add if down else self._down.discard)(key)
            return number

    def lifted(self, performer: Hashable) -> list[int]:
        """Removes a disconnected performer; returns the numbers of the pens that touched the paper."""
        with self._lock:
            gone = {key: number for key, number in self._numbers.items() if key[0] == performer}
            on_paper = [number for key, number in gone.items() if key in self._down]
            for key in gone:
                del self._numbers[key]
                self._down.discard(key)
            return on_paper

    def _free(self) -> int:
        if len(self._numbers) < MAX_PENS:
            return min(set(range(MAX_PENS)) - set(self._numbers.values()))
        oldest = next((key for key in self._numbers if key not in self._down), next(iter(self._numbers)))
        self._down.discard(oldest)
        return self._numbers.pop(oldest)
