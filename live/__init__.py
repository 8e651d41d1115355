"""Arabesque: a real-time engine for creative coding with neural models.

The names that a patch needs are available here; each is imported at its first use, so that the helper processes for
MIDI start quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from live.midi import Keys as Keys
    from live.midi import Midi as Midi
    from live.patch import Node as Node
    from live.patch import Patch as Patch
    from live.show.mapping import follow as follow
    from live.video import Roll as Roll
    from live.video import Window as Window
    from live.video.camera import Camera as Camera

_HOME = {
    "Camera": "live.video.camera",
    "Keys": "live.midi",
    "Midi": "live.midi",
    "Node": "live.patch",
    "Patch": "live.patch",
    "Roll": "live.video",
    "Window": "live.video",
    "follow": "live.show.mapping",
}

__all__ = ["Camera", "Keys", "Midi", "Node", "Patch", "Roll", "Window", "follow"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'live' has no attribute {name!r}")
