"""A picture model with an analysis beside it, for the tests of runners."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from models.base import Event, Frame, Knob, Mask, Trouble


class Lookout:
    """Returns each picture; `received` holds (number of the picture, number of the mask) of each step, -1 for none."""

    kind: ClassVar[str] = "lookout"

    def __init__(self) -> None:
        self.received: list[tuple[int, int]] = []
        self.analysed: list[int] = []
        self.trouble = ""
        self.may_return = threading.Event()
        self.may_return.set()
        self.thread: threading.Thread | None = None

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        return cls()

    def start(self, seed: int) -> Frame | None:
        return None

    def analysis_rate(self, knobs: Mapping[str, Any]) -> float:
        return float(knobs["looks"])

    def analysis_first(self, knobs: Mapping[str, Any]) -> bool:
        return bool(knobs["first"])

    def analyse(self, frame: Frame) -> Mask | Trouble:
        self.thread = threading.current_thread()
        self.may_return.wait()
        self.analysed.append(frame.number)
        if self.trouble == "raise":
            raise RuntimeError("no eyes")
        return Trouble(self.trouble) if self.trouble else Mask(np.zeros((2, 2), np.uint8), frame.number)

    def step(
        self,
        state: Frame | None,
        heard: Sequence[Event],
        /,
        *,
        looks: Annotated[float, Knob("Analyses a second", 0.0, 60.0, "1/s")] = 0.0,
        first: Annotated[bool, Knob("Only pictures that were analysed")] = False,
        light: Annotated[float, Knob("Something that paints the last picture again", 0.0, 1.0)] = 0.0,
    ) -> tuple[Sequence[Event], Frame | None]:
        frame = next((event for event in heard if isinstance(event, Frame)), None)
        mask = next((event for event in heard if isinstance(event, Mask)), None)
        self.received.append((frame.number if frame else -1, mask.number if mask else -1))
        return [frame] if frame else [], frame or state
