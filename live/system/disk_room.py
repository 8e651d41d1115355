"""Whether a disk has room: recording and saving stop before it is full, so that the system and the show go on."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Final

RESERVE: Final = 200_000_000
"""Bytes that are left free on a large disk."""
SHARE: Final = 0.05
"""The part of a small disk that is left free."""
AGAIN: Final = 2.0
"""So many times the reserve must be free before recording begins again: else it would begin and end all the time."""
CHECK_EVERY_S: Final = 5.0
"""How often a recording looks at its disk."""


class NoRoomError(OSError):
    """The disk is full, or nearly."""


def room_left(folder: Path, *, again: bool = False) -> bool:
    """Whether the disk of a folder has more room than the reserve, or `again` enough to begin anew after it had not.

    Asks the file system, so not for a thread that plays. A folder that cannot be asked counts as one with room: what
    is then written tells what is wrong.
    """
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return True
    return not is_low(usage.free / AGAIN if again else usage.free, usage.total)


def is_low(free: float, total: int) -> bool:
    """Whether so many free bytes of a disk of that size are less than the reserve."""
    return free < min(RESERVE, SHARE * total)


def require_room(folder: Path, *, again: bool = False) -> None:
    """Raises NoRoomError where there is none."""
    if not room_left(folder, again=again):
        raise NoRoomError(errno.ENOSPC, "the disk is full, or nearly")


def is_full(error: OSError) -> bool:
    """Whether an error says that the disk is full, or the user's quota of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
