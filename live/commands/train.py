"""`arabesque train MODEL …`: runs the training command of a model."""

from __future__ import annotations

import importlib
import sys

TRAINERS = {
    "piano": "models.performance_rnn.train",
    "sketch": "models.sketch_rnn.train",
    "style": "models.style_transfer.train",
}


def main(argv: list[str]) -> int:
    """Passes the arguments to the model's training command; returns its exit status."""
    if not argv or argv[0] not in TRAINERS:
        wanted = ", ".join(TRAINERS)
        sys.stderr.write(
            f"usage: arabesque train MODEL …\n\nMODEL is one of: {wanted} (arabesque train MODEL --help)\n"
        )
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    status: int = importlib.import_module(TRAINERS[argv[0]]).main(argv[1:])
    return status
