"""The reference table of all OSC addresses, generated from their declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from live.osc.commands import COMMANDS, REPLIES
from live.parameters.parameter import Parameter
from live.parameters.tree import Signal, Tree
from models.base import Knob

Form = Literal["text", "markdown", "json"]

INTRODUCTION = (
    "Numbers and vectors accept one more number: the duration of a glide in seconds.",
    "A message without arguments queries the value, or presses a button; vector components have their own addresses.",
    "Numbers are accepted as i, f, h, d, T, F or text; a choice by its name or its index from 0.",
)


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One row of the table."""

    address: str
    types: str
    access: str
    range: str
    default: str
    meaning: str


def table(tree: Tree, form: Form = "text") -> str:
    """All addresses of a tree with type, access, range, default and meaning, and the signals it sends.

    "text" for the terminal, "markdown" for a document, "json" for programs. Raises ValueError for others.
    """
    parameters = sorted(tree.parameters(), key=_node)
    signals = sorted(tree.signals.values(), key=lambda signal: signal.address)
    match form:
        case "json":
            return json.dumps(
                {
                    "addresses": [_entry(parameter) for parameter in parameters],
                    "signals": [_signal(signal) for signal in signals],
                    "commands": [_signal(command) for command in COMMANDS],
                    "replies": [_signal(reply) for reply in REPLIES],
                },
                indent=2,
                ensure_ascii=False,
            )
        case "markdown":
            return _markdown(parameters, signals)
        case "text":
            return _text(parameters, signals)
    raise ValueError(f"expected text, markdown or json, got {form!r}")


def _node(parameter: Parameter) -> str:
    return parameter.address.split("/")[1]


def types(knob: Knob) -> str:
    """The OSC types with which a knob's arguments are sent: i, f and s only."""
    match knob.kind:
        case "event" if knob.arguments:
            return "".join(map(types, knob.arguments))
        case "vector" | "event":
            return "f" * len(knob.components)
        case "int" | "switch" | "pulse":
            return "i"
        case "choice" | "text":
            return "s"
        case _:
            return "f"


def _row(parameter: Parameter) -> ReferenceRow:
    knob = parameter.knob
    meaning = knob.meaning
    if knob.arguments:
        meaning += f": {_arguments(knob)}"
    elif knob.kind in ("vector", "event"):
        meaning += f" ({', '.join(knob.components)})"
    default = "" if knob.kind == "pulse" or knob.access != "rw" else _number_text(knob.default)
    return ReferenceRow(parameter.address, types(knob), knob.access, _range(knob), default, meaning)


def _arguments(knob: Knob) -> str:
    """Each argument with its unit and meaning; optional ones in brackets."""
    least = len(knob.components) - knob.optional
    parts = []
    for index, (name, argument) in enumerate(zip(knob.components, knob.arguments, strict=True)):
        shown = f"{name} ({argument.meaning}{f', {argument.unit}' if argument.unit else ''})"
        parts.append(shown if index < least else f"[{shown}]")
    return ", ".join(parts)


def _range(knob: Knob) -> str:
    match knob.kind:
        case "choice":
            return ", ".join(knob.choices)
        case "switch":
            return "0 or 1"
        case "pulse":
            return "press"
        case "text":
            return ""
    text = ""
    if knob.low is not None and knob.high is not None:
        text = f"{_number_text(knob.low)} to {_number_text(knob.high)}"
    elif knob.low is not None:
        text = f"from {_number_text(knob.low)}"
    elif knob.high is not None:
        text = f"up to {_number_text(knob.high)}"
    if knob.unit:
        text = f"{text} {knob.unit}".strip()
    return text + (", log" if knob.curve == "log" else "")


def _number_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        parts = [_number_text(part) for part in value]
        return f"{parts[0]} each" if len(parts) > 1 and len(set(parts)) == 1 else " ".join(parts)
    return str(value)


def _entry(parameter: Parameter) -> dict[str, Any]:
    knob = parameter.knob
    return {
        "address": parameter.address,
        "types": types(knob),
        "kind": knob.kind,
        "access": knob.access,
        "low": knob.low,
        "high": knob.high,
        "unit": knob.unit,
        "curve": knob.curve,
        "choices": list(knob.choices),
        "components": list(knob.components),
        "optional": knob.optional,
        "default": knob.default,
        "meaning": knob.meaning,
    }


def _signal(signal: Signal) -> dict[str, str]:
    return {"address": signal.address, "types": signal.types, "meaning": signal.meaning}


def _text(parameters: list[Parameter], signals: list[Signal]) -> str:
    lines = [*INTRODUCTION]
    for node, group in groupby(parameters, key=_node):
        rows = [_row(parameter) for parameter in group]
        lines += ["", f"/{node}"]
        shown = [
            (
                row.address,
                _short(row.types),
                row.access,
                row.range,
                row.default and f"= {row.default}",
                row.meaning,
            )
            for row in rows
        ]
        lines += _columns(shown)
    for title, listed in (("Sent out", signals), ("Also understood", COMMANDS), ("Answered", REPLIES)):
        if listed:
            lines += ["", title, *_columns([(s.address, s.types, s.meaning) for s in listed])]
    return "\n".join(lines)


def _short(tags: str) -> str:
    return f"{tags[0]}×{len(tags)}" if len(tags) > 4 and len(set(tags)) == 1 else tags


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    # so that a long list of choices does not widen the column
    widths = [min(32, max(map(len, column))) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _markdown(parameters: list[Parameter], signals: list[Signal]) -> str:
    lines = ["# OSC addresses", "", *(f"- {sentence}" for sentence in INTRODUCTION)]
    heads = ("Address", "Types", "Access", "Range", "Default", "Meaning")
    for node, group in groupby(parameters, key=_node):
        rows = [_row(parameter) for parameter in group]
        cells = [(f"`{r.address}`", r.types, r.access, r.range, r.default, r.meaning) for r in rows]
        lines += ["", f"## /{node}", "", *_markdown_table(heads, cells)]
    for title, listed in (("Sent out", signals), ("Also understood", COMMANDS), ("Answered", REPLIES)):
        if listed:
            listed_rows = [(f"`{s.address}`", s.types, s.meaning) for s in listed]
            lines += ["", f"## {title}", "", *_markdown_table(("Address", "Types", "Meaning"), listed_rows)]
    return "\n".join(lines)


def _markdown_table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> list[str]:
    titles = list(heads)
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |")
    return lines
