"""What there is to be put on a screen elsewhere: every address of a tree as a control that any program has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from live.parameters.parameter import Parameter
from live.parameters.tree import Signal, Tree
from models.base import Knob, Value

Kind = Literal["fader", "number", "switch", "button", "choice", "text", "reading"]

WIDEST_FADER = 10_000
"""Whole numbers in a wider range, such as seeds, are typed: a fader would never meet them."""
ENGINE = ("clock", "engine", "midi", "window", "camera", "preset", "cue", "mapping")
"""The engine's own rooms, which come after the patch's nodes."""


@dataclass(frozen=True, slots=True)
class ExportControl:
    """One thing to move or to read: one number, one text, or a press."""

    address: str
    name: str
    """Within its group, in words."""
    kind: Kind
    knob: Knob
    value: Value
    """As it begins; 0 or empty where there is none."""
    whole: str = ""
    """The address of the vector that this is a component of."""

    @property
    def low(self) -> float:
        """The lower end of its range; 0 where it has none."""
        return 0.0 if self.knob.low is None else float(self.knob.low)

    @property
    def high(self) -> float:
        """The upper end of its range; 1 where it has none."""
        return 1.0 if self.knob.high is None else float(self.knob.high)

    @property
    def log(self) -> bool:
        """Whether a fader for it travels logarithmically."""
        return self.knob.curve == "log" and self.low > 0.0


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """All of one node, or of one room of the engine."""

    name: str
    controls: Sequence[ExportControl]
    signals: Sequence[Signal]
    """What is sent out under it and not stored, such as notes."""


def groups(tree: Tree) -> list[ControlGroup]:
    """All controls of a tree: the nodes in the patch's order, then the rooms of the engine.

    What takes several arguments at once has no control; it stays an address to be written to.
    """
    controls: dict[str, list[ExportControl]] = {}
    for leaf in tree.leaves():
        controls.setdefault(leaf.address.split("/")[1], []).extend(_controls(leaf))
    names = sorted(controls, key=lambda name: _place(tree, name))
    return [
        ControlGroup(
            name,
            # What is read comes last, whenever it was declared.
            sorted(controls[name], key=lambda control: control.kind == "reading"),
            [signal for signal in tree.signals.values() if signal.address.startswith(f"/{name}/")],
        )
        for name in names
        if controls[name]
    ]


def _place(tree: Tree, name: str) -> int:
    """Nodes come first, which have a seed; then what else the patch has, such as piano rolls; then the engine."""
    if name in ENGINE:
        return ENGINE.index(name)
    return -2 if f"/{name}/seed" in tree else -1


def _controls(leaf: Parameter) -> list[ExportControl]:
    knob = leaf.knob
    name = leaf.address.split("/", 2)[2].replace("_", " ")
    if knob.access == "r":
        return [ExportControl(leaf.address, name, "reading", knob, knob.default)]
    match knob.kind:
        case "vector":
            parts = knob.default if isinstance(knob.default, tuple) else (0.0,) * len(knob.components)
            return [
                ExportControl(
                    f"{leaf.address}/{part}",
                    f"{name} {part.replace('_', ' ')}",
                    "fader",
                    replace(knob, kind="float", components=(), default=parts[index]),
                    parts[index],
                    leaf.address,
                )
                for index, part in enumerate(knob.components)
            ]
        case "event":
            if len(knob.components) - knob.optional != 1 or not knob.arguments:
                return []
            first = replace(knob.arguments[0], meaning=knob.meaning, access="w")
            return [ExportControl(leaf.address, name, _kind(first), first, "")]
        case _:
            return [ExportControl(leaf.address, name, _kind(knob), knob, knob.default)]


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
