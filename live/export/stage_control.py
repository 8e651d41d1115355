"""A session of Open Stage Control: a tab for each group, a widget for each control.

The file is JSON; a widget's type, `address`, `range` and `value` follow the documentation (openstagecontrol.ammd.net,
format of version 1). Started with `--send HOST:PORT`, the program receives the engine's values on its sending port.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from live.export.controls import ControlGroup, ExportControl

Json = dict[str, Any]
WIDE, TALL, ACROSS = 90, 170, 10
"""Size of a widget in pixels, and number of widgets per row."""


def session(groups: Sequence[ControlGroup], host: str, port: int) -> str:
    """The text of a session file for these groups and an engine at host and port."""
    target = f"{host}:{port}"
    root = {
        "type": "root",
        "id": "root",
        "lang": "",
        "tabs": [_tab(group, target) for group in groups],
        # Sent when the page is loaded; answers go to the sending port.
        "onCreate": f'send("{target}", "/subscribe")\nsend("{target}", "/get", "//")',
    }
    whole = {"createdWith": "Open Stage Control", "version": "1.25.0", "type": "session", "content": root}
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _tab(group: ControlGroup, target: str) -> Json:
    widgets = []
    for place, control in enumerate(group.controls):
        label = {"id": f"{control.address} label", "type": "text", "value": control.name, "wrap": True}
        left, top = WIDE * (place % ACROSS), TALL * (place // ACROSS)
        widgets.append({**label, "left": left, "top": top, "width": WIDE - 6, "height": 34})
        placed = {"left": left, "top": top + 36, "width": WIDE - 6, "height": TALL - 46}
        widgets.append(
            {
                "id": control.address,
                "address": control.address,
                "target": [target],
                **placed,
                **_widget(control),
                "comments": control.knob.meaning,
            }
        )
    return {"type": "tab", "id": group.name, "label": group.name, "widgets": widgets}


def _widget(control: ExportControl) -> Json:
    knob = control.knob
    match control.kind:
        case "fader":
            return {
                "type": "fader",
                "range": {"min": control.low, "max": control.high},
                "logScale": control.log,
                "default": control.value,
                "decimals": 0 if knob.kind == "int" else 3,
                "steps": "" if knob.kind != "int" else round(control.high - control.low + 1),
                "doubleTap": True,
                "typeTags": "i" if knob.kind == "int" else "f",
            }
        case "switch":
            return {
                "type": "button",
                "mode": "toggle",
                "on": 1,
                "off": 0,
                "default": int(bool(control.value)),
                "typeTags": "i",
            }
        case "button":
            return {"type": "button", "mode": "tap", "on": 1, "off": 0, "typeTags": "i"}
        case "choice" if knob.choices:
            return {"type": "dropdown", "values": list(knob.choices), "default": control.value, "typeTags": "s"}
        case "reading" if knob.kind in ("float", "int"):
            return {"type": "text", "decimals": 3, "bypass": True}
        case "reading":
            return {"type": "text", "bypass": True}
        case "number":
            return {"type": "input", "numeric": True, "default": control.value, "typeTags": "f"}
        case _:
            return {"type": "input", "default": control.value, "typeTags": "s"}
