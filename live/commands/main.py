"""The command line: `arabesque COMMAND …`, and `arabesque [PATCH] …`, which plays."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from live.commands.names import COMMANDS


def main(argv: list[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0 success, 1 failure, 2 a wrong command line."""
    arguments = sys.argv[1:] if argv is None else argv
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in COMMANDS else ("play", arguments)
    command: Callable[[list[str]], int] = importlib.import_module(COMMANDS[name][0]).main
    return command(rest)


if __name__ == "__main__":
    sys.exit(main())
