"""`arabesque osc [PATCH]`: prints every OSC address of a patch, from the declarations."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Literal

from live.commands.play import DEFAULT_PATCH

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Runs the command; returns 0, or 1 if the patch cannot be loaded."""
    parser = argparse.ArgumentParser(
        prog="arabesque osc",
        description="Prints every OSC address of a patch: type, range, unit, default, meaning.",
    )
    parser.add_argument(
        "patch",
        nargs="?",
        default=DEFAULT_PATCH,
        help="a Python file or the name of a patch (default: %(default)s)",
    )
    parser.add_argument("--form", choices=("text", "markdown", "json"), default="text", help="default: %(default)s")
    given = parser.parse_args(argv)
    return address_table(given.patch, given.form)


def address_table(patch: str, form: Literal["text", "markdown", "json"]) -> int:
    """Prints the addresses of a patch, from its declarations, without opening any port."""
    # These modules import torch, so they are imported only after the command line was parsed.
    from live.engine.engine import Engine
    from live.engine.options import Options
    from live.osc.reference import table
    from live.patch import PatchError, find, load
    from live.transport.clock import VirtualClock

    try:
        path = find(patch)
        engine = Engine(load(path), VirtualClock(), Options(midi="silent", osc=None))
        engine.open()
    except PatchError as error:
        log.error("%s", error)
        return 1
    sys.stdout.write(table(engine.tree, form) + "\n")
    engine.close()
    return 0
