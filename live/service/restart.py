"""When a supervisor starts a show again: at once after the first end, then after growing pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WATCHDOG_S: Final = 20.0
"""A show that has given no sign of life for so long is ended and started again."""
START_WITHIN_S: Final = 300.0
"""How long a start may take, models that compile themselves included."""
STOP_WITHIN_S: Final = 10.0
"""How long an orderly end may take."""
ABORT_WITHIN_S: Final = 5.0
"""How long a show that hangs has to write where it hangs, before it is killed."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Pauses before a start, in seconds: from `first_s`, in `steps` equal ratios, to `longest_s`.

    systemd's RestartSec, RestartSteps and RestartMaxDelaySec mean the same.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    steps: int = 6

    def after(self, restarts: int) -> float:
        """The pause before the next start, after so many starts since the last long run."""
        ratio: float = (self.longest_s / self.first_s) ** (1.0 / self.steps)
        return float(min(self.longest_s, self.first_s * ratio ** min(restarts, self.steps)))


class RestartCounter:
    """Counts restarts; a run of ten minutes or more begins a new count."""

    FORGIVEN_S: Final = 600.0

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses
        self._count = 0

    def pause_after(self, lasted_s: float) -> float:
        """The pause after a run that lasted so long."""
        if lasted_s >= self.FORGIVEN_S:
            self._count = 0
        pause_s = self._pauses.after(self._count)
        self._count += 1
        return pause_s
