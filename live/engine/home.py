"""Returns the parameters to what the patch says, after hands, messages or a fader box have moved them away."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from live.engine.patch_follower import PatchFollower
from live.parameters.parameter import Parameter
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from models.base import KnobError

ENGINE: Final = ("clock", "mapping")
"""Rooms of the engine whose parameters return with the whole patch. Presets, cues, MIDI maps and the window's size and
place stay as they are."""
ALONE: Final = (
    *("/midi/silence", "/engine/blackout", "/window/feedback/amount"),
    *("/window/moved", "/window/hud", "/window/address", "/window/help"),
)


class Home:
    """`/engine/home [NODE]`: every parameter of a node, or of the whole patch, as the patch gives it."""

    def __init__(
        self, tree: Tree, follower: PatchFollower, seed: int | None, settings: Sequence[tuple[str, str]] = ()
    ) -> None:
        self._tree = tree
        self._follower = follower
        self._seed = seed
        self._settings = settings

    def begin_again(self) -> None:
        """Sets everything to what it was at the start: as the patch says, then as the command line does."""
        self.go()
        for address, value in self._settings:
            with suppress(AddressError, KnobError):  # each was reported at the start
                self._tree.write(address, value.split(","))

    def go(self, node: str = "") -> None:
        """Sets the parameters at one instant; a node that had failed is started again. Raises KnobError."""
        patch = self._follower.patch
        places = _places(patch)
        if node and node not in places:
            raise KnobError(f"/engine/home: the patch has no {node!r}; it has {', '.join(places)}")
        rooms = [node] if node else [*places, *ENGINE]
        with self._tree.batch():
            for room in rooms:
                self._return_room(room, patch)
            for address in () if node else ALONE:
                if address in self._tree:
                    self._tree.set(address, self._tree.knob(address).default)
            if not node:
                self._tree.set("/clock/tempo", patch.tempo)

    def _return_room(self, room: str, patch: Patch) -> None:
        parameters = [one for one in self._tree.leaves(room) if one.knob.access == "rw" and _stores(one)]
        # A parameter that sets others comes first, so that the value of the patch for one of those wins.
        for one in sorted(parameters, key=lambda one: one.knob.sets is None):
            value = one.knob.default
            if one.address == f"/{room}/seed" and room in patch.nodes:
                value = patch.seed_of(room, self._seed)
            if one.end is not None or one.value != value:
                with suppress(AddressError, KnobError):  # it has just been removed, or another leads the clock
                    self._tree.set(one.address, value)
        if room in patch.nodes and self._tree.get(f"/{room}/state") == "failed":
            self._tree.set(f"/{room}/reset", True)


def _places(patch: Patch) -> list[str]:
    """Nodes, piano rolls and cameras."""
    cameras = [node.camera.name for node in patch.nodes.values() if node.camera is not None]
    return list(dict.fromkeys([*patch.nodes, *patch.rolls, *cameras]))


def _stores(parameter: Parameter) -> bool:
    return parameter.knob.kind not in ("pulse", "event")
