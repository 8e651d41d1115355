"""The control page in a real Chromium: page and engine move each other."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType
from browser import Browser
from programs import PATIENCE_S, ROOT, Program

from live.osc.encode import message
from live.osc.packet import Message, parse

Peer = Callable[[str, str], str]
Start = Callable[..., Program]

PIECE = """
from live import Midi, Node, Patch
from toys import Scale

patch = Patch(a=Node(Scale, weights="plain", length=0.5, seed=0, out=Midi("silent")))
"""
TAB = "[...document.querySelectorAll('#tabs button')].find((one) => one.textContent === 'a').click()"
SLIDER = "document.getElementById('c-a-length')"


@pytest.fixture
def piece(tmp_path: Path) -> Path:
    path = tmp_path / "piece.py"
    path.write_text(PIECE, encoding="utf-8")
    return path


@pytest.fixture
def ports() -> tuple[int, int]:
    """Free ones for OSC and HTTP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as osc, socket.socket() as http:
        osc.bind(("127.0.0.1", 0))
        http.bind(("127.0.0.1", 0))
        return osc.getsockname()[1], http.getsockname()[1]


@pytest.fixture
def play(start: Start, piece: Path, ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> Callable[[], Program]:
    """Starts the piece as a person would."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support"))))
    where = ["--osc-port", str(ports[0]), "--http-port", str(ports[1])]

    def begin() -> Program:
        engine = start(sys.executable, "-m", "live.commands.main", str(piece), "--headless", *where)
        engine.until("control page")
        return engine

    return begin


@asynccontextmanager
async def told(url: str, *paths: str) -> AsyncIterator[Callable[[], Any]]:
    """An OSCQuery client written after the proposal: yields the messages at some addresses in order."""
    async with ClientSession() as session, session.ws_connect(url) as link:
        for path in paths:
            await link.send_json({"COMMAND": "LISTEN", "DATA": path})

        async def hear() -> tuple[Any, ...]:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    said = await link.receive()
                    if said.type is WSMsgType.BINARY:
                        packet = parse(said.data)
                        assert isinstance(packet, Message)
                        return (packet.address, *packet.arguments)

        yield hear


def test_the_page_moves_the_engine_and_the_engine_moves_the_page(
    peer: Peer, play: Callable[[], Program], ports: tuple[int, int], tmp_path: Path
) -> None:
    chromium = peer("chromium", "chromium")
    url = f"http://127.0.0.1:{ports[1]}/"
    play()

    async def go() -> None:
        async with Browser(chromium, tmp_path / "profile") as browser, told(url, "/a/length", "/a/mute") as hear:
            assert {await hear(), await hear()} == {("/a/length", 0.5), ("/a/mute", False)}
            await browser.show(url, 1440, 900)
            await browser.until(SLIDER)
            await browser.run(TAB)

            # drag the slider to its right end
            box = await browser.run(
                f"{SLIDER}.scrollIntoView({{block: 'center'}}), {SLIDER}.getBoundingClientRect().toJSON()"
            )
            across = box["y"] + box["height"] / 2
            await browser.mouse("mousePressed", box["x"] + 20, across)
            for part in (0.5, 1.1):
                await browser.mouse("mouseMoved", box["x"] + part * box["width"], across)
            await browser.mouse("mouseReleased", box["x"] + 1.1 * box["width"], across)
            most = await browser.run(
                "fetch('/a/length?RANGE').then((said) => said.json()).then((one) => one.RANGE[0].MAX)"
            )
            heard = await hear()
            while heard != ("/a/length", most):
                heard = await hear()

            # a switch by its keyboard
            await browser.run("document.getElementById('c-a-mute').focus()")
            for kind in ("keyDown", "keyUp"):
                await browser.call("Input.dispatchKeyEvent", type=kind, key=" ", code="Space", text=" ")
            assert await hear() == ("/a/mute", True)

            # OSC from another client moves the slider
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(message("/a/length", 0.25), ("127.0.0.1", ports[0]))
            await browser.until(f"{SLIDER}.closest('.row').querySelector('.value').value === '0.25'")
            await browser.run(
                f"{SLIDER}.closest('.row').querySelector('label')"
                ".dispatchEvent(new MouseEvent('dblclick', {bubbles: true}))"
            )
            await browser.until(f"{SLIDER}.closest('.row').querySelector('.value').value !== '0.25'")
            assert browser.complaints == []

    asyncio.run(go())


def test_the_page_is_there_again_when_the_engine_is(
    peer: Peer, play: Callable[[], Program], ports: tuple[int, int], tmp_path: Path
) -> None:
    chromium = peer("chromium", "chromium")
    url = f"http://127.0.0.1:{ports[1]}/"
    engine = play()

    async def go() -> None:
        async with Browser(chromium, tmp_path / "profile") as browser:
            await browser.show(url, 390, 844)
            await browser.until(SLIDER)
            assert await browser.run("document.documentElement.scrollWidth <= innerWidth")
            await asyncio.to_thread(engine.end)
            await browser.until("document.body.classList.contains('away')")
            await asyncio.to_thread(play)
            await browser.until("!document.body.classList.contains('away')")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(message("/a/length", 0.125), ("127.0.0.1", ports[0]))
            await browser.until(f"{SLIDER}.closest('.row').querySelector('.value').value === '0.125'")

    asyncio.run(go())


def test_a_piece_saved_while_it_plays_is_another_page(
    peer: Peer, play: Callable[[], Program], ports: tuple[int, int], piece: Path, tmp_path: Path
) -> None:
    chromium = peer("chromium", "chromium")
    url = f"http://127.0.0.1:{ports[1]}/"
    play()

    async def go() -> None:
        async with Browser(chromium, tmp_path / "profile") as browser:
            await browser.show(url, 1440, 900)
            await browser.until(SLIDER)
            piece.write_text(PIECE.replace("Patch(a=", "Patch(b="), encoding="utf-8")
            await browser.until(f"document.getElementById('c-b-length') && !{SLIDER}")
            # the page says what is kept of pictures and drawings
            await browser.until("document.getElementById('keeps').textContent.includes('stay on this machine')")
            # the page shows errors
            piece.write_text("patch = nothing", encoding="utf-8")
            await browser.until("document.getElementById('errors').textContent.includes('nothing')")

    asyncio.run(go())
