"""Who writes to the tree: known to everything that a write calls, on the thread that writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Peer = tuple[str, int]
"""A program on the network: IP address and port; for a connection the transport is in front, "tcp 192.168.1.7"."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A peer, and the arguments that it asked for at each address, before they were clipped."""

    peer: Peer
    asked: dict[str, tuple[Any, ...]] = field(default_factory=dict)


_WRITER: ContextVar[Writer | None] = ContextVar("writer", default=None)


@contextmanager
def writing(peer: Peer) -> Iterator[Writer]:
    """While a peer's message is acted on, `current_writer` gives this Writer on this thread."""
    writer = Writer(peer)
    with on_behalf_of(writer):
        yield writer


@contextmanager
def on_behalf_of(writer: Writer | None) -> Iterator[None]:
    """While this thread does what a writer has caused, perhaps on another thread."""
    before = _WRITER.set(writer)
    try:
        yield
    finally:
        _WRITER.reset(before)


def current_writer() -> Writer | None:
    """The peer whose message this thread acts on; None for everything that this machine does by itself."""
    return _WRITER.get()
