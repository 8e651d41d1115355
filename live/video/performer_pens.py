"""Gives each finger of each performer a pen of its own: one person's stroke is never joined to another's."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from live.parameters.tree import Tree
from live.video.curve import Point
from live.video.ink import Ink
from models.base import Event

MAX_PENS: Final = 64
Hear = Callable[[Event], None]
"""Takes an event for a model."""


@dataclass(frozen=True, slots=True)
class Paper:
    """The layer of a node, and its model."""

    node: str
    ink: Ink
    hear: Hear


class PerformerPens:
    """Draws with the pens of people on the nodes' papers: shown with the next frame, given to the model, and published
    as `/NODE/pen` with a number below 0 for each finger of each performer. May be used from any thread.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._numbers = PenNumbers()
        self._last: dict[tuple[str, int], tuple[Paper, Point]] = {}

    def touch(self, paper: Paper, at: Point, down: bool, finger: int, performer: Hashable) -> None:
        """Moves a pen; a line begins where it first touches, wherever it was before."""
        self._move(paper, at, down, self._numbers.number((paper.node, performer), finger, down))

    def performer_gone(self, performer: Hashable) -> None:
        """Lifts the pens of a performer who has gone."""
        for node in {node for node, _ in list(self._last)}:
            for pen in self._numbers.lifted((node, performer)):
                paper, at = self._last[node, pen]
                self._move(paper, at, False, pen)

    def _move(self, paper: Paper, at: Point, down: bool, pen: int) -> None:
        self._last[paper.node, pen] = paper, at
        for event in paper.ink.performer_pen(*at, down, pen):
            paper.hear(event)
            self._tree.publish(f"/{paper.node}/pen", event.x, event.y, int(event.down), -1 - event.pen)


class PenNumbers:
    """The pen number of each (performer, finger), from 0 on, kept for as long as it is among the last 64 used.

    A performer is the window, or a peer that sends OSC or uses the page. Past 64 a new one takes the number of the
    pen that was lifted longest ago. May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: OrderedDict[tuple[Hashable, int], int] = OrderedDict()
        self._down: set[tuple[Hashable, int]] = set()

    def number(self, performer: Hashable, finger: int, down: bool) -> int:
        """The number of a finger's pen, which is on the paper from now on or lifted."""
        key = performer, finger
        with self._lock:
            number = self._numbers.pop(key, None)
            if number is None:
                number = self._free()
            self._numbers[key] = number
            (self._down.add if down else self._down.discard)(key)
            return number

    def lifted(self, performer: Hashable) -> list[int]:
        """Forgets a performer who has gone; the numbers of the pens that were on the paper."""
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
