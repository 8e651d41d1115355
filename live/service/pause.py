"""`python -m live.service.pause NAME`: waits before a start, longer with each recent crash.

For a systemd older than 254, whose own pauses cannot grow: its unit runs this before the show.
"""

from __future__ import annotations

import sys
import threading

from live.service.installation import Installation
from live.service.restart import Pauses
from live.transport.clock import Clock


def pause_s(crashes: int, pauses: Pauses | None = None) -> float:
    """How long to wait after so many crashes in ten minutes, less the pause that systemd has made already."""
    pauses = pauses or Pauses()
    return pauses.after(crashes - 1) - pauses.first_s if crashes > 0 else 0.0


def main(argv: list[str]) -> int:
    """Waits for the show of the name in `argv`."""
    clock, wake = Clock(), threading.Condition()
    until_s = clock.now() + pause_s(Installation(argv[0], clock).recent_crashes())
    with wake:
        while clock.now() < until_s:
            clock.wait(until_s, wake)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
