"""The OSCQuery description of the tree: one JSON object per address, with all of its attributes.

Follows the OSCQuery proposal (github.com/Vidvox/OSCQueryProposal), with libossia's DEFAULT_VALUE, STEP_SIZE and
REPETITION_FILTER. CURVE and COMPONENTS are extensions: the scale of a fader, and the names of a vector's components.
"""

from __future__ import annotations

import math
from typing import Any, Final

from live.parameters.tree import AddressError, Signal, Tree
from models.base import Knob, Value

Json = dict[str, Any]

ATTRIBUTES: Final = (
    *("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "EXTENDED_TYPE", "UNIT"),
    *("CRITICAL", "CLIPMODE", "OVERLOADS", "DEFAULT_VALUE", "STEP_SIZE", "REPETITION_FILTER", "CURVE", "COMPONENTS"),
)
"""The attributes that can be queried individually."""

EXTENSIONS: Final = {
    **{name: True for name in ATTRIBUTES if name not in ("FULL_PATH", "CONTENTS", "TYPE")},
    **dict.fromkeys(("LISTEN", "IGNORE", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED", "HTML"), True),
    **dict.fromkeys(("PATH_RENAMED", "OSC_STREAMING", "ECHO"), False),
}
"""The extensions listed by HOST_INFO."""

_ACCESS: Final = {"r": 1, "w": 2, "rw": 3}


class OscQueryNamespace:
    """The OSCQuery description of a tree, cached until addresses are added or removed."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._version = -1
        self._described: dict[str, Json] = {}
        self._children: dict[str, dict[str, None]] = {}

    def __contains__(self, path: str) -> bool:
        self._refresh()
        return path in self._children or path in self._described

    def describe(self, path: str = "/") -> Json:
        """The description of an address or container with its contents and values. Raises AddressError."""
        if path not in self:
            raise self._unknown(path)
        return self._node(path)

    def attribute(self, path: str, name: str) -> Json | None:
        """One attribute as a separate object; None if the address does not have it. Raises AddressError."""
        if path not in self:
            raise self._unknown(path)
        if name == "VALUE":
            value = self._value(path)
            return None if value is None else {"VALUE": value}
        described = self._node(path) if name == "CONTENTS" else self._described.get(path, self._container(path))
        return {name: described[name]} if name in described else None

    def paths(self) -> dict[str, frozenset[str]]:
        """All addresses by node (the first part), to detect added and removed ones."""
        self._refresh()
        nodes: dict[str, set[str]] = {}
        for path in self._described:
            nodes.setdefault("/" + path.split("/")[1], set()).add(path)
        return {node: frozenset(paths) for node, paths in nodes.items()}

    # -- inside -------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        version = self.tree.version
        if version == self._version:
            return
        described: dict[str, Json] = {}
        for parameter in self.tree.parameters():
            described[parameter.address] = _describe(parameter.address, parameter.knob)
            for part in parameter.knob.components if parameter.knob.kind == "vector" else ():
                address = f"{parameter.address}/{part}"
                described[address] = _describe(address, _component(parameter.knob, part))
        for signal in list(self.tree.signals.values()):
            if signal.address not in described:
                described[signal.address] = _describe_signal(signal)
        children: dict[str, dict[str, None]] = {"/": {}}
        for address in described:
            while address != "/":
                parent = address.rpartition("/")[0] or "/"
                children.setdefault(parent, {})[address] = None
                address = parent
        self._version, self._described, self._children = version, described, children

    def _node(self, path: str) -> Json:
        node = dict(self._described.get(path) or self._container(path))
        value = self._value(path)
        if value is not None:
            node["VALUE"] = value
        inside = self._children.get(path)
        if inside:
            node["CONTENTS"] = {child.rpartition("/")[2]: self._node(child) for child in inside}
        return node

    def _unknown(self, path: str) -> AddressError:
        near = ", ".join(self.tree.near(path))
        return AddressError(f"no address {path[:200]}" + (f"; similar: {near}" if near else ""))

    def _container(self, path: str) -> Json:
        return {"FULL_PATH": path, "ACCESS": 0}

    def _value(self, path: str) -> list[Any] | None:
        """The value as a list, as in OSCQuery; None if there is no readable value."""
        try:
            knob = self.tree.knob(path)
            return _listed(self.tree.get(path)) if "r" in knob.access else None
        except AddressError:  # a container, a signal, or removed meanwhile
            return None


def host_info(name: str, host: str, http_port: int, osc_port: int | None) -> Json:
    """HOST_INFO for a client that connected to this address."""
    info: Json = {"NAME": name, "EXTENSIONS": EXTENSIONS, "WS_IP": host, "WS_PORT": http_port}
    if osc_port is not None:
        info |= {"OSC_IP": host, "OSC_PORT": osc_port, "OSC_TRANSPORT": "UDP"}
    return info


def _component(knob: Knob, part: str) -> Knob:
    defaults = knob.default if isinstance(knob.default, tuple) else ()
    index = knob.components.index(part)
    default: Value = defaults[index] if index < len(defaults) else 0.0
    meaning = f"{knob.meaning}: {part.replace('_', ' ')}"
    return Knob(meaning, knob.low, knob.high, knob.unit, knob.curve, default=default, access=knob.access)


def _describe(path: str, knob: Knob) -> Json:
    """All attributes of an address except its value."""
    slots = knob.arguments or (knob,) * (len(knob.components) if knob.kind in ("vector", "event") else 1)
    numbers = [slot.kind in ("float", "int", "vector", "event") for slot in slots]
    attributes: Json = {
        "FULL_PATH": path,
        "TYPE": "".join(map(_type, slots)),
        "ACCESS": _ACCESS[knob.access],
        "DESCRIPTION": knob.meaning,
        "EXTENDED_TYPE": [slot.kind for slot in slots],
        "CRITICAL": knob.kind == "pulse",
        "REPETITION_FILTER": knob.kind not in ("pulse", "event"),
        "TAGS": [knob.kind, *(["log"] if knob.curve == "log" else []), *(["reading"] if knob.access == "r" else [])],
    }
    if any(map(_range, slots)):
        attributes["RANGE"] = [_range(slot) for slot in slots]
    if any(numbers):
        attributes["CLIPMODE"] = [_clip(slot) if number else None for slot, number in zip(slots, numbers, strict=True)]
        attributes["CURVE"] = [slot.curve for slot in slots]
    if any(slot.unit for slot in slots):
        attributes["UNIT"] = [slot.unit or None for slot in slots]
    if knob.kind == "int":
        attributes["STEP_SIZE"] = [1]
    if knob.components:
        attributes["COMPONENTS"] = list(knob.components)
    if knob.access == "rw":
        attributes["DEFAULT_VALUE"] = _listed(knob.default)
    overloads = _overloads(knob)
    if overloads:
        attributes["OVERLOADS"] = overloads
    return attributes


def _describe_signal(signal: Signal) -> Json:
    return {
        "FULL_PATH": signal.address,
        "TYPE": signal.types,
        "ACCESS": 1,
        "DESCRIPTION": signal.meaning,
        "EXTENDED_TYPE": ["event"] * len(signal.types),
        "TAGS": ["signal"],
        "CRITICAL": False,
        "REPETITION_FILTER": False,
    }


def _type(knob: Knob) -> str:
    """The type of one argument."""
    match knob.kind:
        case "int":
            return "i"
        case "switch":
            return "T"
        case "pulse":
            return "I"
        case "choice" | "text":
            return "s"
        case _:
            return "f"


def _range(knob: Knob) -> Json | None:
    if knob.kind == "choice":
        return {"VALS": list(knob.choices)} if knob.choices else None
    limits = {"MIN": knob.low, "MAX": knob.high}
    return {name: limit for name, limit in limits.items() if limit is not None} or None


def _clip(knob: Knob) -> str:
    if knob.low is not None and knob.high is not None:
        return "both"
    if knob.low is not None:
        return "low"
    return "none" if knob.high is None else "high"


def _overloads(knob: Knob) -> list[Json]:
    """Alternative argument types."""
    match knob.kind:
        case "switch":
            return [{"TYPE": "i", "RANGE": [{"VALS": [0, 1]}]}, {"TYPE": "f"}]
        case "pulse":
            return [{"TYPE": tags} for tags in ("N", "T", "i")]
        case "choice" if knob.choices:
            return [{"TYPE": "i", "RANGE": [{"MIN": 0, "MAX": len(knob.choices) - 1}]}]
        case "event" if knob.optional:
            types = "".join(map(_type, knob.arguments))
            return [{"TYPE": types[: len(types) - missing]} for missing in range(1, knob.optional + 1)]
        case "float" | "int" if knob.access == "rw":
            return [{"TYPE": _type(knob) + "f", "DESCRIPTION": "the value, and a glide in seconds"}]
        case _:
            return []


def _listed(value: Value) -> list[Any]:
    parts = list(value) if isinstance(value, tuple) else [value]
    return [None if isinstance(part, float) and not math.isfinite(part) else part for part in parts]
