"""The objects behind a group's window in Pure Data: convert names to OSC, and OSC to names without feedback."""

from __future__ import annotations

from itertools import groupby

from live.export.controls import ControlGroup, ExportControl
from live.export.pd_face import MOST_CELLS
from live.export.pd_file import PdCanvas

OUT = "arabesque-out"
"""The name under which OSC bytes are sent to the engine."""
WIDE, TALL = 230, 190


def inlet(group: ControlGroup) -> str:
    """The name under which a group's messages are received, without the first part of their address."""
    return f"arabesque-in-{group.name}"


def wires(group: ControlGroup) -> PdCanvas:
    """A canvas that sends the values of the group's controls, and shows those of the engine.

    Received values are shown with `set`, so that nothing is sent back, and passed on under the name ADDRESS/is.
    """
    canvas = PdCanvas("wires", (900, 600))
    parts = [list(same) for _, same in groupby(group.controls, key=lambda control: control.whole or control.address)]
    heads = [_rest(controls[0].whole or controls[0].address)[0] for controls in parts]
    known = [_rest(control.address)[0] for control in group.controls]
    signals = [signal for signal in group.signals if _rest(signal.address)[0] not in known]
    source = canvas.obj(10, 10, "r", inlet(group))
    route = canvas.cord(source, canvas.obj(10, 40, "route", *heads, *(_rest(s.address)[0] for s in signals)))
    at = 0
    for outlet, controls in enumerate(parts):
        if controls[0].whole:
            _vector(canvas, at, controls, route, outlet)
        else:
            _control(canvas, at, controls[0], route, outlet)
        at += len(controls)
    for number, signal in enumerate(signals):
        x, y = _place(at + number)
        canvas.cord(route, canvas.obj(x, y, "s", signal.address), outlet=len(parts) + number)
    return canvas


def _control(canvas: PdCanvas, at: int, control: ExportControl, route: int, outlet: int) -> None:
    """Connects one address in both directions."""
    x, y = _place(at)
    show = _out(canvas, x, y, control)
    value = canvas.obj(x + 110, y + 25, "s", f"{control.address}/is")
    canvas.cord(route, value, outlet=outlet)
    if control.kind == "button":
        return
    if _is_number(control):
        canvas.cord(route, show, outlet=outlet)
        return
    canvas.cord(route, show, outlet=outlet)
    choices = control.knob.choices
    if control.kind == "choice" and 1 < len(choices) <= MOST_CELLS:
        which = canvas.cord(route, canvas.obj(x, y + 125, "route", *choices), outlet=outlet)
        index = canvas.obj(x, y + 175, "s", f"{control.address}/index")
        for number in range(len(choices)):
            canvas.cord(canvas.cord(which, canvas.message(x + 22 * number, y + 150, f"set {number}"), number), index)


def _vector(canvas: PdCanvas, at: int, controls: list[ExportControl], route: int, outlet: int) -> None:
    """Connects a vector: received as a whole or by component, and sent by component."""
    x, y = _place(at)
    names = [control.address.rpartition("/")[2] for control in controls]
    parts = canvas.cord(route, canvas.obj(x, y - 50, "route", *names), outlet=outlet)
    whole = canvas.cord(parts, canvas.obj(x, y - 25, "unpack", *(["f"] * len(names))), outlet=len(names))
    for number, control in enumerate(controls):
        x, y = _place(at + number)
        show = _out(canvas, x, y, control)
        value = canvas.obj(x + 110, y + 25, "s", f"{control.address}/is")
        for source in (parts, whole):
            canvas.cord(source, value, outlet=number)
            canvas.cord(source, show, outlet=number)


def _out(canvas: PdCanvas, x: int, y: int, control: ExportControl) -> int:
    """Connects a control's name to OSC; returns the box that shows its input."""
    if _is_number(control):
        show = canvas.message(x, y + 75, "set $1")
        last = show
    else:
        show = canvas.obj(x, y + 75, "list", "prepend", "set")
        last = canvas.cord(show, canvas.obj(x, y + 100, "list", "trim"))
    if control.kind != "button":
        canvas.cord(last, canvas.obj(x + 110, y + 75, "s", f"{control.address}/show"))
    if control.kind == "reading":
        return show
    source = canvas.obj(x, y, "r", control.address)
    if control.kind == "button":
        source = canvas.cord(source, canvas.obj(x, y + 25, "bang"))
    elif control.knob.kind == "int":
        source = canvas.cord(source, canvas.obj(x, y + 25, "expr", "rint($f1)"))
    sent = canvas.cord(source, canvas.obj(x, y + 50, "oscformat", *control.address[1:].split("/")))
    canvas.cord(sent, canvas.obj(x + 110, y + 50, "s", OUT))
    if _is_number(control):
        canvas.cord(source, show)
    return show


def _is_number(control: ExportControl) -> bool:
    return control.knob.kind in ("float", "int", "switch", "vector")


def _rest(address: str) -> list[str]:
    return address.split("/")[2:]


def _place(at: int) -> tuple[int, int]:
    return 10 + WIDE * (at % 6), 140 + TALL * (at // 6)
