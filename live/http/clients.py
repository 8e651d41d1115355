"""WebSocket clients and the addresses they listen to: passes changes from any thread to the sending loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from live.osc.encode import message, typed_message
from live.osc.output import OscOutput
from live.osc.send_queue import SendQueue
from live.osc.subscriptions import Peer
from live.parameters.tree import AddressError, Tree

MAX_SIGNALS: Final = 2_000
"""Most signals, such as notes, that wait for one client; beyond that the oldest is dropped."""
MAX_ANSWERS: Final = 2_000
"""Most answers that wait for one client; beyond that it is disconnected."""


class WebSocketClient:
    """One WebSocket client and its waiting messages: of each value only the newest, and all signals in order.

    `wake` is called from any thread when the first message waits.
    """

    def __init__(self, peer: Peer, tree: Tree, wake: Callable[[], None]) -> None:
        self.peer = peer
        self.tree = tree
        self.wake = wake
        self.queue = SendQueue(MAX_SIGNALS)
        self.lost = False
        """Whether too many answers wait, so that the client is to be disconnected."""
        self._answers: deque[bytes] = deque()
        self._last: dict[str, bytes] = {}

    def answer(self, packet: bytes) -> None:
        """Queues an answer to a message of the client; on the OSC thread."""
        self._answers.append(packet)
        self.lost |= len(self._answers) > MAX_ANSWERS
        self.wake()

    def take(self) -> Iterator[bytes]:
        """Removes and returns all waiting packets, without values that the client already has; on the loop."""
        for _ in range(len(self._answers)):
            yield self._answers.popleft()
        for one in self.queue.take():
            if not one.is_value:
                yield self._signal(one.address, one.arguments)
                continue
            try:
                packet = typed_message(one.address, self.tree.knob(one.address), self.tree.get(one.address))
            except AddressError:  # the node was removed meanwhile
                continue
            if one.anew or self._last.get(one.address) != packet:
                self._last[one.address] = packet
                yield packet

    def _signal(self, address: str, arguments: tuple[Any, ...]) -> bytes:
        if address in self.tree and self.tree.knob(address).kind == "pulse":
            return typed_message(address, self.tree.knob(address), True)
        return message(address, *arguments)


class WebSocketClients:
    """All clients, and the addresses that each listens to; a watcher of the tree."""

    def __init__(self, tree: Tree, out: OscOutput) -> None:
        self.tree = tree
        self._out = out
        self._all: dict[Peer, WebSocketClient] = {}
        self._wanted: dict[str, tuple[tuple[WebSocketClient, str], ...]] = {}
        tree.watchers.append(self.watch)

    def __len__(self) -> int:
        return len(self._all)

    def join(self, client: WebSocketClient) -> None:
        """Adds a client, which receives nothing until it listens to an address."""
        self._all[client.peer] = client

    def leave(self, client: WebSocketClient) -> None:
        """Removes a client."""
        self._all.pop(client.peer, None)
        for address in list(self._wanted):
            self._drop(address, lambda entry: entry[0] is client)

    def listen(self, client: WebSocketClient, path: str) -> None:
        """Sends the value of an address, and every change from now on. Raises AddressError for an unknown address.

        The client keeps listening when the address is removed, and receives its value when it is added again.
        """
        if path not in self.tree and path not in self.tree.signals:
            near = ", ".join(self.tree.near(path))
            raise AddressError(f"no address {path[:200]}" + (f"; similar: {near}" if near else ""))
        owner = self._owner(path)
        entry = (client, path)
        if entry not in self._wanted.get(owner, ()):
            self._wanted[owner] = (*self._wanted.get(owner, ()), entry)
        self._send_value(client, path)

    def ignore(self, client: WebSocketClient, path: str) -> None:
        """Stops listening to an address."""
        for owner in (path, path.rpartition("/")[0]):
            self._drop(owner, lambda entry: entry == (client, path))

    def refresh(self, paths: frozenset[str]) -> None:
        """Sends the values of newly added addresses to the clients that listen to them."""
        for path in paths:
            for client, wanted in self._wanted.get(path, ()):
                self._send_value(client, wanted)

    def watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        """The watcher of the tree: queues a change for the listening clients; never waits."""
        wanted = self._wanted.get(address)
        if not wanted:
            return
        one = self._out.publication(address, arguments)
        for client, path in wanted:
            if client.peer != one.except_to and client.queue.put(replace(one, address=path)):
                client.wake()

    def _send_value(self, client: WebSocketClient, path: str) -> None:
        if path not in self.tree or "r" not in self.tree.knob(path).access:
            return
        one = self._out.publication(path, ())
        if one.is_value:
            client.queue.put(replace(one, anew=True))
            client.wake()

    def _owner(self, path: str) -> str:
        """The address under which the tree publishes changes: for a component that of its vector."""
        parent, _, part = path.rpartition("/")
        return parent if parent in self.tree and part in self.tree.knob(parent).components else path

    def _drop(self, address: str, unwanted: Callable[[tuple[WebSocketClient, str]], bool]) -> None:
        left = tuple(entry for entry in self._wanted.get(address, ()) if not unwanted(entry))
        if left:
            self._wanted[address] = left
        else:
            self._wanted.pop(address, None)
