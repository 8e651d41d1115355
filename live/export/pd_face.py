"""The window of one group in Pure Data: a row for each control, without cords."""

from __future__ import annotations

from live.export.controls import ControlGroup, ExportControl
from live.export.pd_file import CHARACTER, HEADING, PAPER, PdCanvas

ROW, HEAD, COLUMN, LONGEST = 24, 40, 460, 28
"""Heights of a row and of the heading, width of a column, and most rows per column."""
LABEL, FADER, BOX, UNIT = 12, 170, 328, 388
FADER_WIDTH = 150
MOST_CELLS = 9
"""Most choices of a radio; a choice of more is typed by name."""


def face(group: ControlGroup) -> PdCanvas:
    """The controls of a group, labelled, each with its unit, in columns."""
    rows = sum(_rows(control) for control in group.controls)
    columns = -(-rows // LONGEST)
    tallest = -(-rows // columns) + 1
    canvas = PdCanvas(group.name, (COLUMN * columns, HEAD + ROW * tallest + 12))
    canvas.panel(0, 0, canvas.size, PAPER)
    canvas.panel(0, 0, (COLUMN * columns, HEAD - 8), HEADING, group.name)
    column, row = 0, 0
    for control in group.controls:
        if row + _rows(control) > tallest:
            column, row = column + 1, 0
        _row(canvas, COLUMN * column, HEAD + ROW * row, control)
        row += _rows(control)
    return canvas


def _rows(control: ExportControl) -> int:
    return 2 if control.kind == "choice" and len(control.knob.choices) > 1 else 1


def _row(canvas: PdCanvas, x: int, y: int, control: ExportControl) -> None:
    knob, ways = control.knob, (control.address, f"{control.address}/show")
    canvas.comment(x + LABEL, y, _cut(control.name, FADER - LABEL), 40)
    span = control.low, control.high
    match control.kind:
        case "fader":
            canvas.fader(x + FADER, y + 1, span, control.log, ways, FADER_WIDTH)
            canvas.number_box(x + BOX, y, span, ways)
        case "number":
            bounded = knob.low is not None and knob.high is not None
            canvas.number_box(x + FADER, y, span if bounded else (0.0, 0.0), ways, 12)
        case "switch":
            canvas.toggle(x + FADER, y + 1, ways)
        case "button":
            canvas.button(x + FADER, y + 1, (control.address, "empty"))  # otherwise it would send what it receives
        case "choice":
            _choice(canvas, x, y, control, ways)
        case "text":
            canvas.text_box(x + FADER, y, ways, 34)
        case "reading" if knob.kind in ("float", "int", "switch"):
            canvas.number_box(x + FADER, y, (0.0, 0.0), ("empty", ways[1]), 12)
        case "reading":
            canvas.text_box(x + FADER, y, ("empty", ways[1]), 38)
    if knob.unit:
        canvas.comment(x + UNIT, y, knob.unit, 20)


def _choice(canvas: PdCanvas, x: int, y: int, control: ExportControl, ways: tuple[str, str]) -> None:
    choices = control.knob.choices
    if 1 < len(choices) <= MOST_CELLS:
        canvas.radio(x + FADER, y + 1, len(choices), (control.address, f"{control.address}/index"))
        canvas.text_box(x + BOX, y, ways, 16)
    else:
        canvas.text_box(x + FADER, y, ways, 34)
    if len(choices) > 1:
        canvas.comment(x + FADER, y + 19, _cut(", ".join(choices), COLUMN - FADER), 60)


def _cut(text: str, width: int) -> str:
    room = int(width / CHARACTER)
    return text if len(text) <= room else f"{text[: room - 1]}…"
