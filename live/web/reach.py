"""Under which addresses others reach this machine."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr


def addresses(host: str) -> list[str]:
    """Our IPv4 addresses that others can reach when we listen on a host; none when it is loopback."""
    if host not in ("0.0.0.0", "::", ""):
        try:
            found = [socket.gethostbyname(host)]
        except OSError:
            return []
    else:
        found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [one for one in found if not ipaddress.ip_address(one).is_loopback]
