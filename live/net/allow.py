"""The allow list: machines that may control this engine, and receivers that they may name."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self

from live.net.own_addresses import OWN, Network, own_networks

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Allow:
    """Allows every machine or, with networks, the machines in them and this machine itself.

    `host in allow` tests an IP address as text; any other text is not in it.
    """

    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses a list such as "192.168.1.0/24,10.0.0.7". Raises ValueError with a sentence for the user."""
        networks: list[Network] = []
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
        address = _address(host)
        return address is not None and (self._listed(address) or is_own(str(address)))

    def reaches(self, host: str) -> bool:
        """Whether a sender may name this host as the receiver of a subscription.

        It must be on the list or, without a list, in a private network or a network of this machine. Otherwise a packet
        with a forged sender could direct the engine's messages to any machine on the internet.
        """
        address = _address(host)
        if address is None:
            return False
        if self.networks:
            return self._listed(address) or is_own(host)
        return address.is_private or any(address in network for network in own_networks())

    def _listed(self, address: _Address) -> bool:
        return address.is_loopback or any(address in network for network in self.networks)


def is_own(host: str) -> bool:
    """Whether this IP address currently belongs to this machine."""
    address = _address(host)
    return address is not None and (address.is_loopback or str(address) in OWN)


def _address(host: object) -> _Address | None:
    try:
        address = ipaddress.ip_address(str(host))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
