"""OSCQuery over real HTTP: answers and access rules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import ClientSession

from live.http.server import HttpServer
from live.net.allow import Allow
from live.net.token import Token

from live.http.site import PAGE  # isort: skip

Build = Callable[..., Any]
Visit = Callable[..., Any]


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/piano/temperature?VALUE", 200, {"VALUE": [1.0]}),
        ("/piano/temperature?RANGE&UNIT", 200, {"RANGE": [{"MIN": 0.1, "MAX": 3.0}], "UNIT": ["x"]}),
        ("/piano/scale/?TYPE", 200, {"TYPE": "s"}),
        ("/piano/reset?VALUE", 204, None),
        ("/piano/note?VALUE", 204, None),
        ("/piano?VALUE", 204, None),
        ("/piano/temprature", 404, "similar: /piano/temperature"),
        ("/piano/temprature?VALUE", 404, "similar: /piano/temperature"),
        ("/piano/temperature?COLOUR", 400, "no attribute COLOUR"),
        ("/-/nothing.js", 404, "no file"),
        ("/-/..%2fsite.py", 404, ""),
        ("/-/errors", 200, [{"date": "2026-01-02 20.15.00", "sentence": "a string is broken"}]),
    ],
)
def test_queries_are_answered_as_in_the_proposal(
    rig: Any, visit: Visit, path: str, status: int, answer: Any
) -> None:
    async def ask(session: ClientSession) -> None:
        async with session.get(rig.url + path) as said:
            assert said.status == status
            if status == 200:
                assert said.content_type == "application/json"
                assert await said.json() == answer
            elif answer is not None:
                assert answer in await said.text()

    visit(ask)


def test_programs_get_the_tree_and_browsers_the_page(rig: Any, visit: Visit) -> None:
    async def ask(session: ClientSession) -> None:
        async with session.get(rig.url) as said:
            assert list((await said.json())["CONTENTS"]) == ["piano", "engine"]
        async with session.get(rig.url, headers={"Accept": "application/json, text/plain, */*"}) as said:
            assert said.content_type == "application/json"
        browser = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
        for path in ("/", "/piano?HTML"):
            async with session.get(rig.url + path, headers=browser) as said:
                assert said.content_type == "text/html"
                assert "script-src 'self'" in said.headers["Content-Security-Policy"]
        async with session.get(rig.url + "/?HOST_INFO", headers=browser) as said:
            info = await said.json()
        assert (info["OSC_PORT"], info["WS_PORT"]) == (rig.osc.port, rig.server.port)
        async with session.get(rig.url + "/-/stage.jpg") as said:
            assert (said.content_type, await said.read()) == ("image/jpeg", b"a picture")

    visit(ask)


def test_the_stage_is_a_stream_of_pictures(rig: Any, visit: Visit) -> None:
    async def ask(session: ClientSession) -> None:
        async with session.get(rig.url + "/stream.mjpg") as said:
            assert said.content_type == "multipart/x-mixed-replace"
            parts = (await said.read()).split(b"--picture\r\n")
        assert [part.partition(b"\r\n\r\n")[2] for part in parts[1:]] == [b"one\r\n", b"other\r\n"]

    visit(ask)


def test_every_file_of_the_page_exists_and_loads_nothing_from_outside(rig: Any, visit: Visit) -> None:
    async def ask(session: ClientSession) -> None:
        for file in PAGE.iterdir():
            async with session.get(f"{rig.url}/-/{file.name}") as said:
                assert said.status == 200
                text = await said.text()
            assert text == file.read_text(encoding="utf-8")
            assert "https://" not in text
            assert text.count("http://") == text.count('xmlns="http://www.w3.org/2000/svg"')

    visit(ask)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_written_by_http(rig: Any, visit: Visit, method: str) -> None:
    async def ask(session: ClientSession) -> None:
        async with session.request(method, rig.url + "/piano/temperature?VALUE", data=b"2") as said:
            assert said.status == 405

    visit(ask)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:9080"}, 200),
        ({"Host": "[::1]:9080"}, 200),
        ({"Host": "192.168.1.7"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:9080"}, 403),
        ({"Host": ""}, 403),
    ],
)
def test_a_foreign_name_that_points_here_is_refused(
    rig: Any, visit: Visit, headers: dict[str, str], status: int
) -> None:
    async def ask(session: ClientSession) -> None:
        async with session.get(rig.url, headers=headers) as said:
            assert said.status == status

    visit(ask)


def test_a_token_is_asked_for_and_kept(build: Build, visit: Visit) -> None:
    rig = build(token="tosca")

    async def ask(session: ClientSession) -> None:
        path = f"{rig.url}/piano/temperature"
        for wrong in ("", "?token=tosco", "?VALUE&token="):
            async with session.get(path + wrong) as said:
                assert said.status == 401
                assert "token" in await said.text()
        async with session.get(path, headers={"Authorization": "Bearer tosca"}) as said:
            assert said.status == 200
        async with session.get(path) as said:  # that was for one request
            assert said.status == 401
        async with session.get(path + "?VALUE&token=tosca") as said:
            assert await said.json() == {"VALUE": [1.0]}
            cookie = said.cookies["arabesque_token"]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
            assert "tosca" not in cookie.value
        async with session.get(path, cookies={"arabesque_token": cookie.value}) as said:
            assert said.status == 200
        session.cookie_jar.clear()
        async with session.get(path, cookies={"arabesque_token": "tosca"}) as said:
            assert said.status == 401

    visit(ask)


def test_guessing_tokens_is_slowed_down(build: Build, visit: Visit) -> None:
    rig = build(token="tosca")

    async def ask(session: ClientSession) -> None:
        statuses = []
        for guess in range(30):
            async with session.get(f"{rig.url}/?token={guess}") as said:
                statuses.append(said.status)
        assert statuses[:10] == [401] * 10
        assert 429 in statuses
        async with session.get(f"{rig.url}/?token=tosca") as said:  # the right one among guesses is not compared
            assert (said.status, said.cookies) == (429, {})
        async with session.get(rig.url, cookies={"arabesque_token": Token("tosca").cookie}) as said:
            assert said.status == 200

    visit(ask)


def test_too_many_requests_are_refused(rig: Any, visit: Visit) -> None:
    async def ask(session: ClientSession) -> None:
        for _ in range(5_000):
            async with session.get(rig.url + "/piano/title?VALUE") as said:
                if said.status == 429:
                    return
        raise AssertionError("nobody stopped it")

    visit(ask)


def test_only_listed_machines_may_connect(build: Build, visit: Visit) -> None:
    class NoHost(Allow):
        def __contains__(self, host: object) -> bool:
            return False

    rig = build(allow=NoHost())

    async def ask(session: ClientSession) -> None:
        async with session.get(rig.url) as said:
            assert said.status == 403
            assert "--allow" in await said.text()

    visit(ask)


def test_idle_connections_are_closed_for_new_ones(rig: Any, visit: Visit) -> None:
    async def ask(session: ClientSession) -> None:
        writers = [(await asyncio.open_connection("127.0.0.1", rig.server.port))[1] for _ in range(400)]
        async with session.get(rig.url) as said:
            assert said.status == 200
        for writer in writers:
            writer.close()

    visit(ask)


def test_a_taken_port_is_an_os_error(rig: Any) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpServer("127.0.0.1", rig.server.port, lambda: None)  # type: ignore[arg-type, return-value]
