"""Opens OSC according to the options. What cannot be opened is reported, and the patch plays without it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Final

from live.engine.options import Options
from live.net.ports import open_free
from live.net.token import Token
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)

USUAL_PORT: Final = 9000


def open_osc(
    tree: Tree, clock: Clock, out: OscOutput, options: Options, fail: Callable[[str], None]
) -> OscServer | None:
    """Starts the OSC server; returns None if the options need none. `fail` is called with errors."""
    for host, port in options.osc_out:
        try:
            out.subscribe(host, port)
        except OSError as error:
            fail(f"--osc-out {host}:{port}: {error.strerror}; playing without it")
    server: OscServer | None = None
    if options.osc is not None:
        server = _listen(tree, clock, out, options, fail)
    elif options.osc_out:
        server = OscServer(tree, clock, "127.0.0.1", 0, out=out)
    if server is None:
        if options.http is None:
            return None
        # For the control page, and so that events are sent to it when they are due.
        server = OscServer(tree, clock, None, out=out)
    if not clock.virtual:
        server.start()
    return server


def is_loopback(host: str) -> bool:
    """Whether an address or name can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(
    tree: Tree, clock: Clock, out: OscOutput, options: Options, fail: Callable[[str], None]
) -> OscServer | None:
    """The server on UDP, and on TCP unless that port is taken; None if the UDP port is taken."""
    assert options.osc is not None
    host, wanted = options.osc
    token = Token(options.token) if options.token is not None else None

    def bind(port: int) -> OscServer:
        server = OscServer(tree, clock, host, port, out=out, allow=options.allow, token=token)
        if wanted is None and not clock.virtual:
            try:
                server.listen_tcp()
            except OSError:  # a port that is chosen automatically must be free on both
                server.close()
                raise
        return server

    server: OscServer | None = None
    try:
        server = open_free(USUAL_PORT, wanted, bind)
        if server.tcp is None and not clock.virtual:
            server.listen_tcp()
    except OSError as error:
        kind, rest = ("TCP", "OSC over UDP only") if server else ("UDP", "playing without OSC")
        taken = server is not None and options.http is not None and options.http[1] == wanted
        reason = "used by the control page" if taken else error.strerror
        port = "" if wanted is None else f" {wanted}"
        fail(f"OSC on {kind} port{port} of {host}: {reason}; {rest} (--osc-port chooses another)")
    if server is not None and not clock.virtual:
        if wanted is None and server.port != USUAL_PORT:
            log.warning("OSC port %d is taken; OSC listens on port %d", USUAL_PORT, server.port)
        _log_access(host, options)
    return server


def _log_access(host: str, options: Options) -> None:
    if is_loopback(host):
        return
    if options.token is not None:
        log.info("OSC on %s: other machines send /token TEXT first", host)
    elif not options.allow.networks:
        sentence = "OSC is open to the network on %s: any machine that can reach it can control this engine"
        log.warning(f"{sentence} (--allow and --token-file restrict it)", host)
