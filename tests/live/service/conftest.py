"""The folder of a service, and a socket that receives the supervisor's messages."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from live.service.notify import SOCKET, WATCHDOG, Notifier


class Ears:
    """The supervisor's end of the socket: what the show has said, message by message."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._socket.setblocking(False)

    def notifier(self, watchdog_s: float = 20.0, **environment: str) -> Notifier:
        return Notifier({SOCKET: self.address, WATCHDOG: str(int(watchdog_s * 1e6)), **environment})

    def heard(self) -> list[list[str]]:
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(65536).decode().split("\n"))
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    made = Ears(tmp_path)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_supervisor_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that runs the tests is not spoken to."""
    for name in (SOCKET, WATCHDOG):
        if name in os.environ:
            monkeypatch.delenv(name)
