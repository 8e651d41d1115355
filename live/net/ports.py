"""Automatic choice of a port: the usual one, or the next free one."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final, TypeVar

Opened = TypeVar("Opened")
TRIES: Final = 20
"""Number of ports that are tried."""


def open_free(usual: int, wanted: int | None, opens: Callable[[int], Opened]) -> Opened:
    """Opens the wanted port or, without one, the first free port from the usual one on; returns the result of `opens`.

    Raises OSError if none is free.
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
