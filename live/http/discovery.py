"""Announces the HTTP and OSC ports by multicast DNS, as `_oscjson._tcp` and `_osc._udp`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Final, Self

from zeroconf import Error
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from live.net.own_addresses import own_addresses

log = logging.getLogger(__name__)

OSCQUERY: Final = "_oscjson._tcp.local."
OSC: Final = "_osc._udp.local."
LOOK_S: Final = 5.0
"""Interval at which the machine's addresses are read again."""


class ZeroconfAnnouncement:
    """An announcement from `begin` until `end`. Both run on the server's loop and never raise."""

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
            log.warning("the engine cannot be announced on the network: %s", error or type(error).__name__)
            await made.end()
        else:
            log.info("announced as %s on %s", name, ", ".join(own))
        return made

    async def end(self) -> None:
        """Withdraws the announcement."""
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_unregister_all_services()
            with contextlib.suppress(OSError, Error):
                await zeroconf.async_close()


async def keep_announced(
    name: str, host: str, http_port: int, osc_port: Callable[[], int | None], changed: Callable[[], None]
) -> None:
    """Announces until cancelled, and again when this machine's addresses change; `changed` is called each time."""
    announced, before = ZeroconfAnnouncement(), list[str]()
    try:
        while True:
            own = await asyncio.to_thread(own_addresses, host)
            if own != before:
                before = own
                changed()
                await announced.end()
                announced = await ZeroconfAnnouncement.begin(name, host, http_port, osc_port())
            await asyncio.sleep(LOOK_S)
    finally:
        await announced.end()
