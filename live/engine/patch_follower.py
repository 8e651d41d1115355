"""Applies a new version of the patch to the running engine, change by change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from live.engine.control_thread import ControlThread
from live.nodes.node_set import NodeSet
from live.nodes.routing import Routing
from live.parameters.tree import AddressError, Tree
from live.patch import Change, Patch, diff
from live.session.recorder import SessionRecorder
from live.system.sentence import describe
from live.video.stage import Stage
from models.base import KnobError, Model, Value


class PatchFollower:
    """Applies the differences between two patches to the nodes, the window, the clock and the services.

    A change that fails is reported, the others are applied, and its node is added again at the next reload.
    `give(address, value)` sets a value of the patch, and reports one out of range.
    """

    def __init__(
        self,
        patch: Patch,
        *,
        tree: Tree,
        nodes: NodeSet,
        routing: Routing,
        stage: Stage,
        control_thread: ControlThread,
        seed: int | None,
        give: Callable[[str, Any], None],
        fail: Callable[[str], None],
    ) -> None:
        self.patch = patch
        """The current patch."""
        self.session: SessionRecorder | None = None
        self._tree = tree
        self._nodes = nodes
        self._routing = routing
        self._stage = stage
        self._control_thread = control_thread
        self._seed = seed
        self._give = give
        self._fail = fail
        self._moved: dict[str, dict[str, Value]] = {}
        """Values that were changed outside the patch, of nodes that are being replaced, by address."""
        self._broken: set[str] = set()
        """Nodes for which a change failed."""

    def add(self, name: str, patch: Patch, model: Model) -> None:
        """Adds a node of a patch without starting it."""
        self._nodes.add(name, patch.nodes[name], model, patch.seed_of(name, self._seed))

    def changes_to(self, new: Patch) -> list[Change]:
        """The changes to apply; a node for which an earlier change failed is removed and added."""
        if new.seed is None:  # a fresh seed is drawn once, at the start
            new.seed = self.patch.seed
        broken = self._broken & new.nodes.keys()
        kept = [change for change in diff(self.patch, new) if change.node not in broken]
        anew = [Change(do, name) for name in sorted(broken) for do in ("remove", "add")]
        return kept + anew

    def follow(self, new: Patch, changes: list[Change], models: Mapping[str, Model]) -> None:
        """Applies these changes, with the models loaded for them; then the services apply the patch."""
        if self.session is not None:
            self.session.patched(new)
        self._broken = set()
        with self._routing.changing():
            for change in changes:
                if self.session is not None:
                    self.session.follows(change, models.get(change.node))
                try:
                    self._apply(change, new, models)
                except BaseException as error:  # a model may raise anything
                    self._fail(f"{change.node or change.do}: {describe(error)}")
                    if change.node in new.nodes:
                        self._broken.add(change.node)
        self.patch = new
        self._control_thread.follow(new)
        self._tree.publish("/engine/state", "playing")

    def _values_moved(self, name: str, new: Patch) -> dict[str, Value]:
        """The values of a node that were changed outside the patch, and whose settings in the patch did not change."""
        before, after = self.patch.nodes.get(name), new.nodes[name]
        if before is None:
            return {}
        values = {}
        for one in self._tree.parameters(name):
            knob = one.address.removeprefix(f"/{name}/")
            given = self.patch.seed_of(name, self._seed) if knob == "seed" else one.knob.default
            value = one.value if one.end is None else one.end
            unchanged = before.knobs.get(knob) == after.knobs.get(knob)
            if one.knob.access == "rw" and one.knob.kind not in ("pulse", "event") and value != given and unchanged:
                values[one.address] = value
        return values

    def _apply(self, change: Change, new: Patch, models: Mapping[str, Model]) -> None:
        name = change.node
        match change.do:
            case "tempo":
                self._tree.set("/clock/tempo", change.value)
            case "remove":
                if name in new.nodes:
                    self._moved[name] = self._values_moved(name, new)
                self._nodes.remove(name)
            case "add":
                self.add(name, new, models[name])
                for address, value in self._moved.pop(name, {}).items():
                    with suppress(AddressError, KnobError):  # the new version has no such knob, or another range
                        self._tree.set(address, value)
                self._nodes.start(name)
            case "weights":
                self._nodes[name].swap(models[name])
            case "out":
                self._nodes.connect(name, new.nodes[name])
            case "source":
                self._nodes.connect_camera(name, new.nodes[name])
            case "window":
                self._stage.set_window(change.value)
            case "rolls":
                self._routing.show(change.value, self._nodes.values())
            case "set":
                self._give(f"/{name}/{change.knob}", change.value)
            case "mapping":
                pass  # the mapping service applies the patch as a whole, after all nodes were changed
