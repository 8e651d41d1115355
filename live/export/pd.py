"""A Pure Data patch that controls a running engine: vanilla objects only, a window of controls for each node.

Every control sends and receives under its OSC address as a name, so that other patches can use it without cords:
`[s /piano/temperature]` moves it, `[r /piano/temperature/is]` gets its value, `[r /piano/note]` gets notes.
"""

from __future__ import annotations

from collections.abc import Sequence

from live.export.controls import ControlGroup, ExportControl
from live.export.pd_face import face
from live.export.pd_file import HEADING, PAPER, PdCanvas
from live.export.pd_wires import OUT, inlet, wires

ASK_MS = 3000
"""Interval at which the subscription is renewed, so that a restarted engine is found again."""
BEATS_MISSED = 3


def patch(groups: Sequence[ControlGroup], host: str, port: int) -> str:
    """The text of a .pd file for these groups and an engine at host and port."""
    main = PdCanvas(size=(620, 290 + 28 * ((len(groups) + 3) // 4)))
    main.panel(0, 0, main.size, PAPER)
    main.panel(0, 0, (620, 44), HEADING, "Arabesque", 20)
    main.panel(340, 12, (270, 24), HEADING, f"engine: {host}, UDP port {port}", 12)
    main.comment(12, 58, "answers", 10)
    main.toggle(80, 59, ("empty", "arabesque-answers"))
    main.comment(110, 58, "connect again", 12)
    main.button(190, 59, ("arabesque-ask", "empty"))
    known = {control.address for group in groups for control in group.controls}
    if "/midi/panic" in known:
        main.comment(240, 58, "panic", 10)
        main.button(290, 55, ("/midi/panic", "empty"), 24)
    if "/engine/blackout" in known:
        main.comment(340, 58, "blackout", 10)
        main.fader(410, 59, (0.0, 1.0), False, ("/engine/blackout", "/engine/blackout/show"), 180)
    main.comment(12, 92, "error", 10)
    main.text_box(80, 92, ("empty", "arabesque-error"), 72)
    main.comment(12, 124, "Each box holds one group of controls: click to open it.", 70)
    for index, group in enumerate(groups):
        canvas = face(group)
        canvas.inside(8, canvas.size[1] + 40, wires(group))
        main.inside(12 + 150 * (index % 4), 148 + 28 * (index // 4), canvas)
    below = 160 + 28 * ((len(groups) + 3) // 4)
    main.comment(12, below, _example(groups), 78)
    main.comment(12, below + 36, _signals(groups), 78)
    main.inside(12, below + 76, _connection(groups, host, port))
    return main.text() + "\n"


def _example(groups: Sequence[ControlGroup]) -> str:
    first: ExportControl = groups[0].controls[0]
    return f"In your own patch: [s {first.address}] sets it, [r {first.address}/is] receives its value"


def _signals(groups: Sequence[ControlGroup]) -> str:
    names = [f"[r {signal.address}]" for group in groups for signal in group.signals]
    return f"Signals: {', '.join(names[:6])}" if names else ""


def _connection(groups: Sequence[ControlGroup], host: str, port: int) -> PdCanvas:
    """The connection to the engine, which subscribes to everything, and again after the engine was restarted."""
    c = PdCanvas("connection", (640, 460))
    net = c.obj(10, 330, "netsend", "-u", "-b")
    out = c.obj(200, 20, "r", OUT)
    c.chain(out, c.obj(200, 45, "list", "prepend", "send"), c.obj(200, 70, "list", "trim"), net)

    # Every few seconds: connects if necessary, then subscribes.
    loaded, start, beat = c.obj(10, 20, "loadbang"), c.message(80, 20, "1"), c.obj(10, 45, "metro", str(ASK_MS))
    asked, turn = c.obj(110, 45, "r", "arabesque-ask"), c.obj(10, 70, "t", "b", "b")
    closed = c.obj(80, 100, "spigot", "1")
    c.chain(loaded, start, beat, turn)
    c.cord(asked, turn)
    c.cord(turn, closed, outlet=1)
    c.chain(closed, c.message(80, 130, f"connect {host} {port}"), net)
    c.chain(turn, c.obj(10, 160, "delay", "50"), c.obj(10, 190, "oscformat", "subscribe"), c.obj(10, 220, "s", OUT))
    lost = c.cord(net, c.obj(10, 360, "==", "0"))
    c.cord(lost, closed, inlet=1)

    received = c.chain(c.cord(net, c.obj(150, 360, "oscparse"), outlet=1), c.obj(230, 360, "list", "trim"))
    rooms = c.cord(received, c.obj(150, 390, "route", *(group.name for group in groups), "subscribed", "error"))
    for index, group in enumerate(groups):
        c.cord(rooms, c.obj(150 + 110 * (index % 4), 420 + 25 * (index // 4), "s", inlet(group)), outlet=index)

    # At the first answer, and after an interruption, all values are requested.
    there, state = c.obj(320, 130, "t", "b", "b"), c.obj(320, 240, "change")
    gone, back = c.obj(400, 160, "delay", str(ASK_MS * BEATS_MISSED)), c.message(400, 190, "0")
    c.cord(rooms, there, outlet=len(groups))
    c.cord(there, gone, outlet=1)
    c.chain(gone, back, state)
    c.chain(there, c.message(320, 190, "1"), state, c.obj(320, 270, "s", "arabesque-answers"))
    first, all_values = c.obj(420, 240, "sel", "1"), c.message(420, 270, "symbol //")
    c.chain(state, first, all_values, c.obj(420, 300, "oscformat", "get"), c.obj(420, 330, "s", OUT))

    error, sentence = c.obj(320, 300, "unpack", "s", "s"), c.obj(320, 330, "list", "prepend", "set")
    c.cord(rooms, error, outlet=len(groups) + 1)
    c.cord(error, sentence, outlet=1)
    c.chain(sentence, c.obj(320, 355, "list", "trim"), c.obj(320, 380, "s", "arabesque-error"))
    return c
