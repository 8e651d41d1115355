"""Which machines may control this engine."""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass
from typing import Self

from live.net.own_addresses import is_own_address

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Allow:
    """Everybody who can reach it, or, with networks, those in them and this machine itself.

    `host in allow` for an IP address as text; what is no IP address is not in it.
    """

    networks: tuple[_Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a list such as "192.168.1.0/24,10.0.0.7". Raises ValueError with the sentence a person needs."""
        networks: list[_Network] = []
        for part in filter(None, (one.strip() for one in text.split(","))):
            try:
                networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                raise ValueError(f"expected IP addresses or networks such as 192.168.1.0/24, got {part}") from None
        if not networks:
            raise ValueError("expected at least one IP address or network, such as 192.168.1.0/24")
        return cls(tuple(networks))

    def __contains__(self, host: object) -> bool:
        if not self.networks:
            return True
        try:
            address = ipaddress.ip_address(str(host))
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if address.is_loopback or any(address in network for network in self.networks):
            return True
        return _is_ours(str(address))


@functools.lru_cache(maxsize=256)
def _is_ours(host: str) -> bool:
    """Whether that is an address of this machine, which is then its own sender."""
    return host in is_own_address()
