"""For TouchDesigner: a table of all addresses for a Table DAT, and a script that creates the operators for it."""

from __future__ import annotations

from collections.abc import Sequence

from live.export.controls import ControlGroup, ExportControl

HEAD = ("address", "kind", "types", "min", "max", "default", "unit", "curve", "choices", "access", "meaning")

SCRIPT = '''"""Makes the operators that control an Arabesque engine from this component, and reads its values.

In TouchDesigner: put this text and the table into the same folder, then run it once in a Text DAT inside a
component (right click, Run Script). It makes a Table DAT of the addresses, a CHOP with one channel for each
number, an OSC Out DAT that sends a channel when it changes, and an OSC In DAT that receives from the engine.
"""

HOST, PORT, RECEIVE = {host!r}, {port}, 9001
TABLE = {table!r}

here = me.parent()
table = here.op("addresses") or here.create(tableDAT, "addresses")
table.par.file, table.par.syncfile = TABLE, True
table.par.loadonstartpulse.pulse()

out = here.op("osc_out") or here.create(oscoutDAT, "osc_out")
out.par.address, out.par.port = HOST, PORT

received = here.op("osc_in") or here.create(oscinDAT, "osc_in")
received.par.port, received.par.active = RECEIVE, True

values = here.op("values") or here.create(constantCHOP, "values")
rows = [row for row in range(1, table.numRows) if table[row, "kind"] in ("fader", "number", "switch")]
for index, row in enumerate(rows):
    setattr(values.par, f"const{{index}}name", table[row, "address"].val[1:])
    setattr(values.par, f"const{{index}}value", float(table[row, "default"].val or 0))

changed = here.op("on_change") or here.create(chopexecuteDAT, "on_change")
changed.par.chop, changed.par.valuechange = "values", True
changed.text = (
    "def onValueChange(channel, sampleIndex, val, prev):\\n"
    "    op('osc_out').sendOSC('/' + channel.name, [val])\\n"
)
out.sendOSC("/subscribe", [RECEIVE])
out.sendOSC("/get", [RECEIVE, "//"])
'''


def table(groups: Sequence[ControlGroup]) -> str:
    """All controls, one per line, with fields separated by tabs."""
    rows = [HEAD, *(_row(control) for group in groups for control in group.controls)]
    return "\n".join("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row) for row in rows) + "\n"


def script(host: str, port: int, table: str) -> str:
    """The script to run once, for an engine at host and port and a table in a file of this name."""
    return SCRIPT.format(host=host, port=port, table=table)


def _row(control: ExportControl) -> tuple[str, ...]:
    knob = control.knob
    types = "i" if knob.kind in ("int", "switch", "pulse") else "s" if knob.kind in ("choice", "text") else "f"
    return (
        control.address,
        control.kind,
        types,
        "" if knob.low is None else f"{knob.low:g}",
        "" if knob.high is None else f"{knob.high:g}",
        _say(control),
        knob.unit,
        knob.curve,
        ", ".join(knob.choices),
        knob.access,
        knob.meaning,
    )


def _say(control: ExportControl) -> str:
    if control.kind in ("button", "reading"):
        return ""
    return f"{float(control.value):g}" if isinstance(control.value, int | float) else str(control.value)
