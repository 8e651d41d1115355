"""How an engine was started as an installation: its folder, its supervisor, and what is done without."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from live.nodes.loading import load_model
from live.patch import Node, Patch, PatchError, load
from live.service.installation import Installation, Start
from live.service.notify import Notifier
from live.video.camera import Camera
from models.base import FromFile, Model

log = logging.getLogger(__name__)

TRY_AGAIN: Final = 75
"""Exit status (EX_TEMPFAIL) of an engine that ends in order to be started again: no crash."""


@dataclass(slots=True)
class Supervision:
    """Without an `installation` only the notifier and the name are used: any supervisor may start a show."""

    show: str = "arabesque"
    notifier: Notifier = field(default_factory=lambda: Notifier(os.environ))
    installation: Installation | None = None
    start: Start = Start()  # noqa: RUF009
    troubles: dict[str, str] = field(default_factory=dict)
    """What this start does without, or has replaced: a sentence for the patch, for the start, for a node's weights."""

    def load_patch(self, path: Path) -> Patch:
        """The patch of a file. An installation falls back to the last good text, and in a safe start begins with that,
        without cameras. Raises PatchError.
        """
        good = self.installation.good_patch() if self.installation is not None else None
        if self.start.safe:
            what = "the test picture in place of the camera" + (", the last good patch" if good is not None else "")
            self._note("start", f"safe start after {self.start.crashes} crashes: {what}")
            return without_cameras(load(path, good))
        try:
            return load(path)
        except PatchError as error:
            if good is None:
                raise
            self._note("patch", f"the last good patch plays, since {error}")
            return load(path, good)

    def load_model(self, name: str, node: Node, path: Path | None) -> Model:
        """A node's model; an installation falls back to the kept copy of its weights. Raises PatchError."""
        try:
            return load_model(name, node, path)
        except PatchError as error:
            copy = self.installation.good_weights(name) if self.installation is not None else None
            if copy is None:
                raise
            model = node.model.load(str(copy), node.device)
            self._note(f"weights {name}", f"a kept copy of the weights plays, since {error}")
            return model

    def ended(self) -> None:
        """The engine ends since it was asked to: that is no crash, also where the end takes too long and is forced."""
        if self.installation is not None:
            self.installation.end()

    def patch_loaded(self) -> None:
        """The file of the patch was loaded while the engine runs: what plays is that, cameras included."""
        self.troubles = {key: sentence for key, sentence in self.troubles.items() if key not in ("patch", "start")}

    def keep(self, patch: Patch, models: Mapping[str, Model]) -> None:
        """Keeps what plays well as the last good patch and weights; reads and writes files.

        Nothing is kept of a start that has replaced something.
        """
        if self.installation is None or self.troubles:
            return
        files = {name: model.file for name, model in models.items() if isinstance(model, FromFile) and model.file}
        self.installation.keep(patch.text, files)

    def _note(self, key: str, sentence: str) -> None:
        log.warning("%s", sentence)
        self.troubles[key] = sentence


def without_cameras(patch: Patch) -> Patch:
    """The same patch with the test picture in the place of every camera."""
    for node in patch.nodes.values():
        if node.camera is not None:
            node.source = node.camera = _test(node.camera)
    return patch


def _test(camera: Camera) -> Camera:
    return replace(camera, source="test")
