"""Where pictures with the camera in them may go: one switch for files, programs, pages and streams.

The camera's layers are left out of every picture that may not have them: it is drawn without, never cropped or blurred.
"""

from __future__ import annotations

from typing import Final, Literal

from live.net.own_addresses import machine_addresses
from live.parameters.tree import Tree
from live.parameters.writer import current_writer
from models.base import Knob, KnobError, Value

Reach = Literal["asked", "machine", "network"]
"""Where a picture goes: to the file that the command line names (--record-video), to files, programs and pages of this
machine, or to others of the network.
"""
PRIVACY: Final = "/engine/privacy"
LEVELS: Final = ("strict", "local", "off")


class Privacy:
    """Declares `/engine/privacy`. Another machine can make it stricter, and not less strict."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._level = "local"
        meaning = (
            "Where pictures with the camera in them may go: strict nowhere but to the window, local to files and "
            "programs of this machine that ask for them, off also to other machines. --record-video always has them"
        )
        tree.add(PRIVACY, Knob(meaning, kind="choice", choices=LEVELS, default=self._level), self._follow)

    def shows_camera(self, reach: Reach) -> bool:
        """Whether a picture that goes there may have the camera in it now."""
        return reach == "asked" or self._level == "off" or (self._level == "local" and reach == "machine")

    def _follow(self, value: Value) -> None:
        level, writer = str(value), current_writer()
        looser = LEVELS.index(level) > LEVELS.index(self._level)
        if looser and writer is not None and not _is_here(writer.peer[0].split()[-1]):
            self._tree.publish(PRIVACY, self._level)
            raise KnobError(f"{PRIVACY} can only be loosened on the machine itself; it stays {self._level}")
        self._level = level


def _is_here(host: str) -> bool:
    return host.startswith("127.") or host == "::1" or host in machine_addresses()
