"""Who writes to the tree: known to everything that a write calls, on the thread that writes."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

Peer = tuple[str, int]
"""A program on the network: IP address and port; for a connection the transport is in front, "tcp 192.168.1.7"."""


def performer_of(peer: Peer) -> str:
    """Whose pens and keys a peer moves: its own on a connection; over UDP those of its machine.

    Many programs open a new UDP port for each message: by their ports a stroke would fall apart, and a key hang.
    """
    host, port = peer
    return f"{host}:{port}" if " " in host else host


class Writer:
    """A peer, and the arguments that it asked for at each address, before they were clipped."""

    __slots__ = ("asked", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.asked: dict[str, tuple[Any, ...]] = {}


_WRITER: ContextVar[Writer | None] = ContextVar("writer", default=None)


class on_behalf_of:  # a class, since a generator would cost OSC a fifth of its rate
    """While this thread does what a writer has caused, perhaps on another thread, `current_writer` is that writer."""

    __slots__ = ("_before", "_writer")

    def __init__(self, writer: Writer | None) -> None:
        self._writer = writer
        self._before: Token[Writer | None] | None = None

    def __enter__(self) -> Writer | None:
        self._before = _WRITER.set(self._writer)
        return self._writer

    def __exit__(self, *_: object) -> None:
        assert self._before is not None
        _WRITER.reset(self._before)


def writing(peer: Peer) -> on_behalf_of:
    """While a peer's message is acted on, `current_writer` is a new Writer of this peer."""
    return on_behalf_of(Writer(peer))


def current_writer() -> Writer | None:
    """The peer whose message this thread acts on; None for everything that this machine does by itself."""
    return _WRITER.get()
