"""Follows the file of a patch while it plays: what changed is done, what stayed goes on playing."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from live.patch import Change, Node, PatchError, diff, load
from models.base import Model

if TYPE_CHECKING:
    from live.engine.engine import Engine

log = logging.getLogger(__name__)


class Reloader:
    """Brings an engine to what its patch file says now; on any error the last good patch goes on playing."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path
        self._reloading = threading.Lock()

    def watch(self, stop: threading.Event) -> None:
        """Reloads whenever the file is saved, until it is told to stop."""
        from watchfiles import watch

        path = self.path.resolve()
        # The folder is watched, since most editors put a new file in the place of the old one.
        for touched in watch(path.parent, stop_event=stop, recursive=False, rust_timeout=500):
            if any(Path(name) == path for _, name in touched):
                self.reload()

    def reload(self) -> bool:
        """Loads the file and does what changed; False where it could not be, which is told."""
        engine = self.engine
        with self._reloading:
            try:
                new = load(self.path)
                changes = diff(engine.patch, new)
                fresh = {c.node for c in changes if c.do in ("add", "weights")}
                models = {name: model_of(name, new.nodes[name], self.path) for name in fresh}
            except PatchError as error:
                engine.fail(str(error))
                return False
            if engine.session is not None:
                engine.session.patched(new)
            engine.patch = new
            for change in changes:
                self._apply(change, models)
            engine.control_thread.follow(new)
            engine.tree.publish("/engine/state", "playing")
            log.info("%s: loaded again, %d change%s", self.path, len(changes), "s" * (len(changes) != 1))
            return True

    def _apply(self, change: Change, models: dict[str, Model]) -> None:
        engine = self.engine
        if engine.session is not None:
            engine.session.follows(change, models.get(change.node))
        match change.do:
            case "tempo":
                engine.tree.set("/clock/tempo", change.value)
            case "remove":
                engine.remove(change.node)
            case "add":
                engine.add(change.node, models[change.node], start=not engine.clock.virtual)
            case "weights":
                engine.runners[change.node].swap(models[change.node])
            case "out":
                engine.routing.connect(engine.runners[change.node], engine.patch.nodes[change.node])
            case "source":
                engine.see(change.node)
            case "window":
                engine.stage.set_window(change.value)
            case "rolls":
                engine.routing.show(change.value, engine.runners.values())
            case "set":
                engine.give(f"/{change.node}/{change.knob}", change.value)
            case "mapping":
                pass  # the control thread's mappings follow the patch as a whole, once all nodes are there


def model_of(name: str, node: Node, patch: Path | None) -> Model:
    """A node's model with its weights, which may lie beside the patch. Raises PatchError."""
    beside = patch.parent / node.weights if patch is not None else None
    weights = str(beside) if beside is not None and beside.is_file() else node.weights
    try:
        return node.model.load(weights, node.device)
    except Exception as error:
        raise PatchError(f"{name}: {error}") from error
