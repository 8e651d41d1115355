"""What the services of one engine have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from live.parameters.tree import Tree
from live.system.disk import DiskThread
from live.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """The engine's address space and time, the control thread's `wake`, and where errors and files go."""

    tree: Tree
    clock: Clock
    wake: Callable[[], None]
    """Has the control thread call all services soon."""
    fail: Callable[[str], None]
    """Reports an error, one sentence, to the log, the window and `/engine/error`."""
    disk: DiskThread = field(default_factory=lambda: DiskThread(inline=True))
