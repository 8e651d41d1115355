"""The WebSocket: LISTEN, IGNORE, OSC in both directions, refused clients, and clients that do not read."""

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


def test_a_listener_receives_the_value_at_once_then_every_change(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature", "/piano/mute", "/piano/scale", "/piano/pitch_class/c_sharp")
            heard = [await me.hear() for _ in range(4)]
            assert heard == [
                ("/piano/temperature", 1.0),
                ("/piano/mute", False),
                ("/piano/scale", "major"),
                ("/piano/pitch_class/c_sharp", 1.0),
            ]
            rig.tree.set("/piano/mute", True)
            assert await me.hear() == ("/piano/mute", True)
            rig.tree.set("/piano/pitch_class", (0.0, 0.5, 0.0))
            assert await me.hear() == ("/piano/pitch_class/c_sharp", 0.5)

    visit(go)


def test_signals_and_buttons_arrive_in_order(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await me.listen("/piano/note", "/piano/reset", "/piano/title")
            assert await me.hear() == ("/piano/title", "")
            rig.osc.out.voice("piano").send(0.0, NoteOn(60, 80))
            assert await me.hear() == ("/piano/note", 60, 80, 1)
            for pitch in range(50):
                rig.tree.publish("/piano/note", pitch, 64, 1)
            assert [(await me.hear())[1] for _ in range(50)] == list(range(50))
            rig.tree.set("/piano/reset", True)
            assert (await me.hear())[0] == "/piano/reset"

    visit(go)


def test_osc_is_understood_and_answered(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
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
            rig.tree.set("/piano/title", "Night Train")
            assert await me.hear() == ("/piano/title", "Night Train")

    visit(go)
    assert rig.tree.get("/piano/temperature") == 2.0


def test_a_clipped_value_is_sent_back_to_its_writer(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature")
            await me.hear()
            for _ in range(2):  # although 3 has already been sent
                await me.send("/piano/temperature", 99)
                heard = {(await me.hear())[:2], (await me.hear())[:2]}
                assert heard == {("/error", "/piano/temperature"), ("/piano/temperature", 3.0)}
            await me.send("/piano/temperature", 3)
            await me.send("/ping", 1)
            assert await me.hear() == ("/pong", 1)

    visit(go)


def test_ignored_addresses_are_not_sent(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature", "/piano/pitch_class/c")
            await me.hear(), await me.hear()
            await me.say("IGNORE", "/piano/temperature")
            await me.say("IGNORE", "/piano/pitch_class/c")
            await me.send("/ping")
            await me.hear()
            rig.tree.set("/piano/temperature", 2)
            rig.tree.set("/piano/pitch_class", (0, 0, 0))
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
def test_invalid_messages_are_answered(rig: Any, visit: Visit, listener: Any, text: str, sentence: str) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await link.send_str(text)
            heard = await me.hear()
            assert heard[:2] == ("/error", "#websocket")
            assert sentence in heard[2]
            await link.send_bytes(b"\xff\xfe\x00")
            assert (await me.hear())[0] == "/error"

    visit(go)


def test_a_frame_that_is_too_long_ends_the_connection(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            await link.send_bytes(b"/" * 100_000)
            assert (await listener(link).hear())[0] == "gone"

    visit(go)


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [(None, True), ("own", True), ("http://evil.example", False), ("http://127.0.0.1:1", False), ("null", False)],
)
def test_pages_of_another_origin_are_refused(rig: Any, visit: Visit, origin: str | None, let_in: bool) -> None:
    async def go(session: ClientSession) -> None:
        headers = {"Origin": rig.url if origin == "own" else origin} if origin else {}
        if let_in:
            async with session.ws_connect(rig.url, headers=headers):
                return
        with pytest.raises(WSServerHandshakeError, match="403"):
            await session.ws_connect(rig.url, headers=headers)

    visit(go)


def test_a_token_is_asked_for_here_too(build: Any, visit: Visit) -> None:
    rig = build(token="tosca")

    async def go(session: ClientSession) -> None:
        with pytest.raises(WSServerHandshakeError, match="401"):
            await session.ws_connect(rig.url)
        async with session.ws_connect(rig.url + "/?token=tosca"):
            pass

    visit(go)


def test_a_client_over_the_limit_is_refused_until_one_leaves(rig: Any, visit: Visit) -> None:
    async def go(session: ClientSession) -> None:
        sockets = [await session.ws_connect(rig.url) for _ in range(MAX_CLIENTS)]
        with pytest.raises(WSServerHandshakeError, match="503"):
            await session.ws_connect(rig.url)
        await sockets[0].close()
        while sockets[0].closed:  # the server notices it later
            with contextlib.suppress(WSServerHandshakeError):
                sockets[0] = await session.ws_connect(rig.url)
        for one in sockets:
            await one.close()

    visit(go)
    rig.server.close()
    assert len(rig.clients) == 0


def test_added_and_removed_nodes_are_announced(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            rig.tree.add("/ink/speed", Knob("Speed", 0, 9))
            await me.listen("/ink/speed")
            assert await me.hear() == ("/ink/speed", 0.0)
            rig.tree.remove("ink")
            rig.server.send_commands([("PATH_REMOVED", "/ink")])
            assert await me.hear() == ("PATH_REMOVED", "/ink")
            rig.tree.add("/ink/speed", Knob("Speed", 0, 9, default=5.0))
            rig.clients.refresh(frozenset({"/ink/speed"}))
            assert await me.hear() == ("/ink/speed", 5.0)
            rig.tree.set("/ink/speed", 6)
            assert await me.hear() == ("/ink/speed", 6.0)

    visit(go)


def test_a_flood_of_changes_becomes_the_newest_value(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            me = listener(link)
            await me.listen("/piano/temperature")
            await me.hear()

            def flood() -> None:
                for number in range(20_000):
                    rig.tree.set("/piano/temperature", 0.5 + number / 10_000)

            await asyncio.to_thread(flood)
            heard = [(await me.hear())[1]]
            while heard[-1] != pytest.approx(2.4999):
                heard.append((await me.hear())[1])
            assert heard == sorted(heard)
            assert len(heard) < 2_000

    visit(go)


UPGRADE = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"


def test_a_client_that_does_not_read_is_disconnected(build: Any) -> None:
    rig = build(patience_s=0.1)
    wanted = b'{"COMMAND": "LISTEN", "DATA": "/piano/note"}'
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(PATIENCE_S)
        deaf.connect(("127.0.0.1", rig.server.port))
        deaf.sendall(UPGRADE + KEY)
        assert deaf.recv(20).startswith(b"HTTP/1.1 101")
        deaf.sendall(bytes([0x81, 0x80 + len(wanted), 0, 0, 0, 0]) + wanted)  # a text frame, masked with zeros
        while not len(rig.clients):
            pass
        while len(rig.clients):  # unread data fills the socket buffers, then the server gives up
            rig.tree.publish("/piano/note", 4_000 * "x")


def test_closing_sends_a_close_frame(rig: Any, visit: Visit, listener: Any) -> None:
    async def go(session: ClientSession) -> None:
        async with session.ws_connect(rig.url) as link:
            await listener(link).send("/ping")
            await listener(link).hear()
            await asyncio.to_thread(rig.close)
            assert await listener(link).hear() == ("gone", 1001)

    visit(go)
    rig.server.close()
