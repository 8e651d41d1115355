"""A Max patcher that controls a running engine: a subpatcher of dials, toggles and menus for each group.

A patcher is JSON; boxes have ids, and patchlines refer to two boxes with outlet and inlet.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from live.export.controls import ControlGroup, ExportControl

OUT, IN = "arabesque-out", "arabesque-in"
RECEIVE_PORT = 9001
"""The port on which the patcher receives; Max sends from another one."""
WIDE, TALL, ACROSS = 110, 62, 8
"""Size of the cell of one control, and number of cells per row."""
FLOATS_PER_UNIT = 9
"""Max's number for a custom unit style."""

Json = dict[str, Any]


class MaxPatcher:
    """Boxes and patchlines; each method adds one and returns its id."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._boxes: list[Json] = []
        self._lines: list[Json] = []

    def box(self, maxclass: str, place: Sequence[float], ins: int, outs: int, **more: Any) -> str:
        """A box at x, y, width, height; with `face=` also in the presentation."""
        name = f"obj-{len(self._boxes) + 1}"
        face = more.pop("face", None)
        shown = {"presentation": 1, "presentation_rect": list(face)} if face else {}
        made = {"id": name, "maxclass": maxclass, "numinlets": ins, "numoutlets": outs, "patching_rect": list(place)}
        self._boxes.append({"box": {**made, "outlettype": [""] * outs, **shown, **more}})
        return name

    def obj(self, x: float, y: float, text: str, ins: int = 1, outs: int = 1, **more: Any) -> str:
        """An object box."""
        return self.box("newobj", (x, y, max(60, 7 * len(text[:60])), 22), ins, outs, text=text, **more)

    def message(self, x: float, y: float, text: str) -> str:
        """A message box."""
        return self.box("message", (x, y, max(40, 7 * len(text)), 22), 2, 1, text=text)

    def line(self, source: str, target: str, outlet: int = 0) -> str:
        """A patchline to the first inlet; returns the target."""
        self._lines.append({"patchline": {"source": [source, outlet], "destination": [target, 0]}})
        return target

    def whole(self) -> Json:
        """The whole patcher as JSON."""
        width, height = self._size
        return {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [80.0, 80.0, float(width), float(height)],
            "openinpresentation": 1,
            "boxes": self._boxes,
            "lines": self._lines,
        }


def patcher(groups: Sequence[ControlGroup], host: str, port: int) -> str:
    """The text of a .maxpat file for these groups and an engine at host and port."""
    main = MaxPatcher((640, 150 + 30 * len(groups)))
    main.box(
        "comment",
        (20, 15, 400, 24),
        1,
        0,
        text=f"Arabesque: engine at {host}, UDP port {port}",
        fontsize=16.0,
        face=(20, 15, 500, 24),
    )
    send = main.obj(20, 240, f"udpsend {host} {port}", outs=0)
    main.line(main.obj(200, 210, f"r {OUT}", 0), send)
    start = main.obj(20, 60, "loadbang")
    ask = main.box("button", (20, 90, 24, 24), 1, 1, face=(20, 55, 24, 24))
    main.box("comment", (50, 92, 300, 20), 1, 0, text="subscribe, and request all values", face=(50, 57, 300, 20))
    main.line(start, ask)
    subscribe = main.message(20, 130, f"/subscribe {RECEIVE_PORT}")
    values = main.message(200, 130, f"/get {RECEIVE_PORT} //")
    for request in (subscribe, values):
        main.line(main.line(ask, request), send)
    received = main.obj(20, 290, f"udpreceive {RECEIVE_PORT}")
    main.line(received, main.obj(20, 320, f"s {IN}", outs=0))
    for index, group in enumerate(groups):
        y = 95 + 30 * index
        main.obj(400, y, f"p {group.name}", 0, 0, patcher=_inside(group).whole(), face=(20, y, 160, 22))
    return json.dumps({"patcher": main.whole()}, indent=1, ensure_ascii=False)


def _inside(group: ControlGroup) -> MaxPatcher:
    rows = -(-len(group.controls) // ACROSS)
    p = MaxPatcher((ACROSS * WIDE + 40, rows * TALL + 60))
    p.box("comment", (20, 8, 300, 24), 1, 0, text=group.name, fontsize=16.0, face=(16, 8, 300, 24))
    out = p.obj(20, 200 + TALL * rows * 3, f"s {OUT}", outs=0)
    parts: dict[str, list[tuple[int, ExportControl]]] = {}
    for place, control in enumerate(group.controls):
        parts.setdefault(control.whole or control.address, []).append((place, control))
    route = p.obj(20, 70, f"route {' '.join(parts)}", outs=len(parts) + 1)
    p.line(p.obj(20, 40, f"r {IN}", 0), route)
    for outlet, (address, controls) in enumerate(parts.items()):
        split = ""
        if controls[0][1].whole:
            split = p.line(
                route,
                p.obj(20 + 120 * outlet, 100, f"unpack {' '.join(['0.'] * len(controls))}", outs=len(controls)),
                outlet,
            )
        for number, (place, control) in enumerate(controls):
            shown = p.obj(20 + WIDE * (place % ACROSS), 140 + TALL * 3 * (place // ACROSS), _shows(control))
            p.line(split or route, shown, number if split else outlet)
            _control(p, place, control, shown, out)
        del address
    return p


def _shows(control: ExportControl) -> str:
    return "prepend setsymbol" if control.kind == "choice" and control.knob.choices else "prepend set"


def _control(p: MaxPatcher, place: int, control: ExportControl, shown: str, out: str) -> None:
    """The control, the objects that show the engine's value on it, and those that send its value to the engine."""
    x, y = 20 + WIDE * (place % ACROSS), 170 + TALL * 3 * (place // ACROSS)
    left, top = 16 + WIDE * (place % ACROSS), 40 + TALL * (place // ACROSS)
    if control.kind == "fader":
        made, source = p.box("live.dial", (x, y, 44, 48), 1, 2, **_dial(control), face=(left, top, WIDE - 12, 48)), 0
    else:
        p.box("comment", (x, y - 18, WIDE, 18), 1, 0, text=control.name, fontsize=10.0, face=(left, top, WIDE - 6, 18))
        made, source = _other(p, control, (x, y), (left, top + 20))
    p.line(shown, made)
    if control.kind == "button":
        p.line(p.line(made, p.message(x, y + 60, control.address)), out)
    elif control.kind != "reading":
        sent = p.obj(x, y + 60, f"prepend {control.address}")
        if control.kind == "text" or (control.kind == "choice" and not control.knob.choices):
            p.line(p.line(made, p.obj(x, y + 35, "route text", outs=2)), sent)
        else:
            p.line(made, sent, source)
        p.line(sent, out)


def _other(
    p: MaxPatcher, control: ExportControl, at: tuple[float, float], face: tuple[float, float]
) -> tuple[str, int]:
    knob = control.knob
    (x, y), (left, top) = at, face
    match control.kind:
        case "switch":
            return p.box("toggle", (x, y, 24, 24), 1, 1, parameter_enable=0, face=(left, top, 22, 22)), 0
        case "button":
            return p.box("button", (x, y, 24, 24), 1, 1, parameter_enable=0, face=(left, top, 22, 22)), 0
        case "choice" if knob.choices:
            items = [part for choice in knob.choices for part in (choice, ",")][:-1]
            menu = {"items": items, "parameter_enable": 0}
            return p.box("umenu", (x, y, 90, 22), 1, 3, **menu, face=(left, top, WIDE - 12, 22)), 1
        case "number":
            limits = {} if knob.low is None or knob.high is None else {"minimum": knob.low, "maximum": knob.high}
            kind = "number" if knob.kind == "int" else "flonum"
            return p.box(kind, (x, y, 80, 22), 1, 2, **limits, parameter_enable=0, face=(left, top, WIDE - 12, 22)), 0
        case "reading" if knob.kind in ("float", "int", "switch"):
            shown = {"ignoreclick": 1, "parameter_enable": 0}
            return p.box("flonum", (x, y, 80, 22), 1, 2, **shown, face=(left, top, WIDE - 12, 22)), 0
        case _:
            fixed = {"ignoreclick": 1} if control.kind == "reading" else {"keymode": 1}
            return p.box("textedit", (x, y, 90, 22), 1, 4, **fixed, face=(left, top, WIDE - 12, 22)), 0


def _dial(control: ExportControl) -> Json:
    knob = control.knob
    values: Json = {
        "parameter_longname": control.address,
        "parameter_shortname": control.name,
        "parameter_type": 0,
        "parameter_mmin": control.low,
        "parameter_mmax": control.high,
        "parameter_exponent": _exponent(control),
        "parameter_unitstyle": 0 if knob.kind == "int" else FLOATS_PER_UNIT,
    }
    if knob.kind != "int":
        values["parameter_units"] = f"%.3g {knob.unit.replace('%', '%%')}".strip()
    return {"parameter_enable": 1, "varname": control.address, "saved_attribute_attributes": {"valueof": values}}


def _exponent(control: ExportControl) -> float:
    """The exponent of a power curve with the geometric mean in its middle, since Max's dials have no log scale."""
    if not control.log:
        return 1.0
    middle = (math.sqrt(control.low * control.high) - control.low) / (control.high - control.low)
    return round(math.log(middle) / math.log(0.5), 4)
