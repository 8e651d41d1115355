"""The addresses of a tree as generic controls, from which layouts for other programs are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from live.parameters.parameter import Parameter
from live.parameters.tree import Signal, Tree
from models.base import Knob, Value

Kind = Literal["fader", "number", "switch", "button", "choice", "text", "reading"]

WIDEST_FADER = 10_000
"""Widest range of whole numbers for a fader; numbers in a wider range, such as seeds, are typed."""
ENGINE = ("clock", "engine", "midi", "window", "camera", "preset", "cue", "mapping")
"""The groups of the engine's own addresses, which follow the patch's nodes."""
PLACED = ("/window/mesh/", "/window/corner/")
"""Groups of addresses without controls: they are set once, in the window by hand, and would fill a layout."""


@dataclass(frozen=True, slots=True)
class ExportControl:
    """One control or reading: a number, a text, or a button."""

    address: str
    name: str
    """Its name within the group."""
    kind: Kind
    knob: Knob
    value: Value
    """Its initial value; 0 or empty if there is none."""
    whole: str = ""
    """The address of the vector that this is a component of."""

    @property
    def low(self) -> float:
        """The lower end of its range; 0 by default."""
        return 0.0 if self.knob.low is None else float(self.knob.low)

    @property
    def high(self) -> float:
        """The upper end of its range; 1 by default."""
        return 1.0 if self.knob.high is None else float(self.knob.high)

    @property
    def log(self) -> bool:
        """Whether its fader is logarithmic."""
        return self.knob.curve == "log" and self.low > 0.0


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """All controls and signals of one node, or of one group of the engine."""

    name: str
    controls: Sequence[ExportControl]
    signals: Sequence[Signal]
    """Its signals, such as notes."""


def groups(tree: Tree) -> list[ControlGroup]:
    """All controls of a tree: the nodes in the order of the patch, then the groups of the engine.

    Addresses with several arguments have no control, nor have those of PLACED.
    """
    controls: dict[str, list[ExportControl]] = {}
    for parameter in tree.parameters():
        if parameter.address.startswith(PLACED):
            continue
        controls.setdefault(parameter.address.split("/")[1], []).extend(_controls(parameter))
    names = sorted(controls, key=lambda name: _place(tree, name))
    return [
        ControlGroup(
            name,
            # Readings come last.
            sorted(controls[name], key=lambda control: control.kind == "reading"),
            [signal for signal in tree.signals.values() if signal.address.startswith(f"/{name}/")],
        )
        for name in names
        if controls[name]
    ]


def _place(tree: Tree, name: str) -> int:
    """The sort key of a group: nodes, which have a seed; others of the patch, such as piano rolls; the engine."""
    if name in ENGINE:
        return ENGINE.index(name)
    return -2 if f"/{name}/seed" in tree else -1


def _controls(parameter: Parameter) -> list[ExportControl]:
    knob = parameter.knob
    name = parameter.address.split("/", 2)[2].replace("_", " ")
    if knob.access == "r":
        return [ExportControl(parameter.address, name, "reading", knob, knob.default)]
    match knob.kind:
        case "vector":
            parts = knob.default if isinstance(knob.default, tuple) else (0.0,) * len(knob.components)
            return [
                ExportControl(
                    f"{parameter.address}/{part}",
                    f"{name} {part.replace('_', ' ')}",
                    "fader",
                    replace(knob, kind="float", components=(), default=parts[index]),
                    parts[index],
                    parameter.address,
                )
                for index, part in enumerate(knob.components)
            ]
        case "event":
            if len(knob.components) - knob.optional != 1 or not knob.arguments:
                return []
            first = replace(knob.arguments[0], meaning=knob.meaning, access="w")
            return [ExportControl(parameter.address, name, _kind(first), first, "")]
        case _:
            return [ExportControl(parameter.address, name, _kind(knob), knob, knob.default)]


def _kind(knob: Knob) -> Kind:
    match knob.kind:
        case "switch":
            return "switch"
        case "pulse":
            return "button"
        case "choice":
            return "choice"
        case "text":
            return "text"
        case _:
            bounded = knob.low is not None and knob.high is not None
            narrow = bounded and (knob.kind == "float" or knob.high - knob.low <= WIDEST_FADER)  # type: ignore[operator]
            return "fader" if narrow else "number"
