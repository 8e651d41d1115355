"""The command line: `arabesque COMMAND …`, and `arabesque [PATCH] …`, which plays."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

MODULES: dict[str, str] = {
    "play": "live.commands.play",
    "devices": "live.commands.devices",
    "osc": "live.commands.osc",
    "replay": "live.commands.replay",
    "render": "live.commands.render",
    "export": "live.commands.export",
    "train": "live.commands.train",
    "sketch": "live.commands.sketch",
    "style": "live.commands.style",
    "judge": "live.commands.judge",
    "service": "live.commands.service",
    "schedule": "live.commands.schedule",
    "weights": "live.commands.weights",
    "bench": "live.commands.bench",
}
"""The module whose `main(argv)` runs each subcommand."""


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0 success, 1 failure, 2 a wrong command line."""
    arguments = sys.argv[1:] if argv is None else argv
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in MODULES else ("play", arguments)
    if name == "play":  # until `play` installs its handlers: Ctrl-C during an import would print a traceback
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    command: Callable[[list[str]], int] = importlib.import_module(MODULES[name]).main
    return command(rest)


def run() -> NoReturn:
    """Runs the command of the command line, and ends the process.

    After a performance everything is closed, so it ends without Python's own clean-up: on a busy machine that takes
    seconds more, in which nothing bounds the stop.
    """
    status = main()
    if sys.argv[1:2] and sys.argv[1] in MODULES and sys.argv[1] != "play":
        sys.exit(status)
    from live.engine.stop_deadline import exit_now

    exit_now(status)


if __name__ == "__main__":
    run()
