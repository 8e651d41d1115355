"""What an installation does while it is closed: it is dark and still, and lets go of its cameras."""

from __future__ import annotations

from typing import Final

from live.gallery.schedule_tables import ClosedSettings
from live.parameters.tree import AddressError, Tree
from live.video.blackout import BLACKOUT
from models.base import Value

PAUSE: Final = "/pause"
RELEASED: Final = "/released"


class Closing:
    """Sets parameters when it closes and sets them back when it opens.

    A value that a person changes meanwhile stays as that person set it: someone may be at work there at night.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.held: dict[str, Value] = {}
        """The value before, of each address that it has set."""

    def close(self, settings: ClosedSettings) -> None:
        """Sets what is not set yet, so that nodes and cameras which a reload added are closed, too."""
        wanted: list[tuple[str, Value, float]] = []
        if settings.blackout:
            wanted.append((BLACKOUT, 1.0, settings.fade_s))
        for parameter in self._tree.parameters():
            address = parameter.address
            if (settings.sound and _is(address, PAUSE)) or (settings.camera and _is(address, RELEASED)):
                wanted.append((address, True, 0.0))
        with self._tree.batch():
            for address, value, glide_s in wanted:
                if address in self._tree and address not in self.held:
                    self.held[address] = self._tree.get(address)
                    self._tree.set(address, value, glide_s)

    def open(self, fade_s: float) -> None:
        """Sets everything back as it was, except what was changed meanwhile."""
        held, self.held = self.held, {}
        with self._tree.batch():
            for address, before in held.items():
                try:
                    place = self._tree.find(address)
                    untouched = place is not None and (place.parameter.end or place.parameter.value) in (1.0, True)
                    if untouched:
                        self._tree.set(address, before, fade_s if address == BLACKOUT else 0.0)
                except AddressError:  # removed meanwhile
                    continue


def _is(address: str, name: str) -> bool:
    return address.endswith(name) and address.count("/") == 2
