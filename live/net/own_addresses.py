"""Under which addresses others reach this machine."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr


def is_own_address() -> list[str]:
    """All addresses of this machine, of both families."""
    ips = (ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return [str(ip.ip) if ip.is_IPv4 else ip.ip[0] for ip in ips]


def own_addresses(host: str) -> list[str]:
    """Our IPv4 addresses that others can reach when we listen on a host; none when it is loopback."""
    if host not in ("0.0.0.0", "::", ""):
        try:
            found = [socket.gethostbyname(host)]
        except OSError:
            return []
    else:
        found = [one for one in is_own_address() if ":" not in one]
    return [one for one in found if not ipaddress.ip_address(one).is_loopback]
