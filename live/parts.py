"""Which parts an engine has beside its nodes, in the order in which they are opened and called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.desk import Part
from live.tempo import Tempo

if TYPE_CHECKING:
    from live.engine import Engine


def parts_of(engine: Engine) -> list[Part]:
    """The parts, made and not yet opened."""
    return [
        Tempo(engine.tree, engine.clock, engine.desk.wake),
    ]
