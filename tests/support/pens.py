"""A small model that draws, for the tests of the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from models.base import Event, Knob, Page, Pen, Wait


class Boxes:
    """Draws one square after the other with every pen, a side each quarter second; its state is a count and a sum.

    `heard` counts the performer's events that it received.
    """

    kind: ClassVar[str] = "boxes"

    def __init__(self) -> None:
        self.heard: list[Event] = []

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        return cls()

    def start(self, seed: int) -> int:
        return 0

    def step(
        self,
        state: int,
        heard: Sequence[Event],
        /,
        *,
        pens: Annotated[int, Knob("How many draw at once", 1, 16)] = 1,
        size: Annotated[float, Knob("Half of a side", 0.01, 1.0)] = 0.2,
    ) -> tuple[Sequence[Event], int]:
        self.heard += heard
        corner = state % 5
        x, y = ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))[corner]
        events: list[Event] = []
        for pen in range(pens):
            if corner == 0:
                events.append(Page("new", pen))
            middle = (2 * pen + 1 - pens) * 0.5
            events.append(Pen(middle + x * size, y * size, corner > 0, pen))
        return (*events, Wait(0.25)), state + 1
