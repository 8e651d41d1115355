"""An OSC server on a free port."""

from __future__ import annotations

from typing import Any

from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock

TRIES = 20


def udp_and_tcp_server(tree: Tree, clock: Clock, **options: Any) -> OscServer:
    """A server, not started, on a number that is free on UDP and on TCP: the system chooses it for UDP alone."""
    for _ in range(TRIES - 1):
        server = OscServer(tree, clock, port=0, **options)
        try:
            server.listen_tcp()
        except OSError:
            server.close()
        else:
            return server
    server = OscServer(tree, clock, port=0, **options)
    server.listen_tcp()
    return server
