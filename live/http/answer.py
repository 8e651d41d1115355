"""An answer to a request, made by a part of the engine that knows nothing of HTTP's library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, content type (with its parameters) and body."""

    status: int
    content_type: str
    body: bytes


Answers = Mapping[str, Callable[[], Answer]]
"""What answers at each path, such as `/health`. Called on threads that may wait."""
