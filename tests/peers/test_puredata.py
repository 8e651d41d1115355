"""The exported Pure Data patch, run in Pure Data: it moves the engine and receives its values."""

from __future__ import annotations

import queue
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import PATIENCE_S, Program

from live.export import pd
from live.export.controls import groups
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, NoteOn, pulse

EARS = """#N canvas 50 50 400 300 12;
#X obj 10 10 r /piano/density/is;
#X obj 10 40 print density;
#X obj 10 70 r /piano/note;
#X obj 10 100 print note;
#X obj 10 130 r /piano/scale/is;
#X obj 10 160 print scale;
#X obj 10 190 r /piano/place/y/is;
#X obj 10 220 print y;
#X obj 10 250 r arabesque-error;
#X obj 10 280 print error;
#X obj 200 10 r /piano/scale/index;
#X obj 200 40 print index;
#X connect 0 0 1 0;
#X connect 2 0 3 0;
#X connect 4 0 5 0;
#X connect 6 0 7 0;
#X connect 8 0 9 0;
#X connect 10 0 11 0;
"""
"""An artist's own patch, which joins in by names."""

Changes = queue.Queue[tuple[Any, ...]]


def knobs(tree: Tree) -> Tree:
    tree.add("/piano/temperature", Knob("How surprising", 0.1, 3.0, curve="log", default=1.0))
    tree.add("/piano/density", Knob("How many", 1.0, 64.0, "notes/s", "log", default=8.0))
    tree.add("/piano/lowest", Knob("The lowest key", -60, 127, kind="int", default=21))
    tree.add("/piano/mute", Knob("Unheard", kind="switch", default=False))
    choices = ("major", "harmonic minor", "1/4")
    tree.add("/piano/scale", Knob("Scale", choices=choices, kind="choice", default="major"))
    tree.add("/piano/place", Knob("Where", components=("x", "y"), kind="vector", default=(0.0, 0.0)))
    tree.add("/piano/reset", pulse("Begin again"))
    return tree


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def server(port: int) -> Iterator[OscServer]:
    clock = Clock()
    tree = knobs(Tree(clock))
    with OscServer(tree, clock, port=port) as server:
        server.out.voice("piano")
        yield server


@pytest.fixture
def changes(server: OscServer) -> Changes:
    happened: Changes = queue.Queue()
    server.out.tree.watchers.append(lambda address, arguments: happened.put((address, *arguments)))
    return happened


@pytest.fixture
def puredata(
    peer: Callable[[str, str], str], start: Callable[..., Program], server: OscServer, port: int, tmp_path: Path
) -> Callable[..., Program]:
    """Opens the exported patch and the artist's own, headless, and sends what is given, as `NAME ATOM…`."""
    program = peer("pd", "puredata-core")
    (tmp_path / "export.pd").write_text(pd.patch(groups(server.out.tree), "127.0.0.1", port), encoding="utf-8")
    (tmp_path / "ears.pd").write_text(EARS, encoding="utf-8")

    def begin(*said: str) -> Program:
        opened = [part for name in ("ears", "export") for part in ("-open", str(tmp_path / f"{name}.pd"))]
        sent = [part for each in said for part in ("-send", each)]
        return start(program, "-nogui", "-noaudio", "-stderr", *opened, *sent)

    return begin


def test_pure_data_moves_every_kind_of_control(
    puredata: Callable[..., Program], changes: Changes, server: OscServer
) -> None:
    puredata(
        "/piano/temperature 2.5",
        "/piano/lowest -12.6",
        "/piano/mute 1",
        "/piano/scale 2",
        "/piano/scale symbol major",
        "/piano/place/y 0.25",
        "/piano/reset bang",
    )
    wanted = ("/piano/reset", True)
    while changes.get(timeout=PATIENCE_S) != wanted:
        pass
    tree = server.out.tree
    assert tree.get("/piano/temperature") == 2.5
    assert tree.get("/piano/lowest") == -13
    assert tree.get("/piano/mute") is True
    assert tree.get("/piano/scale") == "major"
    assert tree.get("/piano/place") == (0.0, 0.25)


def test_pure_data_receives_all_values_and_then_every_change(
    puredata: Callable[..., Program], server: OscServer
) -> None:
    tree = server.out.tree
    tree.set("/piano/density", 12.5)
    tree.set("/piano/place", (0.5, 0.75))
    program = puredata("/piano/scale symbol nothing")
    said = "\n".join(program.until("y: 0.75"))
    assert "density: 12.5" in said
    assert "scale: major" in said
    assert "index: set 0" in said
    assert r"error: set /piano/scale:\ expected\ one\ of" in said
    tree.set("/piano/scale", "harmonic minor")
    program.until("scale: harmonic minor")
    program.until("index: set 1")
    server.out.voice("piano").send(0.0, NoteOn(60, 80))
    program.until("note: 60 80 1")


def test_pure_data_finds_an_engine_that_comes_later(
    puredata: Callable[..., Program], server: OscServer, port: int
) -> None:
    server.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:  # asked, and does not answer
        nobody.bind(("127.0.0.1", port))
        nobody.settimeout(PATIENCE_S)
        program = puredata()
        assert nobody.recv(65_535).startswith(b"/subscribe\0")
    clock = Clock()
    tree = knobs(Tree(clock))
    tree.set("/piano/density", 3.0)
    with OscServer(tree, clock, port=port):
        program.until("density: 3")
