"""Commands that each model implements itself, such as `arabesque train piano` and `arabesque judge piano`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping


def run(command: str, modules: Mapping[str, str], argv: list[str]) -> int:
    """Passes the arguments after the model's name to `main` of its module; returns its exit status.

    `modules` has the module of each model. Without a known model the usage is printed; the status is then 2, or 0
    after `--help`.
    """
    if not argv or argv[0] not in modules:
        sys.stderr.write(
            f"usage: arabesque {command} MODEL …\n\n"
            f"MODEL is one of: {', '.join(modules)} (arabesque {command} MODEL --help)\n"
        )
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    status: int = importlib.import_module(modules[argv[0]]).main(argv[1:])
    return status
