"""`arabesque export PATCH --for PROGRAM`: writes controls of a patch for another program."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

from live.commands.play import DEFAULT_PATCH, port
from live.engine.engine import Engine
from live.engine.options import Options
from live.export import max, pd, stage_control, touchdesigner, touchosc
from live.export.controls import groups
from live.http.oscquery import OscQueryNamespace
from live.parameters.tree import Tree
from live.patch import PatchError, find, load
from live.transport.clock import VirtualClock

log = logging.getLogger(__name__)

PROGRAMS = {
    "pd": (".pd", "a patch for Pure Data (vanilla, 0.51 and later)"),
    "max": (".maxpat", "a patcher for Max (8 and later)"),
    "touchosc": (".tosc", "a layout for TouchOSC (of 2021 and later)"),
    "open-stage-control": (".json", "a session for Open Stage Control (1.x)"),
    "touchdesigner": (".tsv", "a table for TouchDesigner, and a script that makes operators from it"),
    "oscquery-json": (".oscquery.json", "the OSCQuery description, for programs that read it from a file"),
}
"""The programs: the suffix of each file, and its description."""


def main(argv: list[str]) -> int:
    """Writes one file; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="arabesque export",
        description="Writes controls for every parameter of a patch, with range and unit, for another program.",
        epilog="\n".join(f"  {name:20} {what}" for name, (_, what) in PROGRAMS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("patch", nargs="?", default=DEFAULT_PATCH, help="a Python file or the name of a patch (default: %(default)s)")
    add("--for", required=True, choices=tuple(PROGRAMS), dest="program", help="the program that will control it")
    add("--out", type=Path, metavar="FILE", help="output file (default: PATCH with the program's suffix; - prints)")
    add("--host", default="127.0.0.1", help="where the engine will run (default: %(default)s)")
    add("--port", type=port, default=9000, metavar="N", help="the UDP port it listens on (default: %(default)s)")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="arabesque: %(message)s", stream=sys.stderr)
    try:
        path = find(given.patch)
        engine = Engine(load(path), VirtualClock(), Options(midi="silent", osc=None, watch=False))
        engine.open()
    except PatchError as error:
        log.error("%s", error)
        return 1
    out = given.out or Path(path.stem + PROGRAMS[given.program][0])
    try:
        files = contents(given.program, engine.tree, given.host, given.port, out.name)
    finally:
        engine.close()
    if str(out) == "-":
        sys.stdout.buffer.write(next(iter(files.values())))
        return 0
    try:
        for ending, data in files.items():
            to = out.with_name(out.stem + ending) if ending else out
            if to.resolve() == path.resolve():
                log.error("%s is the patch itself: choose another file with --out", to)
                return 1
            to.write_bytes(data)
    except OSError as error:
        log.error("%s: %s", out, error.strerror)
        return 1
    log.info("%s: %s", out, PROGRAMS[given.program][1])
    return 0


def contents(program: str, tree: Tree, host: str, port: int, name: str) -> dict[str, bytes]:
    """The files for a program by the suffix of their names; "" is the main file.

    Raises KeyError for one that is not in PROGRAMS.
    """
    found = groups(tree)
    match program:
        case "pd":
            return {"": pd.patch(found, host, port).encode()}
        case "max":
            return {"": max.patcher(found, host, port).encode()}
        case "touchosc":
            return {"": touchosc.layout(found)}
        case "open-stage-control":
            return {"": stage_control.session(found, host, port).encode()}
        case "touchdesigner":
            script = touchdesigner.script(host, port, name)
            return {"": touchdesigner.table(found).encode(), "_touchdesigner.py": script.encode()}
        case "oscquery-json":
            return {"": json.dumps(OscQueryNamespace(tree).describe("/"), indent=2, ensure_ascii=False).encode()}
    raise KeyError(program)
