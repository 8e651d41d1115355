"""`arabesque export PATCH --for PROGRAM`: material for an artist's own program, from the declarations."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from live.clock import VirtualClock
from live.engine import Engine
from live.export import pd
from live.export.controls import groups
from live.options import Options
from live.patch import PatchError, find, load
from live.tree import Tree

log = logging.getLogger(__name__)

PROGRAMS = {
    "pd": (".pd", "a patch for Pure Data (vanilla)"),
}
"""What there is to export for: the ending of its files, and what they are."""


def main(argv: list[str]) -> int:
    """Writes one file; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="arabesque export",
        description="Writes what controls a patch from another program: every parameter with its range and unit.",
        epilog="\n".join(f"  {name:20} {what}" for name, (_, what) in PROGRAMS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("patch", nargs="?", default="duo", help="a Python file or the name of a patch (default: %(default)s)")
    add("--for", required=True, choices=tuple(PROGRAMS), dest="program", help="the program that will control it")
    add("--out", type=Path, metavar="FILE", help="where to write (default: PATCH with the program's ending; - prints)")
    add("--host", default="127.0.0.1", help="where the engine will run (default: %(default)s)")
    add("--port", type=int, default=9000, metavar="N", help="the UDP port it listens on (default: %(default)s)")
    given = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="arabesque: %(message)s", stream=sys.stderr)
    try:
        path = find(given.patch)
        engine = Engine(load(path), VirtualClock(), Options(midi="silent", osc=None, watch=False))
        engine.open()
    except PatchError as error:
        log.error("%s", error)
        return 1
    try:
        data = content(given.program, engine.tree, given.host, given.port)
    finally:
        engine.close()
    if given.out == Path("-"):
        sys.stdout.buffer.write(data)
        return 0
    out = given.out or Path(path.stem + PROGRAMS[given.program][0])
    try:
        out.write_bytes(data)
    except OSError as error:
        log.error("%s: %s", out, error.strerror)
        return 1
    log.info("%s: %s", out, PROGRAMS[given.program][1])
    return 0


def content(program: str, tree: Tree, host: str, port: int) -> bytes:
    """The file for a program. Raises KeyError for one that is not in PROGRAMS."""
    found = groups(tree)
    match program:
        case "pd":
            return pd.patch(found, host, port).encode()
    raise KeyError(program)
