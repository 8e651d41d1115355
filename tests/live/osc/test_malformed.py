"""Malformed packets: the server survives them and continues."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live.osc.encode import message
from live.osc.server import OscServer

Hear = Callable[[socket.socket], tuple[Any, ...]]


NASTY = {
    "element size -4": b"#bundle\0" + bytes(7) + b"\1" + b"\xff\xff\xff\xfc" + bytes(4),
    "catastrophic regex": message("/" + "*a" * 32 + "b", 1.0),
    "far-future timetag": b"#bundle\0" + b"\xff" * 8 + struct.pack(">i", 8) + b"/a\0\0,\0\0\0",
    "unknown type tag": b"/piano/density\0\0,Qf\0" + bytes(8),
    "bad UTF-8": b"/piano/title\0\0\0\0,s\0\0\xff\xfe\xfd\0",
    "bad UTF-8 address": b"/\xff\xfe\0,f\0\0" + bytes(4),
    "1,200 deep": b"#bundle\0" + bytes(8) + (struct.pack(">i", 16) + b"#bundle\0" + bytes(8)) * 1_200,
    "really 1,200 deep": b"".join(
        b"#bundle\0" + bytes(8) + struct.pack(">i", 20 * n + 16) for n in range(1_199, -1, -1)
    )
    + b"#bundle\0"
    + bytes(8),
    "a blob of 2 GB": b"/piano/density\0\0,b\0\0\x7f\xff\xff\xff",
    "not a number": message("/piano/density", float("nan")),
    "infinity": message("/piano/density", float("inf")),
    "an endless glide": message("/piano/density", 1.0, float("inf")),
    "a long unknown address": message("/" + "a" * 4_000, 1.0),
    "a long question": message("/get", "/" + "a" * 4_000),
    "many questions": message("/get", *["//"] * 900),
    "zeros": bytes(64),
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", NASTY)
def test_the_server_survives_malformed_packets(rig: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        rig.raw(NASTY[name])
    assert rig.send("/piano/temperature", 0.5) == []
    assert rig.tree.get("/piano/temperature") == 0.5
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"#bundle\0", bytes(7) + b"\1", b"\0\0\0\x10", b"\0\0\0\x14", b"/piano/*", bytes(4)),
                *(b",f\0\0", b",s\0\0", b"?\xf0\0\0", b",T\0\0", b"//\0\0", b"/get", b"/subscri", b"be\0\0"),
                *(b",i\0\0", b"\x7f\xff\xff\xff", b",[i]", b"/list\0\0\0", b"/ping\0\0\0", b",I\0\0"),
            ]
        ),
        max_size=20,
    ).map(b"".join)
)
def test_no_bytes_raise(rig: Any, packet: bytes) -> None:
    rig.raw(packet)
    assert 0.0 <= rig.tree.get("/piano/density") <= 20.0


def test_the_server_survives_arbitrary_datagrams(server: OscServer, client: socket.socket, hear: Hear) -> None:
    for packet in NASTY.values():
        client.send(packet)
    client.send(message("/ping", "still there"))
    heard: list[Any] = []
    with contextlib.suppress(TimeoutError):
        while not heard or heard[-1][0] != "/pong":
            heard.append(hear(client))
    assert heard[-1] == ("/pong", "still there")
