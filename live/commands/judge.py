"""`arabesque judge MODEL …`: measures the weights of a model."""

from __future__ import annotations

import importlib
import sys

JUDGES = {"piano": "models.performance_rnn.judge"}


def main(argv: list[str]) -> int:
    """Passes the arguments to the model's measuring command; returns its exit status."""
    if not argv or argv[0] not in JUDGES:
        wanted = ", ".join(JUDGES)
        sys.stderr.write(
            f"usage: arabesque judge MODEL …\n\nMODEL is one of: {wanted} (arabesque judge MODEL --help)\n"
        )
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    status: int = importlib.import_module(JUDGES[argv[0]]).main(argv[1:])
    return status
