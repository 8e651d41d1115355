"""OSC messages per second without loss, and their latency, compared with python-osc on the same task.

Run as a program, this file is the sending process: it reads lines `PORT RATE COUNT`, sends COUNT messages at RATE per
second to PORT, each with its sending time as its value, and prints how long that took.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from live.osc.server import OscServer
from live.osc.udp import UdpSocket
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob
from models.compute.bench_row import BenchRow

PEER: Final = "python-osc BlockingOSCUDPServer"
RATES: Final = (3_500, 5_000, 7_000, 10_000, 14_000, 20_000, 28_000, 40_000, 57_000, 80_000)
"""Rates to try, in messages per second, rising."""
ADDRESSES: Final = 40
"""Addresses in the tree, as many as a patch of three nodes has."""
TRIES: Final = 3
"""Runs per rate; one without loss is enough, since other programs of the machine may disturb a run."""
LATE_S: Final = 0.1
"""Time after the last packet in which all must be handled, so that a large buffer does not count as speed."""
GENTLY: Final = 200
"""Rate at which the latency is measured, in messages per second."""

_PACKET = b"/bench/k07\0\0,d\0\0"
"""The message without its value."""


@dataclass
class _Receiver:
    """A tree behind a server; records the age of each value when it is stored."""

    tree: Tree
    port: int = 0
    ages_s: list[float] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    expected: int = 0

    def heard(self, _: str, arguments: tuple[Any, ...]) -> None:
        self.ages_s.append(self.tree.clock.now() - arguments[0])
        if len(self.ages_s) == self.expected:
            self.arrived.set()

    def expect(self, count: int) -> None:
        self.ages_s.clear()
        self.arrived.clear()
        self.expected = count


def control_rows(seconds: float = 1.0) -> list[BenchRow]:
    """Highest rate without loss, and latency from the sender's process to the tree's value; each try takes `seconds`.

    Both sides have the same socket buffer and number of addresses, and write to their own tree; the tries alternate.
    """
    with sender() as process, _ours() as ours, _peer() as peer:
        sides = (ours, peer)
        ages = [_ages_ms(process, one, 2.0 * seconds) for one in sides]
        best = [0.0, 0.0]
        climbing = [True, True]
        for rate in RATES:
            for side, one in enumerate(sides):
                if climbing[side]:
                    reached = _reached(process, one, rate, seconds)
                    best[side] = max(best[side], reached)
                    climbing[side] = reached > 0.8 * rate  # less is the sender's own limit
    rows: list[BenchRow] = [
        {
            "name": "OSC in, highest rate without loss",
            "value": best[0],
            "unit": "messages/s",
            "ratio": best[0] / max(1.0, best[1]),
            "peer": PEER,
        }
    ]
    for part, own_ms, peer_ms in zip(("p50", "p99"), *ages, strict=True):
        name = f"OSC in, packet to value, {part}"
        rows.append({"name": name, "value": own_ms, "unit": "ms", "ratio": peer_ms / own_ms, "peer": PEER})
    return rows


def _reached(process: subprocess.Popen[str], one: _Receiver, rate: int, seconds: float) -> float:
    """The rate actually sent, if all messages arrived in time in one of the runs, otherwise 0."""
    for _ in range(TRIES):
        count = int(rate * seconds)
        one.expect(count)
        took_s = send(process, one.port, rate, count)
        if one.arrived.wait(LATE_S):
            return count / took_s
        one.arrived.wait(2.0)  # so that late messages do not fall into the next try
    return 0.0


def _ages_ms(process: subprocess.Popen[str], one: _Receiver, seconds: float) -> tuple[float, float]:
    """Median and 99th percentile of the time from the sender to the stored value."""
    count = int(GENTLY * seconds)
    one.expect(count)
    send(process, one.port, GENTLY, count)
    one.arrived.wait(5.0)
    ages_s = sorted(one.ages_s) or [float("nan")]
    return 1e3 * ages_s[len(ages_s) // 2], 1e3 * ages_s[min(len(ages_s) - 1, int(len(ages_s) * 0.99))]


# -- the two sides ------------------------------------------------------------------------------------------------


def _receiver() -> _Receiver:
    tree = Tree(Clock())
    for number in range(ADDRESSES):
        tree.add(f"/bench/k{number:02d}", Knob("A value"))
    one = _Receiver(tree)
    tree.watchers.append(one.heard)
    return one


@contextmanager
def _ours() -> Iterator[_Receiver]:
    one = _receiver()
    with OscServer(one.tree, one.tree.clock, port=0) as server:
        one.port = server.port
        yield one


@contextmanager
def _peer() -> Iterator[_Receiver]:
    one = _receiver()

    def write(address: str, *arguments: Any) -> None:  # python-osc sends a handler's return value as an answer
        one.tree.write(address, arguments)

    dispatcher = Dispatcher()
    for address in one.tree.addresses():
        dispatcher.map(address, write)
    with BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher) as server:
        # the same buffer as our server has
        lent = UdpSocket("127.0.0.1", 0, one.tree.clock)
        server.socket.close()
        server.socket = lent.socket
        server.socket.setblocking(True)
        one.port = lent.port
        thread = threading.Thread(target=server.serve_forever, name="python-osc")
        thread.start()
        try:
            yield one
        finally:
            server.shutdown()
            thread.join()


# -- the sender's process -----------------------------------------------------------------------------------------


@contextmanager
def sender() -> Iterator[subprocess.Popen[str]]:
    """Starts the sending process."""
    command = [sys.executable, "-m", "live.bench.osc"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def send(process: subprocess.Popen[str], port: int, rate: int, count: int) -> float:
    """Sends messages; returns the duration in seconds."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{port} {rate} {count}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    """The sending process."""
    clock = Clock()
    resting = threading.Condition()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for line in sys.stdin:
            port, rate, count = map(int, line.split())
            out.connect(("127.0.0.1", port))
            began_s = clock.now()
            sent = 0
            while sent < count:
                due = min(count, int((clock.now() - began_s) * rate) + 1)
                for _ in range(sent, due):
                    out.send(_PACKET + struct.pack(">d", clock.now()))
                sent = max(sent, due)
                with resting:
                    clock.wait(began_s + sent / rate, resting)
            sys.stdout.write(f"{clock.now() - began_s!r}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
