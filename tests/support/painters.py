"""Small picture models, for the tests of cameras and layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Self

import numpy as np

from models.base import Event, Frame, Knob, Pulse, Wait, pulse


class Negative:
    """Answers every picture with its negative, dimmed; its state is the last picture.

    `seen` holds the number of the picture of each step, -1 where there was none; `pressed` the steps with a flash.
    """

    kind: ClassVar[str] = "negative"
    sees: ClassVar[bool] = True

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.pressed: list[int] = []

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        return cls()

    def start(self, seed: int) -> Frame | None:
        return None

    def step(
        self,
        state: Frame | None,
        heard: Sequence[Event],
        /,
        *,
        light: Annotated[float, Knob("How light it is", 0.0, 1.0)] = 1.0,
        again: Annotated[float, Knob("Asks to be called again after so long; 0 does not", 0.0, 10.0, "s")] = 0.0,
        rate: Annotated[float, Knob("The most pictures in a second; 0 for all", 0.0, 60.0, "1/s")] = 0.0,
        flash: Annotated[Pulse, pulse("One white picture")] = False,
        broken: Annotated[bool, Knob("Fail")] = False,
    ) -> tuple[Sequence[Event], Frame | None]:
        if broken:
            raise RuntimeError("the paint ran out")
        frames = [event for event in heard if isinstance(event, Frame)]
        assert len(frames) <= 1
        self.seen.append(frames[0].number if frames else -1)
        if flash:
            self.pressed.append(len(self.seen) - 1)
        frame = frames[0] if frames else state
        events: list[Event] = [Wait(again)] if again else []
        if frame is None:
            return events, None
        pixels = np.round((255 - frame.pixels) * light).astype(np.uint8)
        return [replace(frame, pixels=np.full_like(pixels, 255) if flash else pixels), *events], frame


class Governed:
    """Paints nothing, at a resolution that the governor may set; `works` takes the step time."""

    kind: ClassVar[str] = "governed"

    def __init__(self) -> None:
        self.resolutions: list[int] = []

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        return cls()

    def start(self, seed: int) -> int:
        return 0

    def works(self, resolution: int) -> None:
        """Takes the step time of a picture of that size."""

    def step(
        self,
        state: int,
        heard: Sequence[Event],
        /,
        *,
        resolution: Annotated[int, Knob("Working height", 64, 1080, "px")] = 480,
        rate: Annotated[float, Knob("Pictures in a second to hold", 0.0, 60.0, "1/s")] = 15.0,
        govern: Annotated[bool, Knob("Lower the resolution to hold the rate")] = True,
        floor: Annotated[int, Knob("Lowest height to hold the rate with", 64, 1080, "px")] = 240,
    ) -> tuple[Sequence[Event], int]:
        self.resolutions.append(resolution)
        self.works(resolution)
        return [event for event in heard if isinstance(event, Frame)], state + 1
