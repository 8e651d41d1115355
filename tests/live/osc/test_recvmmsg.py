"""Receives many packets in one call, with the same result as one by one."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

import pytest

from live.osc.recvmmsg import AT_ONCE, BatchReceiver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="recvmmsg exists on Linux only")


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["IPv4", "IPv6"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The receiver and the sending socket."""
    family, host = request.param
    with socket.socket(family, socket.SOCK_DGRAM) as one, socket.socket(family, socket.SOCK_DGRAM) as other:
        one.bind((host, 0))
        other.bind((host, 0))
        other.connect(one.getsockname())
        yield one, other


def test_packets_are_complete_in_order_and_with_their_sender(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    sent = [bytes([number]) * (number * 37 % 5_000) for number in range(AT_ONCE + 10)]
    for packet in sent:
        other.send(packet)
    mouthful = BatchReceiver(one, 65_536)
    came = mouthful.take(1) + mouthful.take(10_000)
    assert len(came) == AT_ONCE + 1
    came += mouthful.take(10_000)
    assert [packet for packet, _ in came] == sent
    assert {peer for _, peer in came} == {other.getsockname()[:2]}
    with pytest.raises(BlockingIOError):
        mouthful.take(1)


def test_the_longest_packet_is_complete(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200_000)
    other.send(60_000 * b"x")
    other.send(b"")
    assert [packet for packet, _ in BatchReceiver(one, 65_536).take(9)] == [60_000 * b"x", b""]


def test_a_closed_socket_is_an_os_error(pair: tuple[socket.socket, socket.socket]) -> None:
    mouthful = BatchReceiver(pair[0], 65_536)
    pair[0].close()
    with pytest.raises(OSError, match="descriptor"):
        mouthful.take(1)
