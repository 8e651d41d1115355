"""Telling the network that we are here: `_oscjson._tcp` and `_osc._udp` by multicast DNS."""

from __future__ import annotations

import contextlib
import logging
import socket
from typing import Final, Self

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from live.net.own_addresses import own_addresses

log = logging.getLogger(__name__)

OSCQUERY: Final = "_oscjson._tcp.local."
OSC: Final = "_osc._udp.local."


class ZeroconfAnnouncement:
    """What is announced, from `begin` until `end`. Both run on the server's loop and never raise."""

    def __init__(self) -> None:
        self._zeroconf: AsyncZeroconf | None = None

    @classmethod
    async def begin(cls, name: str, host: str, http_port: int, osc_port: int | None) -> Self:
        """Announces the HTTP port, and the OSC port if there is one, on all networks that reach the host."""
        made = cls()
        own = own_addresses(host)
        if not own:
            return made
        packed = [socket.inet_aton(one) for one in own]
        server = f"{socket.gethostname().partition('.')[0]}.local."
        try:
            made._zeroconf = AsyncZeroconf(interfaces=own)
            for kind, port in ((OSCQUERY, http_port), (OSC, osc_port)):
                if port is not None:
                    info = AsyncServiceInfo(kind, f"{name}.{kind}", port, addresses=packed, server=server)
                    await (await made._zeroconf.async_register_service(info, allow_name_change=True))
        except (OSError, Error) as error:
            log.warning("the network is not told that this engine is here: %s", error or type(error).__name__)
            await made.end()
        else:
            log.info("announced as %s on %s", name, ", ".join(own))
        return made

    async def end(self) -> None:
        """Takes all of it back."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_unregister_all_services()
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_close()
