"""The list of machines that may control the engine."""

from __future__ import annotations

import ifaddr
import pytest

from live.net.allow import Allow


def test_without_a_list_every_machine_may_connect() -> None:
    assert "203.0.113.9" in Allow()


@pytest.mark.parametrize(
    ("host", "let_in"),
    [
        ("192.168.1.7", True),
        ("192.168.2.7", False),
        ("10.0.0.7", True),
        ("10.0.0.8", False),
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:192.168.1.9", True),
        ("::ffff:8.8.8.8", False),
        ("fe80::1%eth0", False),
        ("somebody", False),
        ("", False),
    ],
)
def test_with_a_list_only_listed_machines_and_this_one_may(host: str, let_in: bool) -> None:
    assert (host in Allow.parse("192.168.1.0/24, 10.0.0.7,")) is let_in


def test_this_machine_may_connect_from_each_of_its_addresses() -> None:
    allow = Allow.parse("203.0.113.0/24")
    ours = {str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4}
    assert "127.0.0.1" in ours
    assert all(address in allow for address in ours)


@pytest.mark.parametrize("text", ["", " ,", "192.168.1.0/33", "the stage"])
def test_an_invalid_list_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"192\.168\.1\.0/24"):
        Allow.parse(text)
