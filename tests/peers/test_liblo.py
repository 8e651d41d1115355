"""OSC with liblo's oscsend and oscdump (Debian package liblo-tools)."""

from __future__ import annotations

import queue
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from osc_servers import udp_and_tcp_server
from programs import Dump

from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, NoteOn, pulse

WAIT_S = 20.0

Changes = queue.Queue[tuple[Any, ...]]


@pytest.fixture
def server() -> Iterator[OscServer]:
    clock = Clock()
    tree = Tree(clock)
    tree.add("/piano/temperature", Knob("How surprising", 0.1, 3.0, curve="log", default=1.0))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=False))
    tree.add("/piano/scale", Knob("Scale", choices=("major", "minor"), kind="choice", default="major"))
    tree.add("/piano/reset", pulse("Begin again"))
    tree.add("/ink/temperature", Knob("How wild", 0.0, 1.0, default=0.5))
    server = udp_and_tcp_server(tree, clock)
    with server:
        yield server


@pytest.fixture
def changes(server: OscServer) -> Changes:
    """What happens in the tree, to be waited for."""
    happened: Changes = queue.Queue()
    server.out.tree.watchers.append(lambda address, arguments: happened.put((address, *arguments)))
    return happened


@pytest.fixture
def oscsend(peer: Callable[[str, str], str], server: OscServer) -> Callable[..., None]:
    program = peer("oscsend", "liblo-tools")

    def send(address: str, types: str = "", *values: object, port: int = server.port) -> None:
        command = [program, "127.0.0.1", str(port), address, *([types] if types else []), *map(str, values)]
        subprocess.run(command, check=True, timeout=WAIT_S)

    return send


@pytest.mark.parametrize(
    ("address", "types", "values", "change"),
    [
        ("/piano/temperature", "f", ["0.5"], ("/piano/temperature", 0.5)),
        ("/piano/temperature", "d", ["99"], ("/piano/temperature", 3.0)),
        ("/piano/temperature", "s", ["0.25"], ("/piano/temperature", 0.25)),
        ("/piano/mute", "T", [], ("/piano/mute", True)),
        ("/piano/mute", "i", ["1"], ("/piano/mute", True)),
        ("/piano/scale", "s", ["minor"], ("/piano/scale", "minor")),
        ("/piano/scale", "h", ["1"], ("/piano/scale", "minor")),
        ("/piano/reset", "", [], ("/piano/reset", True)),
        ("/piano/reset", "I", [], ("/piano/reset", True)),
    ],
)
def test_oscsend_moves_a_value(
    oscsend: Callable[..., None],
    changes: Changes,
    address: str,
    types: str,
    values: list[str],
    change: tuple[Any, ...],
) -> None:
    oscsend(address, types, *values)
    assert changes.get(timeout=WAIT_S) == change


def test_oscsend_moves_a_value_over_tcp(peer: Callable[[str, str], str], server: OscServer, changes: Changes) -> None:
    url = f"osc.tcp://127.0.0.1:{server.port}/"
    subprocess.run([peer("oscsend", "liblo-tools"), url, "/piano/temperature", "f", "0.5"], check=True, timeout=WAIT_S)
    assert changes.get(timeout=WAIT_S) == ("/piano/temperature", 0.5)


def test_oscsend_moves_all_that_a_pattern_matches(oscsend: Callable[..., None], changes: Changes) -> None:
    oscsend("/{piano,ink}/temp*", "f", 0.75)
    assert {changes.get(timeout=WAIT_S) for _ in range(2)} == {
        ("/piano/temperature", 0.75),
        ("/ink/temperature", 0.75),
    }


def test_oscdump_receives_changes_and_notes(server: OscServer, oscsend: Callable[..., None], oscdump: Dump) -> None:
    oscsend("/subscribe", "i", oscdump.port)
    oscsend("/piano/temperature", "f", 0.5)
    assert oscdump.line() == "/piano/temperature f 0.500000"
    server.out.tree.set("/piano/scale", "minor")
    assert oscdump.line() == '/piano/scale s "minor"'
    server.out.tree.set("/piano/mute", True)
    assert oscdump.line() == "/piano/mute i 1"
    server.out.voice("piano").send(0.0, NoteOn(60, 80))
    assert oscdump.line() == "/piano/note iii 60 80 1"


def test_oscdump_receives_only_its_subscription(oscsend: Callable[..., None], oscdump: Dump) -> None:
    oscsend("/subscribe", "is", oscdump.port, "/ink/*")
    oscsend("/piano/temperature", "f", 0.5)
    oscsend("/ink/temperature", "f", 0.25)
    assert oscdump.line() == "/ink/temperature f 0.250000"


def test_oscdump_reads_an_error_reply(server: OscServer, oscsend: Callable[..., None], oscdump: Dump) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:  # oscsend does not stay for the answer
        relay.bind(("127.0.0.1", 0))
        relay.settimeout(WAIT_S)
        oscsend("/piano/temprature", "f", 0.5, port=relay.getsockname()[1])
        relay.sendto(relay.recv(65_535), ("127.0.0.1", server.port))
        relay.sendto(relay.recv(65_535), ("127.0.0.1", oscdump.port))
    said = oscdump.line()
    assert said.startswith('/error ss "/piano/temprature" "no address /piano/temprature; similar: /piano/temper')
