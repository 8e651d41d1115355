"""The web server in a whole engine: announced, updated after a reload, closed at the end."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from live.engine.engine import Engine
from live.engine.options import Options
from live.http.discovery import ZeroconfAnnouncement
from live.net.own_addresses import own_addresses
from live.patch import load
from live.transport.clock import VirtualClock

PIECE = """
from live import Midi, Node, Patch
from toys import Scale

patch = Patch(a=Node(Scale, weights="plain", length=0.5, seed=0, out=Midi("silent")))
"""
Visit = Callable[..., Any]


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    path = tmp_path / "piece.py"
    path.write_text(PIECE, encoding="utf-8")
    return path


@pytest.fixture
def engine(piece: Path) -> Iterator[Engine]:
    options = Options(midi="silent", osc=None, midi_in=(), http=("127.0.0.1", 0), watch=False)
    engine = Engine(load(piece), None, options, piece)
    engine.open()
    yield engine
    engine.close()


def test_it_serves_at_its_announced_port_and_follows_a_reload(
    engine: Engine, piece: Path, visit: Visit, listener: Any
) -> None:
    url = str(engine.tree.get("/engine/page"))

    async def go(session: ClientSession) -> None:
        async with session.get(url) as said:
            assert "a" in (await said.json())["CONTENTS"]
        async with session.ws_connect(url) as link:
            me = listener(link)
            await me.listen("/a/length")
            assert await me.hear() == ("/a/length", 0.5)
            piece.write_text(PIECE.replace("length=0.5", "length=0.25, lowest=40"), encoding="utf-8")
            await asyncio.to_thread(engine.reload)
            heard = [await me.hear(), await me.hear()]
            assert sorted(heard) == [("/a/length", 0.25), ("PATH_CHANGED", "/")]
            piece.write_text(PIECE.replace("(a=", "(b="), encoding="utf-8")
            await asyncio.to_thread(engine.reload)
            told = [await me.hear()]
            while told[-1] != ("PATH_CHANGED", "/"):
                told.append(await me.hear())
            assert {("PATH_REMOVED", "/a"), ("PATH_ADDED", "/b")} <= set(told)
            piece.write_text("patch = nothing", encoding="utf-8")
            await me.listen("/engine/error", "/b/length")  # the value says that both are listened to
            assert await me.hear() == ("/b/length", 0.5)
            await asyncio.to_thread(engine.reload)
            assert "nothing" in (await me.hear())[1]
        async with session.get(url + "-/errors") as said:
            assert "nothing" in (await said.json())[-1]["sentence"]

    visit(go)
    engine.close()
    assert "http" not in [thread.name for thread in threading.enumerate()]


def test_a_taken_port_is_reported_and_the_piece_plays(piece: Path, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        options = Options(midi="silent", osc=None, midi_in=(), http=("127.0.0.1", other.getsockname()[1]), watch=False)
        engine = Engine(load(piece), None, options, piece)
        engine.open()
        assert engine.tree.get("/engine/state") == "playing"
        engine.close()
    assert "--http-port chooses another" in caplog.text


def test_on_a_virtual_clock_nothing_is_opened(piece: Path) -> None:
    engine = Engine(load(piece), VirtualClock(), Options(midi="silent", osc=None, http=("127.0.0.1", 0)), piece)
    engine.open()
    engine.advance(2.0)
    assert engine.tree.get("/engine/page") == ""
    engine.close()


def test_loopback_is_not_announced(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def go() -> None:
        announced = await ZeroconfAnnouncement.begin("Arabesque", "127.0.0.1", 9080, 9000)
        await announced.end()

    asyncio.run(go())
    assert own_addresses("127.0.0.1") == []
    assert not any(one.startswith("127.") for one in own_addresses("0.0.0.0"))
    assert caplog.text == ""
