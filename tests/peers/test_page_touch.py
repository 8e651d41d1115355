"""Touch on the control page in a real Chromium: which gestures move a control."""

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
from browser import Browser
from programs import ROOT, Program

Peer = Callable[[str, str], str]
Start = Callable[..., Program]

PIECE = """
from live import Keys, Midi, Node, Patch, Window
from toys import Scale

stage = Window(320, 240)
patch = Patch(
    a=Node(Scale, weights="plain", length=0.5, lowest=60, seed=0, out=Midi("silent"), source=Keys("none")),
    ink=Node(Scale, weights="plain", seed=0, out=stage.layer(1)),
    page=["/a/mute", "/a/length", "/a/lowest", "/a/quantise", "/a/swing", "/clock/tempo"],
)
"""
PICTURE = "document.querySelector('#stage img[src]')?.naturalWidth"
"""Whether the page shows a picture of the stage."""
BOX = "(() => {{ const box = {}.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }})()"
VALUES = """
fetch('/', {headers: {Accept: 'application/json'}}).then((said) => said.json()).then((space) => {
  const found = {}, walk = (one) => {
    if (one.ACCESS === 3) found[one.FULL_PATH] = JSON.stringify(one.VALUE);
    Object.values(one.CONTENTS ?? {}).forEach(walk);
  };
  walk(space);
  return found;
})
"""

LISTEN = """
window.heard = [], window.link = new WebSocket(`ws://${location.host}/`), link.binaryType = 'arraybuffer',
new Promise((done) => {
  link.onopen = () => { link.send('{"COMMAND": "LISTEN", "DATA": "%s"}'); done() };
  link.onmessage = ({data}) => { const view = new DataView(data); %s };
})
"""
"""Listens to an address and keeps what its messages say in `heard`."""

Play = Callable[[], Program]
Visit = Callable[..., Any]


@pytest.fixture
def port() -> int:
    with socket.socket() as http:
        http.bind(("127.0.0.1", 0))
        return int(http.getsockname()[1])


