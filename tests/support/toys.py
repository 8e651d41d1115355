"""Small models and outputs for the engine's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self

from models.base import Event, Knob, Measure, NoteOff, NoteOn, Pulse, Value, Wait, pulse


def _register(values: Mapping[str, Any]) -> Mapping[str, Value]:
    return {"lowest": {"low": 30, "high": 70}[values["register"]]} if values["register"] != "free" else {}


class Scale:
    """Plays one note after the other, upwards from `lowest`, each for `length` seconds; its state is a count."""

    kind: ClassVar[str] = "scale"

    def __init__(self, weights: str = "plain") -> None:
        self.weights = weights
        self.heard: list[list[Event]] = []

    @classmethod
    def load(cls, weights: str, device: str = "auto") -> Self:
        if weights == "missing":
            raise FileNotFoundError("no weights called missing")
        return cls(weights)

    def start(self, seed: int) -> int:
        return seed % 100

    def step(
        self,
        state: int,
        heard: Sequence[Event],
        /,
        *,
        lowest: Annotated[int, Knob("The first note", 0, 100)] = 0,
        length: Annotated[float, Knob("How long each note is", 0.01, 10.0, "s", "log")] = 0.1,
        register: Annotated[str, Knob("Sets lowest", choices=("free", "low", "high"), sets=_register)] = "free",
        broken: Annotated[bool, Knob("Fail")] = False,
    ) -> tuple[Sequence[Event], int]:
        if heard:
            self.heard.append(list(heard))
        if broken:
            raise RuntimeError("a string broke")
        pitch = lowest + state % 20
        return (NoteOn(pitch, 64), Wait(length), NoteOff(pitch)), state + 1


class Listener(Scale):
    """A Scale that listens; its state counts events, three a note: the key goes down, time passes, the key comes up."""

    listens: ClassVar[bool] = True
    yields = True
    measures: ClassVar[Mapping[str, Knob]] = {"passed": Knob("Notes struck before", access="r")}

    def gives_way(self, knobs: Mapping[str, Any]) -> bool:
        return self.yields

    def step(  # type: ignore[override]
        self,
        state: int,
        heard: Sequence[Event],
        /,
        *,
        length: Annotated[float, Knob("How long each note is", 0.01, 10.0, "s", "log")] = 0.1,
        ring: Annotated[Pulse, pulse("Skip ten notes")] = False,
    ) -> tuple[Sequence[Event], int]:
        if heard or ring:
            self.heard.append([*heard, *(["ring"] if ring else [])])  # type: ignore[list-item]
            return (), state + 30 * ring
        pitch = state // 3
        match state % 3:
            case 0:
                return (Measure("passed", pitch), NoteOn(pitch, 64)), state + 1
            case 1:
                return (Wait(length),), state + 1
        return (NoteOff(pitch),), state + 1


class Tape:
    """An Output that keeps what it is given, as (due in ms, what)."""

    def __init__(self) -> None:
        self.events: list[tuple[int, Event]] = []
        self.said: list[str] = []

    def send(self, due_s: float, event: Event) -> None:
        self.events.append((round(due_s * 1000), event))

    def withdraw(self, after_s: float) -> None:
        self.said.append(f"withdraw {round(after_s * 1000)}")
        self.events = [entry for entry in self.events if entry[0] <= round(after_s * 1000)]

    def silence(self) -> None:
        self.said.append("silence")

    def close(self) -> None:
        self.said.append("close")

    def struck(self) -> list[tuple[int, int]]:
        """(due in ms, pitch) of the notes struck."""
        return [(due, event.pitch) for due, event in self.events if isinstance(event, NoteOn)]
