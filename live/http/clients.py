"""Who listens by WebSocket to what: between the threads on which things change and the loop that sends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from live.osc.encode import message, typed_message
from live.osc.output import OscOutput, SendQueue
from live.osc.subscriptions import Peer
from live.parameters.tree import AddressError, Tree

MAX_SIGNALS: Final = 2_000
"""Signals, such as notes, that wait for one client; past that the oldest is dropped."""
MAX_ANSWERS: Final = 2_000
"""Answers that wait for one client; past that it is given up."""


class WebSocketClient:
    """One WebSocket: what it listens to, and what it is still to be told.

    Of a value only the newest waits, signals wait in order. `wake` is called from any thread when the first thing
    waits.
    """

    def __init__(self, peer: Peer, tree: Tree, wake: Callable[[], None]) -> None:
        self.peer = peer
        self.tree = tree
        self.wake = wake
        self.lane = SendQueue(MAX_SIGNALS)
        self.lost = False
        """Whether it has asked for more than it reads: to be disconnected."""
        self._answers: deque[bytes] = deque()
        self._last: dict[str, bytes] = {}

    def answer(self, packet: bytes) -> None:
        """Takes an answer to something it sent; on the OSC thread."""
        self._answers.append(packet)
        self.lost |= len(self._answers) > MAX_ANSWERS
        self.wake()

    def take(self) -> Iterator[bytes]:
        """All packets that wait; on the loop. A value that it heard last is not said again (see OscOutput)."""
        for _ in range(len(self._answers)):
            yield self._answers.popleft()
        for told in self.lane.take():
            if not told.is_value:
                yield self._signal(told.address, told.arguments)
                continue
            try:
                packet = typed_message(told.address, self.tree.knob(told.address), self.tree.get(told.address))
            except AddressError:  # its node has just been taken away
                continue
            if told.anew or self._last.get(told.address) != packet:
                self._last[told.address] = packet
                yield packet

    def _signal(self, address: str, arguments: tuple[Any, ...]) -> bytes:
        if address in self.tree and self.tree.knob(address).kind == "pulse":
            return typed_message(address, self.tree.knob(address), True)
        return message(address, *arguments)


class WebSocketClients:
    """All of them, and who of them wants to hear of which address. A watcher of the tree."""

    def __init__(self, tree: Tree, out: OscOutput) -> None:
        self.tree = tree
        self._out = out
        self._all: dict[Peer, WebSocketClient] = {}
        self._wanted: dict[str, tuple[tuple[WebSocketClient, str], ...]] = {}
        tree.watchers.append(self.watch)

    def __len__(self) -> int:
        return len(self._all)

    def join(self, client: WebSocketClient) -> None:
        """It is connected; it hears nothing until it listens."""
        self._all[client.peer] = client

    def leave(self, client: WebSocketClient) -> None:
        """It is gone."""
        self._all.pop(client.peer, None)
        for address in list(self._wanted):
            self._drop(address, lambda entry: entry[0] is client)

    def listen(self, client: WebSocketClient, path: str) -> None:
        """From now on it hears of an address, and of its value at once. Raises AddressError for one that is not there.

        What listens stays when the address goes, and hears of it again when it is back.
        """
        if path not in self.tree and path not in self.tree.signals:
            near = ", ".join(self.tree.near(path))
            raise AddressError(f"no address {path[:200]}" + (f"; near it: {near}" if near else ""))
        owner = self._owner(path)
        entry = (client, path)
        if entry not in self._wanted.get(owner, ()):
            self._wanted[owner] = (*self._wanted.get(owner, ()), entry)
        self._say(client, path)

    def ignore(self, client: WebSocketClient, path: str) -> None:
        """It does not want to hear of an address any more."""
        for owner in (path, path.rpartition("/")[0]):
            self._drop(owner, lambda entry: entry == (client, path))

    def refresh(self, paths: frozenset[str]) -> None:
        """Tells those who listen the values at addresses that have just come."""
        for path in paths:
            for client, wanted in self._wanted.get(path, ()):
                self._say(client, wanted)

    def watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        """The tree's watcher: notes what is to be told, and to whom; never waits."""
        wanted = self._wanted.get(address)
        if not wanted:
            return
        told = self._out.told(address, arguments)
        for client, path in wanted:
            if client.peer != told.except_to and client.lane.put(replace(told, address=path)):
                client.wake()

    def _say(self, client: WebSocketClient, path: str) -> None:
        if path not in self.tree or "r" not in self.tree.knob(path).access:
            return
        told = self._out.told(path, ())
        if told.is_value:
            client.lane.put(replace(told, anew=True))
            client.wake()

    def _owner(self, path: str) -> str:
        """The address under which the tree tells of a change at this one: a component's is its vector's."""
        parent, _, part = path.rpartition("/")
        return parent if parent in self.tree and part in self.tree.knob(parent).components else path

    def _drop(self, address: str, unwanted: Callable[[tuple[WebSocketClient, str]], bool]) -> None:
        left = tuple(entry for entry in self._wanted.get(address, ()) if not unwanted(entry))
        if left:
            self._wanted[address] = left
        else:
            self._wanted.pop(address, None)