@pytest.fixture
def play(start: Start, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    path = tmp_path / "piece.py"
    path.write_text(PIECE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support"))))
    options = ["--headless", "--midi-in", "none", "--osc-port", "0", "--http-port", str(port)]

    def begin() -> Program:
        engine = start(sys.executable, "-m", "live.commands.main", str(path), *options)
        engine.until("control page")
        return engine

    return begin


@pytest.fixture
def visit(peer: Peer, play: Play, port: int, tmp_path: Path) -> Visit:
    """Opens the page on a phone; `visit(tab)` is entered with its Browser."""
    chromium = peer("chromium", "chromium")

    @asynccontextmanager
    async def phone(tab: str) -> AsyncIterator[Browser]:
        await asyncio.to_thread(play)
        async with Browser(chromium, tmp_path / "profile") as browser:
            await browser.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=5)
            await browser.show(f"http://127.0.0.1:{port}/", 390, 844)
            await choose(browser, tab)
            yield browser
            assert browser.complaints == []

    return phone


async def choose(browser: Browser, tab: str) -> None:
    button = f"[...document.querySelectorAll('#tabs button')].find((one) => one.textContent === '{tab}')"
    await browser.until(button)
    await browser.run(f"{button}.click()")


async def pressed(browser: Browser, selector: str, text: str = "") -> None:
    """A tap on the button with a text."""
    at = await browser.run(
        f"(() => {{ const all = [...document.querySelectorAll('{selector}')];"
        f"const one = all.find((one) => one.textContent.includes('{text}'));"
        "one.scrollIntoView({block: 'center'}); const box = one.getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2] })()"
    )
    await browser.touch("touchStart", tuple(at))
    await browser.touch("touchEnd")


@pytest.mark.parametrize(("tab", "controls"), [("Play", ".tile"), ("a", ".slide, .bars")])
def test_a_scrolling_touch_moves_no_control(visit: Visit, tab: str, controls: str) -> None:
    async def go() -> None:
        async with visit(tab) as browser:
            before = await browser.run(VALUES)
            count = await browser.run(f"document.querySelectorAll('{controls}').length")
            scrolled = tried = 0
            for number in range(count):
                control = f"document.querySelectorAll('{controls}')[{number}]"
                at = await browser.run(f"{control}.scrollIntoView({{block: 'center'}}), {BOX.format(control)}")
                if at[0] == 0 or not 120 < at[1] < 740:
                    continue
                tried += 1
                was = await browser.run("scrollY")
                for down in (-110.0, 110.0):
                    await browser.swipe(at[0], at[1], 12.0, down)
                    await browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
                    scrolled += await browser.run("scrollY") != was
            assert tried >= 6
            assert scrolled >= tried  # so it was the page that the thumb moved
            after = await browser.run(VALUES)
            assert {
                address: (before[address], after[address]) for address in before if before[address] != after[address]
            } == {}

    asyncio.run(go())


def test_a_sideways_touch_and_a_tap_move_a_control(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Play") as browser:
            tile = "document.querySelector('.tile[data-address=\"/a/swing\"]')"
            value = f"Number({tile}.querySelector('.tile-value').textContent)"
            await browser.run(f"{tile}.scrollIntoView({{block: 'center'}})")
            x, y = await browser.run(BOX.format(tile))
            await browser.touch("touchStart", (x, y))
            await browser.touch("touchEnd")
            await browser.until(f"Math.abs({value} - 0.375) < 0.02")
            await browser.swipe(x, y, 40.0, 5.0)
            await browser.until(f"{value} > 0.45")
            stored = await browser.run(
                "fetch('/a/swing?VALUE').then((said) => said.json()).then((one) => one.VALUE[0])"
            )
            assert stored > 0.45

    asyncio.run(go())


def test_the_pad_begins_with_the_first_numbers_of_the_large_controls(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Pad") as browser:
            lists = await browser.run("[...document.querySelectorAll('#pad select')].map((one) => one.value)")
            assert lists == ["/a/length", "/a/lowest"]

    asyncio.run(go())


def test_several_fingers_play_a_chord_and_lifting_them_ends_it(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Keys") as browser:
            await browser.run(LISTEN % ("/a/heard", "heard.push([view.getInt32(16), view.getInt32(20)])"))
            places = [
                tuple(await browser.run(BOX.format(f"document.querySelector('.key[data-pitch=\"{pitch}\"]')")))
                for pitch in (48, 52, 55)
            ]
            for fingers in (1, 2, 3):
                await browser.touch("touchStart", *places[:fingers])
            await browser.until("heard.length === 3")
            assert sorted(pitch for pitch, velocity in await browser.run("heard") if velocity) == [48, 52, 55]
            await browser.touch("touchEnd")
            await browser.until("heard.length === 6")
            assert sorted(pitch for pitch, velocity in await browser.run("heard") if not velocity) == [48, 52, 55]

    asyncio.run(go())


def test_fingers_draw_on_the_open_stage_each_with_a_pen_of_its_own(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Play") as browser:
            await browser.run(LISTEN % ("/ink/pen", "heard.push(view.getInt32(data.byteLength - 4))"))
            await browser.until(PICTURE)
            await pressed(browser, "#stage button")
            await browser.until(
                "document.getElementById('full').open && document.querySelector('#full img').naturalWidth"
            )
            await browser.touch("touchStart", (150.0, 400.0), (250.0, 430.0))
            await browser.touch("touchMove", (170.0, 410.0), (230.0, 440.0))
            await browser.touch("touchEnd")
            await browser.until("new Set(heard.filter((pen) => pen < 0)).size === 2")
            await pressed(browser, "#full .close")
            await browser.until("!document.getElementById('full').open")

    asyncio.run(go())


def test_an_upright_phone_shows_the_stage_turned_and_draws_where_one_touches(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Play") as browser:
            place = "[view.getFloat32(data.byteLength - 16), view.getFloat32(data.byteLength - 12)]"
            await browser.run(LISTEN % ("/ink/pen", f"view.getInt32(data.byteLength - 4) < 0 && heard.push({place})"))
            await browser.until(PICTURE)
            await pressed(browser, "#stage button")
            picture = "document.querySelector('#full img')"
            await browser.until(f"document.getElementById('full').open && {picture}.naturalWidth")
            width, height = await browser.run(
                f"(() => {{ const box = {picture}.getBoundingClientRect(); return [box.width, box.height] }})()"
            )
            assert (width, height) == (390, 844)  # the 320 x 240 pixels of the stage are 520 x 390 here
            # The paper's right is at the phone's lower end, its top at the phone's right.
            await browser.touch("touchStart", (390 / 2 + 97.5, 844 / 2 + 195))
            await browser.touch("touchEnd")
            await browser.until("heard.length")
            x, y = (await browser.run("heard"))[0]
            assert x == pytest.approx(1.0, abs=0.02)
            assert y == pytest.approx(-0.5, abs=0.02)
            toast = "document.getElementById('toast')"
            assert await browser.run(f"{toast}.textContent") == "Draw on the picture, with one finger or several."
            await pressed(browser, "#full .undo")

    asyncio.run(go())


def test_a_button_shows_a_message_and_silence_lasts(visit: Visit) -> None:
    async def go() -> None:
        async with visit("a") as browser:
            toast = "document.getElementById('toast').textContent"
            await pressed(browser, "#panic")
            await browser.until(f"{toast}.includes('all notes have ended')")
            await pressed(browser, "button.pulse", "reset")
            await browser.until(f"{toast}.startsWith('a reset: ')")
            await pressed(browser, "#silence")
            await browser.until("document.querySelector('.state').textContent === 'paused'")
            await browser.until("document.getElementById('silence').getAttribute('aria-pressed') === 'true'")
            await pressed(browser, "#silence")
            await browser.until("document.querySelector('.state').textContent === 'playing'")

    asyncio.run(go())


def test_a_group_is_folded_until_it_is_searched_and_a_pair_has_two_sliders(visit: Visit) -> None:
    async def go() -> None:
        async with visit("More") as browser:
            group = "[...document.querySelectorAll('.group')].find((one) => one.textContent.startsWith('mesh'))"
            await browser.until(group)
            assert await browser.run(f"{group}.open") is False
            await browser.run(
                "(() => { const one = document.getElementById('search'); one.value = 'mesh r3c3';"
                "one.dispatchEvent(new Event('input')) })()"
            )
            assert await browser.run(f"{group}.open")
            row = "document.querySelector('.row[data-address=\"/window/mesh/r3c3\"]')"
            assert await browser.run(f"{row}.querySelectorAll('.slide').length") == 2
            across = f"{row}.querySelectorAll('.slide')[0]"
            await browser.run(f"{across}.scrollIntoView({{block: 'center'}})")
            x, y = await browser.run(BOX.format(across))
            await browser.swipe(x, y, 40.0, 4.0)
            await browser.until(f"Number({row}.querySelector('.value').value) > 0.05")
            stored = await browser.run(
                "fetch('/window/mesh/r3c3?VALUE').then((said) => said.json()).then((one) => one.VALUE)"
            )
            assert stored[0] > 0.05
            assert stored[1] == 0.0

    asyncio.run(go())


def test_presets_are_renamed_and_deleted(visit: Visit) -> None:
    async def go() -> None:
        async with visit("Show") as browser:
            names = "[...document.querySelectorAll('button.preset')].map((one) => one.textContent).join()"
            for name in ("calm", "loud"):
                await browser.run(f"document.querySelector('#presets form input').value = '{name}'")
                await pressed(browser, "#presets form button")
                await browser.until(f"{names}.endsWith('{name}')")
            await pressed(browser, "#presets .quiet")
            await browser.run(
                "(() => { const one = document.querySelector('.preset-edit input'); one.value = 'still';"
                "one.dispatchEvent(new Event('change')) })()"
            )
            await browser.until(f"{names} === 'loud,still'")
            await pressed(browser, ".preset-edit button")
            assert await browser.run(names) == "loud,still"  # pressed twice, so that no slip costs a preset
            await pressed(browser, ".preset-edit button")
            await browser.until(f"{names} === 'still'")

    asyncio.run(go())


def test_after_a_restart_the_roll_is_empty_and_the_picture_back(
    peer: Peer, play: Play, port: int, tmp_path: Path
) -> None:
    chromium = peer("chromium", "chromium")
    engine = play()
    ink = (
        "(() => { const one = document.querySelector('#roll canvas'); const from = one.getContext('2d')"
        ".getImageData(0, 0, one.width, one.height).data; let lit = 0;"
        "for (let i = 0; i < from.length; i += 4) lit += from[i + 1] > 60 && from[i + 3] > 60; return lit })()"
    )

    async def go() -> None:
        async with Browser(chromium, tmp_path / "profile") as browser:
            await browser.show(f"http://127.0.0.1:{port}/", 1280, 900)
            await browser.until(f"document.querySelector('#roll canvas')?.width > 300 && {ink} > 50")
            await browser.until(PICTURE)
            await asyncio.to_thread(engine.end)
            await browser.until(f"document.body.classList.contains('away') && !{PICTURE}")
            await browser.until(f"{ink} === 0")
            await asyncio.to_thread(play)
            await browser.until(f"!document.body.classList.contains('away') && {PICTURE}")
            await browser.until(f"{ink} > 0")

    asyncio.run(go())
