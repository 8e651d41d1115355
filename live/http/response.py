"""An HTTP response of another part of the engine, independent of the HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Response:
    """Status, content type (with its parameters) and body."""

    status: int
    content_type: str
    body: bytes


Responders = Mapping[str, Callable[[], Response]]
"""The function that answers at each path, such as `/health`; called on threads that may wait."""
