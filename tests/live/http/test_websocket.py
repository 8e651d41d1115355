"""The WebSocket: LISTEN, IGNORE, OSC both ways, and those who must not or do not read."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from live.http.websocket import MAX_CLIENTS
from models.base import Knob, NoteOn

PATIENCE_S = 30.0

Visit = Callable[..., Any]


def test_who_listens_hears_the_value_at_once_then_every_change(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature", "/piano/mute", "/piano/scale", "/piano/pitch_class/c_sharp")
            heard = [await me.hear() for _ in range(4)]
            assert heard == [
                ("/piano/temperature", 1.0),
                ("/piano/mute", False),
                ("/piano/scale", "major"),
                ("/piano/pitch_class/c_sharp", 1.0),
            ]
            house.tree.set("/piano/mute", True)
            assert await me.hear() == ("/piano/mute", True)
            house.tree.set("/piano/pitch_class", (0.0, 0.5, 0.0))
            assert await me.hear() == ("/piano/pitch_class/c_sharp", 0.5)

    visit(go)


def test_signals_and_buttons_are_heard_in_order(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.listen("/piano/note", "/piano/reset", "/piano/title")
            assert await me.hear() == ("/piano/title", "")
            house.osc.out.voice("piano").send(0.0, NoteOn(60, 80))
            assert await me.hear() == ("/piano/note", 60, 80, 1)
            for pitch in range(50):
                house.tree.publish("/piano/note", pitch, 64, 1)
            assert [(await me.hear())[1] for _ in range(50)] == list(range(50))
            house.tree.set("/piano/reset", True)
            assert (await me.hear())[0] == "/piano/reset"

    visit(go)


def test_osc_is_understood_and_answered(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.send("/piano/temperature", 2)
            await me.send("/piano/temperature")
            assert await me.hear() == ("/piano/temperature", 2.0)
            await me.send("/piano/temprature", 2)
            error, address, sentence = await me.hear()
            assert (error, address) == ("/error", "/piano/temprature")
            assert sentence.startswith("no address /piano/temprature; similar: /piano/temperature")
            await me.send("/subscribe", "/piano/title")
            assert (await me.hear())[0] == "/subscribed"
            house.tree.set("/piano/title", "Night Train")
            assert await me.hear() == ("/piano/title", "Night Train")

    visit(go)
    assert house.tree.get("/piano/temperature") == 2.0


def test_what_is_clipped_is_said_to_who_wrote_it(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature")
            await me.hear()
            for _ in range(2):  # although it has heard that it is 3 already
                await me.send("/piano/temperature", 99)
                heard = {(await me.hear())[:2], (await me.hear())[:2]}
                assert heard == {("/error", "/piano/temperature"), ("/piano/temperature", 3.0)}
            await me.send("/piano/temperature", 3)
            await me.send("/ping", 1)
            assert await me.hear() == ("/pong", 1)

    visit(go)


def test_ignored_is_not_heard(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature", "/piano/pitch_class/c")
            await me.hear(), await me.hear()
            await me.say("IGNORE", "/piano/temperature")
            await me.say("IGNORE", "/piano/pitch_class/c")
            await me.send("/ping")
            await me.hear()
            house.tree.set("/piano/temperature", 2)
            house.tree.set("/piano/pitch_class", (0, 0, 0))
            await me.send("/ping")
            assert await me.hear() == ("/pong",)

    visit(go)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("LISTEN /piano", "expected JSON"),
        ("[1]", "LISTEN"),
        ('{"COMMAND": "DANCE", "DATA": "/piano"}', "LISTEN"),
        ('{"COMMAND": "LISTEN", "DATA": 7}', "an address"),
        ('{"COMMAND": "LISTEN", "DATA": "/piano/temprature"}', "similar: /piano/temperature"),
        ("[" * 50_000, ""),
    ],
)
def test_nonsense_is_answered_and_survived(house: Any, visit: Visit, listener: Any, text: str, sentence: str) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await link.send_str(text)
            heard = await me.hear()
            assert heard[:2] == ("/error", "#websocket")
            assert sentence in heard[2]
            await link.send_bytes(b"\xff\xfe\x00")
            assert (await me.hear())[0] == "/error"

    visit(go)


def test_too_long_a_frame_ends_the_connection(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            await link.send_bytes(b"/" * 100_000)
            assert (await listener(link).hear())[0] == "gone"

    visit(go)


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [(None, True), ("own", True), ("http://evil.example", False), ("http://127.0.0.1:1", False), ("null", False)],
)
def test_pages_of_others_do_not_control_the_show(house: Any, visit: Visit, origin: str | None, let_in: bool) -> None:
    async def go(session: ClientSession) -> None:
        headers = {"Origin": house.url if origin == "own" else origin} if origin else {}
        if let_in:
            async with session.ws_connect(house.url, headers=headers):
                return
        with pytest.raises(WSServerHandshakeError, match="403"):
            await session.ws_connect(house.url, headers=headers)

    visit(go)


def test_a_token_is_asked_for_here_too(build: Any, visit: Visit) -> None:
    house = build(token="tosca")

    async def go(session: ClientSession) -> None:
        with pytest.raises(WSServerHandshakeError, match="401"):
            await session.ws_connect(house.url)
        async with session.ws_connect(house.url + "/?token=tosca"):
            pass

    visit(go)


def test_one_too_many_is_refused_and_leaving_makes_room(house: Any, visit: Visit) -> None:
    async def go(session: ClientSession) -> None:
        sockets = [await session.ws_connect(house.url) for _ in range(MAX_CLIENTS)]
        with pytest.raises(WSServerHandshakeError, match="503"):
            await session.ws_connect(house.url)
        await sockets[0].close()
        while sockets[0].closed:  # the server notices it a moment later
            with contextlib.suppress(WSServerHandshakeError):
                sockets[0] = await session.ws_connect(house.url)
        for one in sockets:
            await one.close()

    visit(go)
    house.server.close()
    assert len(house.clients) == 0


def test_nodes_that_come_and_go_are_told_and_heard_again(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            house.tree.add("/ink/speed", Knob("Speed", 0, 9))
            await me.listen("/ink/speed")
            assert await me.hear() == ("/ink/speed", 0.0)
            house.tree.remove("ink")
            house.server.send_commands([("PATH_REMOVED", "/ink")])
            assert await me.hear() == ("PATH_REMOVED", "/ink")
            house.tree.add("/ink/speed", Knob("Speed", 0, 9, default=5.0))
            house.clients.refresh(frozenset({"/ink/speed"}))
            assert await me.hear() == ("/ink/speed", 5.0)
            house.tree.set("/ink/speed", 6)
            assert await me.hear() == ("/ink/speed", 6.0)

    visit(go)


def test_a_flood_of_changes_becomes_the_newest_value(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature")
            await me.hear()

            def flood() -> None:
                for number in range(20_000):
                    house.tree.set("/piano/temperature", 0.5 + number / 10_000)

            await asyncio.to_thread(flood)
            heard = [(await me.hear())[1]]
            while heard[-1] != pytest.approx(2.4999):
                heard.append((await me.hear())[1])
            assert heard == sorted(heard)
            assert len(heard) < 2_000

    visit(go)


UPGRADE = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"


def test_who_does_not_read_is_disconnected(build: Any) -> None:
    house = build(patience_s=0.1)
    wanted = b'{"COMMAND": "LISTEN", "DATA": "/piano/note"}'
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(PATIENCE_S)
        deaf.connect(("127.0.0.1", house.server.port))
        deaf.sendall(UPGRADE + KEY)
        assert deaf.recv(20).startswith(b"HTTP/1.1 101")
        deaf.sendall(bytes([0x81, 0x80 + len(wanted), 0, 0, 0, 0]) + wanted)  # a text frame, masked with zeros
        while not len(house.clients):
            pass
        while len(house.clients):  # what it does not take fills the sockets between, then somebody's patience ends
            house.tree.publish("/piano/note", 4_000 * "x")


def test_closing_says_goodbye(house: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(house.url) as link:
            await listener(link).send("/ping")
            await listener(link).hear()
            await asyncio.to_thread(house.close)
            assert await listener(link).hear() == ("gone", 1001)

    visit(go)
    house.server.close()
