"""`/engine/keeps`: the sentences that say which pictures and drawings are kept and sent, for the control page."""

from __future__ import annotations

from typing import Final

from live.engine.options import Options
from live.http.stage_picture import page_reach
from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock
from live.video.privacy import PRIVACY
from models.base import Knob

KEEPS: Final = "/engine/keeps"
LOOK_S: Final = 1.0
SENTENCES: Final = {
    "strict": "Pictures of the camera are shown in the window and go nowhere else.",
    "local": "Pictures of the camera stay on this machine; files have them only where somebody asks for one.",
    "off": "Pictures of the camera may be written to files and sent to other machines.",
}


class Keeps:
    """The service that publishes the sentences when something about them changes."""

    def __init__(self, tree: Tree, clock: Clock, options: Options) -> None:
        self._tree = tree
        self._clock = clock
        self._options = options
        self._published = ""

    def open(self) -> None:
        """Declares the address."""
        self._tree.add(KEEPS, Knob("What is kept of pictures and drawings", kind="text", default="", access="r"))

    def follow(self, patch: Patch) -> None:
        """Nothing depends on the patch."""

    def advance(self, now_s: float) -> float:
        """Publishes the sentences if they have changed."""
        text = " ".join(self._sentences())
        if text != self._published:
            self._published = text
            self._tree.publish(KEEPS, text)
        return now_s + LOOK_S

    def close(self) -> None:
        """Nothing to close."""

    def _sentences(self) -> list[str]:
        level = str(self._tree.get(PRIVACY))
        said = [SENTENCES[level]]
        if level == "local" and page_reach(self._options.http) == "network":
            said.append("This page shows the stage without them.")
        sending = self._text("/window/sending")
        if self._options.record_video is not None and self._text("/window/record") == "True":
            said.append(f"A film with all pictures is being recorded, as the command line asks: {sending}.")
        elif sending:
            said.append(f"The stage goes to {sending}{', without the camera' if level == 'strict' else ''}.")
        if self._options.session is not None:
            said.append("The performance is recorded, without pictures.")
        if self._text("/visitors/on") == "True":
            kept = self._text("/visitors/drawings") == "keep"
            most = f"{float(self._text('/visitors/keep_mb')):g}"
            said.append(f"Drawings of visitors are {f'kept, at most {most} MB' if kept else 'thrown away'}.")
        return said

    def _text(self, address: str) -> str:
        return str(self._tree.get(address)) if address in self._tree else ""
