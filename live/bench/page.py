"""Cost of the control page: an OSC flood while it is open, and the lateness of MIDI messages meanwhile.

Run as a program with the argument PORT, this file is the page: it connects to that port, listens to all addresses, and
prints the number of received messages when its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, WSMsgType

from live.bench.osc import send, sender
from live.http.clients import WebSocketClients
from live.http.guard import RequestGuard
from live.http.oscquery import OscQueryNamespace
from live.http.server import HttpServer
from live.http.site import HttpSite
from live.http.websocket import WebSockets
from live.midi.output.midi_output import MidiOutput
from live.net.allow import Allow
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, NoteOff, NoteOn
from models.compute.bench_row import BenchRow

COUNT: Final = 100_000
RATE: Final = 20_000
ADDRESSES: Final = 40
GAP_S: Final = 0.02
"""Interval between two MIDI messages."""
LOOKAHEAD_S: Final = 0.2
PATIENCE_S: Final = 20.0
"""Messages not stored this long after sending count as lost."""
ALONE: Final = "the same without OSC and page"


class _Servers:
    """A tree with its OSC and HTTP servers, without nodes."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.tree = Tree(self.clock)
        for number in range(ADDRESSES):
            self.tree.add(f"/bench/k{number:02d}", Knob("A value"))
        self.osc = OscServer(self.tree, self.clock, port=0)
        self.clients = WebSocketClients(self.tree, self.osc.out)
        self.web = HttpServer("127.0.0.1", 0, self._site)
        self.heard = 0
        self.all = threading.Event()
        self.expected = 0
        self.tree.watchers.append(self._hear)

    def _site(self) -> HttpSite:
        return HttpSite(
            "bench",
            namespace=OscQueryNamespace(self.tree),
            sockets=WebSockets(self.clients, self.clock, lambda: self.osc),
            guard=RequestGuard(self.clock, "127.0.0.1", Allow(), None),
            sources=self,
            osc=lambda: self.osc,
        )

    def picture(self) -> bytes | None:
        return None

    async def stream(self) -> AsyncGenerator[bytes]:
        return
        yield b""

    def errors(self) -> list[tuple[str, str]]:
        return []

    def addresses_changed(self) -> None:
        """Does nothing: a benchmark is not announced on the network."""

    def expect(self, count: int) -> None:
        self.all.clear()
        self.heard, self.expected = 0, count

    def _hear(self, _address: str, _arguments: tuple[Any, ...]) -> None:
        self.heard += 1
        if self.heard == self.expected:
            self.all.set()


def page_rows(count: int = COUNT, rate: int = RATE) -> list[BenchRow]:
    """Loss, memory and MIDI lateness while `rate` OSC messages per second arrive and a page listens to all of them."""
    servers = _Servers()
    with servers.osc, sender() as process:
        servers.web.start()
        seconds = count / rate
        alone = _lateness(seconds)
        with _page(servers) as page:
            _flood(servers, process, count // 5, rate)  # warm-up
            before = _memory_mib()
            late: dict[str, float] = {}
            midi = threading.Thread(target=lambda: late.update(_lateness(seconds)))
            midi.start()
            took_s, behind_s = _flood(servers, process, count, rate)
            midi.join()
            grown = _memory_mib() - before
            received = _received(page)
        servers.web.close()
    flood = f"{count / took_s:,.0f} OSC/s, page open"
    rows: list[BenchRow] = [
        {"name": f"{flood}: lost", "value": float(count - servers.heard), "unit": f"of {count}"},
        {"name": f"{flood}: last value stored after", "value": 1e3 * behind_s, "unit": "ms"},
        {"name": f"{flood}: growth of memory", "value": grown, "unit": "MiB"},
        {"name": f"{flood}: sent to the page", "value": received / (1.2 * took_s), "unit": "messages/s"},
    ]
    for part in ("p50", "p99", "max"):
        ratio = alone[part] / late[part] if late[part] else 1.0
        name = f"{flood}: MIDI late, {part}"
        rows.append({"name": name, "value": late[part], "unit": "ms", "ratio": ratio, "peer": ALONE})
    return rows


def _flood(servers: _Servers, process: subprocess.Popen[str], count: int, rate: int) -> tuple[float, float]:
    """Time to send all messages, and time until the last one was stored."""
    servers.expect(count)
    took_s = send(process, servers.osc.port, rate, count)
    sent_s = servers.clock.now()
    servers.all.wait(PATIENCE_S)
    return took_s, servers.clock.now() - sent_s


def _lateness(seconds: float) -> dict[str, float]:
    """Lateness of messages at the sender process during `seconds`."""
    clock, wake, opened = Clock(), threading.Condition(), threading.Event()
    out = MidiOutput("silent", on_state=lambda *_: opened.set())
    try:
        opened.wait(10.0)
        voice, began_s = out.voice("bench"), clock.now()
        for number in range(int(seconds / GAP_S)):
            due_s = began_s + LOOKAHEAD_S + number * GAP_S
            with wake:
                while clock.now() < due_s - LOOKAHEAD_S:
                    clock.wait(due_s - LOOKAHEAD_S, wake)
            voice.send(due_s, NoteOff(60) if number % 2 else NoteOn(60, 64))
        with wake:
            while clock.now() < due_s + LOOKAHEAD_S:
                clock.wait(due_s + LOOKAHEAD_S, wake)
        return dict(out.stats(within_s=10.0)["late"])
    finally:
        out.close()


def _memory_mib() -> float:
    """Resident memory of this process in MiB; 0 where the system does not report it."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return float("nan")
    return pages * 4096 / 2**20


# -- the page's process -------------------------------------------------------------------------------------------


@contextmanager
def _page(servers: _Servers) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "live.bench.page", str(servers.web.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.terminate()


def _received(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    return int(process.stdout.readline())


async def _listen(url: str) -> None:
    async with ClientSession() as session, session.ws_connect(url) as link:
        async with session.get(url) as answer:
            space = await answer.json()
        for node in space["CONTENTS"].values():
            for parameter in node["CONTENTS"].values():
                await link.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": parameter["FULL_PATH"]}))
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        received = 0

        async def count() -> None:
            nonlocal received
            async for message in link:
                received += message.type is WSMsgType.BINARY

        counting = asyncio.create_task(count())
        await asyncio.to_thread(sys.stdin.read)
        counting.cancel()
        sys.stdout.write(f"{received}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_listen(f"http://127.0.0.1:{sys.argv[1]}/"))
