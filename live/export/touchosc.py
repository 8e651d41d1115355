"""A layout for TouchOSC (the one of 2021 and later): a page for each group, a fader, button or radio for each control.

A .tosc file is XML compressed by zlib: nodes with typed properties, values and messages. The format is not published;
this file follows files saved by the program. Texts and choices with too many values for a radio are omitted.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from live.export.controls import ControlGroup, ExportControl

WIDTH, HEIGHT, TAB, ROW = 1024, 768, 44, 46
ACROSS = 3
MOST_STEPS = 12
"""Most choices of a radio."""
GROUND, FADER = (0.09, 0.1, 0.11, 1.0), (0.36, 0.58, 0.6, 1.0)
SWITCH, TEXT = (0.85, 0.62, 0.3, 1.0), (0.9, 0.9, 0.86, 1.0)
_SPACE = uuid.UUID("6f5b0f9e-5d0f-4c05-9f0d-7f6f1f0c8a11")
"""A fixed namespace, so that the same patch gives the same file."""

Properties = Mapping[str, tuple[str, object]]


def layout(groups: Sequence[ControlGroup]) -> bytes:
    """The bytes of a .tosc file. Host and port are set in TouchOSC under Connections."""
    root = Element("lexml", version="3")
    whole = _node(root, "GROUP", "arabesque", (0, 0, WIDTH, HEIGHT), {"color": ("c", GROUND)})
    pager = _node(
        whole,
        "PAGER",
        "groups",
        (0, 0, WIDTH, HEIGHT),
        {"color": ("c", GROUND), "tabLabels": ("b", 1), "tabbar": ("b", 1), "tabbarSize": ("i", TAB)},
        {"page": "0"},
    )
    for group in groups:
        _page(pager, group)
    text = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return zlib.compress(text)


def shown(group: ControlGroup) -> list[ExportControl]:
    """The controls of a group that are in the layout."""
    return [control for control in group.controls if _fits(control)]


def _fits(control: ExportControl) -> bool:
    if control.kind == "choice":
        return 1 < len(control.knob.choices) <= MOST_STEPS
    return control.kind in ("fader", "switch", "button")


def _page(pager: Element, group: ControlGroup) -> None:
    page = _node(
        pager,
        "GROUP",
        group.name,
        (0, TAB, WIDTH, HEIGHT - TAB),
        {
            "color": ("c", GROUND),
            "tabLabel": ("s", group.name),
            "tabColorOff": ("c", GROUND),
            "tabColorOn": ("c", FADER),
            "textColorOff": ("c", TEXT),
            "textColorOn": ("c", TEXT),
        },
    )
    controls = shown(group)
    rows = max(1, -(-len(controls) // ACROSS))
    tall = min(ROW, (HEIGHT - TAB - 8) // rows)
    wide = WIDTH // ACROSS
    for place, control in enumerate(controls):
        x, y = wide * (place // rows) + 8, tall * (place % rows) + 4
        label = {
            "color": ("c", GROUND),
            "outline": ("b", 0),
            "textColor": ("c", TEXT),
            "textSize": ("i", 13),
            "textAlignH": ("i", 1),
            "interactive": ("b", 0),
        }
        _node(page, "LABEL", f"{control.address} label", (x, y, 140, tall - 6), label, {"text": control.name})
        _control(page, control, (x + 144, y, wide - 160, tall - 6))


def _control(page: Element, control: ExportControl, frame: tuple[int, int, int, int]) -> None:
    low, high = control.low, control.high
    x, y, wide, tall = frame
    match control.kind:
        case "fader":
            part = (float(control.value) - low) / (high - low) if isinstance(control.value, int | float) else 0.0
            made = _node(
                page,
                "FADER",
                control.address,
                frame,
                {"color": ("c", FADER), "orientation": ("i", 1), "response": ("i", 1)},
                {"x": f"{min(1.0, max(0.0, part)):.6g}"},
            )
            _message(made, control.address, (low, high), "INTEGER" if control.knob.kind == "int" else "FLOAT")
        case "choice":
            steps = len(control.knob.choices)
            more = {"color": ("c", SWITCH), "orientation": ("i", 1), "steps": ("i", steps), "radioType": ("i", 0)}
            made = _node(page, "RADIO", control.address, frame, more, {"x": "0"})
            _message(made, control.address, (0.0, 1.0), "INTEGER")
        case _:
            toggles = control.kind == "switch"
            more = {"color": ("c", SWITCH), "buttonType": ("i", 1 if toggles else 0), "press": ("b", 1)}
            more["release"] = ("b", int(toggles))
            begins = str(int(bool(control.value))) if toggles else "0"
            made = _node(page, "BUTTON", control.address, (x, y, min(wide, 2 * tall), tall), more, {"x": begins})
            _message(made, control.address, (0.0, 1.0), "INTEGER", "ANY" if toggles else "RISE")


def _node(
    parent: Element,
    kind: str,
    name: str,
    frame: tuple[int, int, int, int],
    properties: Properties,
    values: Mapping[str, str] | None = None,
) -> Element:
    """Adds a node to its parent, which is the root or another node."""
    if parent.tag == "node":
        children = parent.find("children")
        parent = children if children is not None else SubElement(parent, "children")
    node = SubElement(parent, "node", ID=str(uuid.uuid5(_SPACE, f"{kind} {name}")), type=kind)
    all_of_it = {"name": ("s", name), "frame": ("r", frame), "visible": ("b", 1), "background": ("b", 1), **properties}
    listed = SubElement(node, "properties")
    for key, (type_, value) in sorted(all_of_it.items()):
        prop = SubElement(listed, "property", type=type_)
        SubElement(prop, "key").text = key
        given = SubElement(prop, "value")
        if isinstance(value, tuple):
            for part, number in zip("xywh" if type_ == "r" else "rgba", value, strict=True):
                SubElement(given, part).text = f"{number:g}"
        else:
            given.text = str(value)
    kept = SubElement(node, "values")
    for key, begins in {"touch": "false", **(values or {})}.items():
        value = SubElement(kept, "value")
        SubElement(value, "key").text = key
        for flag in ("locked", "lockedDefaultCurrent"):
            SubElement(value, flag).text = "0"
        SubElement(value, "default").text = begins
        SubElement(value, "defaultPull").text = "0"
    return node


def _message(node: Element, address: str, span: tuple[float, float], conversion: str, when: str = "ANY") -> None:
    """Adds the message that a node sends and receives: its value x, scaled to the span, at one address."""
    osc = SubElement(SubElement(node, "messages"), "osc")
    for flag, value in (("enabled", 1), ("send", 1), ("receive", 1), ("feedback", 0)):
        SubElement(osc, flag).text = str(value)
    SubElement(osc, "connections").text = "00001"
    trigger = SubElement(SubElement(osc, "triggers"), "trigger")
    SubElement(trigger, "var").text = "x"
    SubElement(trigger, "condition").text = when
    _partial(SubElement(osc, "path"), "CONSTANT", "STRING", address, (0.0, 1.0))
    _partial(SubElement(osc, "arguments"), "VALUE", conversion, "x", span)


def _partial(parent: Element, kind: str, conversion: str, value: str, span: tuple[float, float]) -> None:
    partial = SubElement(parent, "partial")
    for key, text in (("type", kind), ("conversion", conversion), ("value", value)):
        SubElement(partial, key).text = text
    SubElement(partial, "scaleMin").text = f"{span[0]:g}"
    SubElement(partial, "scaleMax").text = f"{span[1]:g}"
