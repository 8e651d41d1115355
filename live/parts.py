"""Which parts an engine has beside its nodes, in the order in which they are opened and called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live.desk import Part

if TYPE_CHECKING:
    from live.engine import Engine


def parts_of(engine: Engine) -> list[Part]:  # noqa: ARG001
    """The parts, made and not yet opened."""
    return []
