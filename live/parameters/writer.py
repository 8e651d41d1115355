"""The peer that caused the current write, available to everything that the write calls on its thread."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

Peer = tuple[str, int]
"""A program on the network: IP address and port; for a connection with the transport in front, "tcp 192.168.1.7"."""


def performer_of(peer: Peer) -> str:
    """The performer whose pens and keys a peer moves: the connection, or over UDP the machine.

    Many programs open a new UDP port for each message; with one performer per port, strokes would be split and keys
    would never be released.
    """
    host, port = peer
    return f"{host}:{port}" if " " in host else host


class Writer:
    """A peer, and the arguments that it sent to each address, before clipping."""

    __slots__ = ("asked", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.asked: dict[str, tuple[Any, ...]] = {}


_WRITER: ContextVar[Writer | None] = ContextVar("writer", default=None)


class on_behalf_of:  # a class, since a generator would cost OSC a fifth of its rate
    """A context in which `current_writer` is this writer, for work that it caused, perhaps on another thread."""

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


def current_writer() -> Writer | None:
    """The writer whose message this thread is processing; None if no peer is the cause."""
    return _WRITER.get()
