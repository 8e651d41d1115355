"""The addresses and names of this machine, which may change while the program runs."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ifaddr

from live.transport.clock import Clock

REFRESH_S: Final = 5.0
"""Age of the list of addresses after which it is read again for an unknown host."""
RESOLVER: Final = Path("/etc/resolv.conf")
LOCAL_SUFFIXES: Final = ("local", "localdomain", "lan", "home", "home.arpa", "internal", "fritz.box")
"""Domains that cannot be registered, so that names in them come from the local network."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def machine_addresses() -> list[str]:
    """All IPv4 and IPv6 addresses of this machine."""
    ips = (ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return [str(ip.ip) if ip.is_IPv4 else ip.ip[0] for ip in ips]


def own_addresses(host: str) -> list[str]:
    """The IPv4 addresses at which other machines reach a server that listens on `host`; none for loopback."""
    if host not in ("0.0.0.0", "::", ""):
        try:
            found = [socket.gethostbyname(host)]
        except OSError:
            return []
    else:
        found = [one for one in machine_addresses() if ":" not in one]
    return [one for one in found if not ipaddress.ip_address(one).is_loopback]


def own_networks() -> list[Network]:
    """The networks of this machine's interfaces."""
    ips = (ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return [
        ipaddress.ip_network(f"{ip.ip if ip.is_IPv4 else ip.ip[0]}/{ip.network_prefix}", strict=False) for ip in ips
    ]


def own_names(host: str) -> set[str]:
    """The names of this machine without a name server: its host name, alone and in its search domains."""
    full = socket.gethostname().lower()
    short = full.partition(".")[0]
    domains = [*LOCAL_SUFFIXES, *_search_domains()]
    return {"localhost", host.lower(), full, short, *(f"{short}.{domain}" for domain in domains)}


def resolved_names() -> set[str]:
    """The names of this machine's addresses from the name server, such as vm.fritz.box. May take seconds."""
    names = {socket.getfqdn().lower()}
    for address in machine_addresses():
        with contextlib.suppress(OSError, UnicodeError):
            names.add(socket.gethostbyaddr(address)[0].lower())
    return names


class OwnAddresses:
    """The set of this machine's addresses: `host in own`; for an unknown host it is read again at most every 5 s.

    Therefore a new address is known within 5 s, and a flood of packets from another machine does not read the
    interfaces for each packet. May be used from any thread.
    """

    def __init__(self, clock: Clock, read: Callable[[], list[str]] = machine_addresses) -> None:
        self._now, self._read = clock.now, read
        self._lock = threading.Lock()
        self._addresses: frozenset[str] = frozenset()
        self._read_s = float("-inf")

    def __contains__(self, host: object) -> bool:
        if host in self._addresses and self._now() - self._read_s < REFRESH_S:
            return True
        with self._lock:
            if self._now() - self._read_s >= REFRESH_S:
                self._addresses = frozenset(self._read())
                self._read_s = self._now()
        return host in self._addresses


OWN: Final = OwnAddresses(Clock())
"""The addresses of this machine, shared by the whole program."""


def _search_domains() -> list[str]:
    try:
        lines = RESOLVER.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines if line.startswith(("search ", "domain "))]
    return [domain.strip(".").lower() for _, *domains in words for domain in domains if domain.strip(".")]
