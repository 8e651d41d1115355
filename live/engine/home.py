"""Returns parameters to their values in the patch, after a person, messages or a fader box have changed them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from live.engine.options import Options
from live.engine.patch_follower import PatchFollower
from live.osc.pattern import Pattern
from live.parameters.parameter import Parameter
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from models.base import KnobError, Value

CHOSEN: Final = ("/window/kiosk", "/engine/{privacy,quality}")
SET_UP: Final = ("/window/{rotation,mirrored}", "/window/{corner,mesh,edge}//*", "/visitors//*")
KEPT: Final = tuple(map(Pattern, (*SET_UP, *CHOSEN)))
"""How projectors are set up, what another file sets, and what the staff chooses for the place. Presets, cues, mappings
and MIDI maps stay, too.
"""
STAFF: Final = "/schedule/mode"
"""With this the staff of an installation overrules its opening hours."""


class Home:
    """`/engine/home [NODE]`: every parameter as the patch gives it, with what the command line sets in addition."""

    def __init__(self, tree: Tree, follower: PatchFollower, options: Options) -> None:
        self._tree = tree
        self._follower = follower
        self._options = options
        self.others: list[Callable[[], None]] = []
        """Called when all parameters return: those of files beside the patch return themselves."""

    def begin_again(self) -> None:
        """Returns everything but what the staff has chosen: for the next visitor of an installation."""
        mode = self._tree.get(STAFF)
        with self._tree.batch():
            self._go("")
            self._tree.set(STAFF, mode)

    def go(self, node: str = "") -> None:
        """Sets the parameters at one instant; a failed node is restarted. Raises KnobError for an unknown node."""
        with self._tree.batch():
            self._go(node)
            for other in () if node else self.others:
                other()

    def _go(self, node: str) -> None:
        patch = self._follower.patch
        places = _places(patch)
        if node and node not in places:
            raise KnobError(f"/engine/home: the patch has no {node!r}; expected one of {', '.join(places)}")
        said = self._said(patch)
        with self._tree.batch():
            parameters = [one for one in self._tree.parameters(node or None) if _returns(one)]
            # Parameters that set others come first, so that the patch's own values of those override.
            for one in sorted(parameters, key=lambda one: one.knob.sets is None):
                value = said.get(one.address, one.knob.default)
                if one.end is not None or one.value != value:
                    with suppress(AddressError, KnobError):  # removed meanwhile, or the clock follows another source
                        self._tree.set(one.address, value)
            for address, text in self._options.settings:
                if node in ("", address[1:].partition("/")[0]):
                    with suppress(AddressError, KnobError):  # told at the start
                        self._tree.write(address, text.split(","))
            for name in [node] if node else patch.nodes:
                if name in patch.nodes and self._tree.get(f"/{name}/state") == "failed":
                    self._tree.set(f"/{name}/reset", True)

    def _said(self, patch: Patch) -> dict[str, Value]:
        """What the patch and the options say of parameters whose declaration does not know it."""
        said: dict[str, Value] = {f"/{name}/seed": patch.seed_of(name, self._options.seed) for name in patch.nodes}
        for name in patch.nodes:
            said |= self._followers(name, patch)
        said["/clock/tempo"] = patch.tempo
        said["/window/record"] = self._options.record_video is not None
        if patch.window is not None:
            for name in ("fullscreen", "display", "invitation"):
                said[f"/window/{name}"] = getattr(patch.window, name)
        return said


    def _followers(self, name: str, patch: Patch) -> dict[str, Value]:
        """Values that a knob in the patch sets and the patch does not give itself, such as faders by a painting."""
        given = patch.nodes[name].knobs
        parameters = {one.address[len(name) + 2 :]: one for one in self._tree.parameters(name)}
        values = {knob: given.get(knob, one.knob.default) for knob, one in parameters.items()}
        follow: dict[str, Value] = {}
        for knob in [knob for knob in given if knob in parameters]:
            if sets := parameters[knob].knob.sets:
                follow |= sets(values)
        return {f"/{name}/{knob}": value for knob, value in follow.items() if knob not in given}


def _places(patch: Patch) -> list[str]:
    """Nodes, piano rolls and cameras."""
    cameras = [node.camera.name for node in patch.nodes.values() if node.camera is not None]
    return list(dict.fromkeys([*patch.nodes, *patch.rolls, *cameras]))


def _returns(parameter: Parameter) -> bool:
    stores = parameter.knob.access == "rw" and parameter.knob.kind not in ("pulse", "event")
    return stores and not any(pattern.matches(parameter.address) for pattern in KEPT)
