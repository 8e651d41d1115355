"""A performer's keys on the short way: from the listener process to the sender processes, past the engine.

A datagram over loopback says that a key was struck, so that a sender can stop the notes of nodes that give way, however
busy the engine is. The same key reaches the engine as every message does. A random word, which the engine passes from
the sender to the listener, keeps other programs of this machine out.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
from typing import NamedTuple

LOOPBACK = "127.0.0.1"
LARGEST = 1024


class StruckKey(NamedTuple):
    """When a key was struck on the clock, the plain name of its device, and its channel 1..16."""

    at_s: float
    device: str
    channel: int


class KeyReceiver:
    """The sender's end. Raises OSError where no socket can be opened."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._word = secrets.token_hex(8)

    @property
    def address(self) -> str:
        """Port and word, for `KeySender.set_addresses`."""
        return f"{self._socket.getsockname()[1]} {self._word}"

    def receive(self) -> StruckKey | None:
        """Waits for a datagram; None for one that is none of ours. Raises OSError once it is closed."""
        data = self._socket.recv(LARGEST)
        try:
            word, at_s, device, channel = json.loads(data)
            if secrets.compare_digest(str(word), self._word):
                return StruckKey(float(at_s), str(device), int(channel))
        except (ValueError, TypeError, RecursionError):
            pass
        return None

    def close(self) -> None:
        self._socket.close()


class KeySender:
    """The listener's end: passes each key on to all addresses; never raises and never waits."""

    def __init__(self) -> None:
        self._addresses: list[tuple[int, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def set_addresses(self, text: str) -> None:
        """Takes `PORT WORD`, any number of them, separated by spaces."""
        parts = text.split()
        with contextlib.suppress(ValueError):
            self._addresses = [(int(port), word) for port, word in zip(parts[::2], parts[1::2], strict=True)]

    def send(self, key: StruckKey) -> None:
        """Passes a key on, from any thread."""
        for port, word in self._addresses:
            with contextlib.suppress(OSError, OverflowError):
                self._socket.sendto(json.dumps([word, *key]).encode(), (LOOPBACK, port))

    def close(self) -> None:
        self._socket.close()
