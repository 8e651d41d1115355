"""`/engine/quality`: how much a small machine is asked to do. It limits what the patch asks for; no value changes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from live.parameters.tree import Tree
from models.base import Knob

QUALITY: Final = "/engine/quality"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of each at a quality."""

    rows: int
    """Rows of the pictures that a painter works on; its governor may go lower, to its floor."""
    pictures: float
    """Pictures of a painter in a second."""
    window: float
    """Frames of the window in a second."""
    camera: float
    """Frames that a camera is asked for in a second."""


LEVELS: Final = {
    "low": Limits(240, 8.0, 15.0, 15.0),
    "medium": Limits(320, 15.0, 30.0, 30.0),
    "high": Limits(1_000_000, math.inf, math.inf, math.inf),
}


def declare_quality(tree: Tree) -> None:
    """Adds the address."""
    levels = "; ".join(
        f"{name}: painters {one.rows} rows and {one.pictures:g} pictures a second at most, the window {one.window:g} "
        f"frames a second, cameras {one.camera:g}"
        for name, one in LEVELS.items()
        if name != "high"
    )
    meaning = f"How much the machine is asked to do; {levels}; high: what the patch asks for"
    tree.add(QUALITY, Knob(meaning, kind="choice", choices=tuple(LEVELS), default="high"))


def limits(tree: Tree) -> Limits:
    """The limits now; none where the address is not declared."""
    return LEVELS[str(tree.get(QUALITY))] if QUALITY in tree else LEVELS["high"]
