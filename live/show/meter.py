"""Meters of a node's output: notes per second, loudness, pitch, pen speed; published for mappings."""

from __future__ import annotations

import contextlib
import math
from collections import deque
from typing import Final

from live.parameters.tree import Tree
from live.patch import Patch
from live.system.queues import TimedQueue
from live.transport.clock import Clock
from models.base import Event, Knob, NoteOn, Pen

PUBLISH_EVERY_S: Final = 0.05
NOTES_S: Final = 2.0
"""Window of the note meters."""
PENS_S: Final = 0.25
NOTE_KNOBS: Final = {
    "notes_per_second": Knob("Notes per second, over the last two seconds", 0.0, 20.0, "1/s", access="r"),
    "loudness": Knob("Mean velocity of the notes of the last two seconds", 0.0, 127.0, "MIDI", access="r"),
    "pitch": Knob("Pitch of the last note", 0, 127, "MIDI", kind="int", default=60, access="r"),
}
PEN_KNOBS: Final = {
    "pen_speed": Knob("Speed of the pens, in halves of the paper's shorter side", 0.0, 10.0, "1/s", access="r"),
}


class NodeMeter:
    """An output that measures a node's events when they are due."""

    def __init__(self, clock: Clock, plays: bool) -> None:
        self.plays = plays
        self._clock = clock
        self._due: TimedQueue[Event] = TimedQueue()
        self._struck: deque[tuple[float, NoteOn]] = deque()
        self._drawn: deque[tuple[float, float]] = deque()
        self._at: dict[int, Pen] = {}
        self._pitch = 60

    def send(self, due_s: float, event: Event) -> None:
        """Queues an event until it is due; events beyond the queue's capacity are not counted."""
        if isinstance(event, NoteOn if self.plays else Pen):
            with contextlib.suppress(OverflowError):
                self._due.put(due_s, event)

    def withdraw(self, after_s: float) -> None:
        """Drops events due later than a time."""
        self._due.withdraw(after_s)

    def silence(self) -> None:
        """Drops all events that are not due yet."""
        self._due.withdraw(self._clock.now())

    def close(self) -> None:
        """Drops all events that are not due yet."""
        self.silence()

    def read(self, now_s: float) -> dict[str, float]:
        """The readings at a time."""
        for due_s, event in self._due.take_due(now_s):
            if isinstance(event, NoteOn):
                self._struck.append((due_s, event))
                self._pitch = event.pitch
            elif isinstance(event, Pen):
                before = self._at.get(event.pen)
                if before is not None and event.down:
                    self._drawn.append((due_s, math.hypot(event.x - before.x, event.y - before.y)))
                self._at[event.pen] = event
        if self.plays:
            while self._struck and self._struck[0][0] <= now_s - NOTES_S:
                self._struck.popleft()
            notes = len(self._struck)
            loudness = sum(note.velocity for _, note in self._struck) / max(1, notes)
            return {"notes_per_second": notes / NOTES_S, "loudness": loudness, "pitch": self._pitch}
        while self._drawn and self._drawn[0][0] <= now_s - PENS_S:
            self._drawn.popleft()
        return {"pen_speed": sum(length for _, length in self._drawn) / PENS_S}


class MeterService:
    """The service that reads the meters of all nodes and publishes what has changed."""

    def __init__(self, tree: Tree, clock: Clock) -> None:
        self.tree = tree
        self.clock = clock
        self._meters: dict[str, NodeMeter] = {}
        self._own: set[str] = set()
        self._published: dict[str, float] = {}

    def meter(self, node: str, plays: bool) -> NodeMeter:
        """Creates a node's meter and its addresses, for notes or pens, except those that the model itself declares."""
        old = self._meters.get(node)
        if old is None or old.plays != plays:
            self.remove(node)
            for name, knob in (NOTE_KNOBS if plays else PEN_KNOBS).items():
                if f"/{node}/{name}" not in self.tree:
                    self.tree.add(f"/{node}/{name}", knob)
                    self._own.add(f"/{node}/{name}")
            self._meters = {**self._meters, node: NodeMeter(self.clock, plays)}
        return self._meters[node]

    def remove(self, node: str) -> None:
        """Removes a node's meter; its addresses are removed with those of the node."""
        self._meters = {name: meter for name, meter in self._meters.items() if name != node}
        self._own = {address for address in self._own if not address.startswith(f"/{node}/")}
        self._published = {address: value for address, value in self._published.items() if address in self._own}

    def open(self) -> None:
        """Does nothing: `meter` declares the addresses."""

    def follow(self, patch: Patch) -> None:
        """Does nothing: `meter` and `remove` follow the nodes."""

    def advance(self, now_s: float) -> float:
        """Publishes the readings that have changed."""
        for node, meter in self._meters.items():
            for name, value in meter.read(now_s).items():
                address = f"/{node}/{name}"
                if self._published.get(address) != value and address in self._own and address in self.tree:
                    self._published[address] = value
                    self.tree.publish(address, value)
        return now_s + PUBLISH_EVERY_S if self._meters else float("inf")

    def close(self) -> None:
        """Does nothing: no resource is open."""
