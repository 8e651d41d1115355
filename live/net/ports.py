"""Ports that were not asked for by number: the usual one, or the next that is free."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final, TypeVar

Opened = TypeVar("Opened")
TRIES: Final = 20
"""How many ports are tried."""


def open_free(usual: int, wanted: int | None, opens: Callable[[int], Opened]) -> Opened:
    """What `opens` returns for the wanted port, or without one for the first free port from the usual one on.

    Raises OSError where none is free.
    """
    if wanted is not None:
        return opens(wanted)
    for port in range(usual, usual + TRIES):
        try:
            return opens(port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, f"the ports {usual} to {usual + TRIES - 1} are taken")
