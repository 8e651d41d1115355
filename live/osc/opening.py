"""Opening OSC as the command line asks for it: what cannot be opened is told, and the piece plays without."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable

from live.engine.options import Options
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.transport.clock import Clock

log = logging.getLogger(__name__)


def open_osc(
    tree: Tree, clock: Clock, out: OscOutput, options: Options, fail: Callable[[str], None]
) -> OscServer | None:
    """The server, started; None where nobody wants one. `fail` takes the sentence of what could not be opened."""
    for host, port in options.osc_out:
        try:
            out.subscribe(host, port)
        except OSError as error:
            fail(f"--osc-out {host}:{port}: {error.strerror}; playing on without")
    wanted = options.osc or (("127.0.0.1", 0) if options.osc_out else None)
    if wanted is None and options.http is None:
        return None
    server: OscServer | None = None
    if wanted is not None:
        host, port = wanted
        try:
            server = OscServer(tree, clock, host, port, out=out, allow=options.allow)
            if options.osc is not None and not clock.virtual:
                _warn_if_open(host, options)
                server.listen_tcp()
        except OSError as error:
            kind, rest = ("TCP", "OSC over UDP only") if server else ("UDP", "playing without OSC")
            why = "the control page has it" if server and options.http and options.http[1] == port else error.strerror
            fail(f"OSC on {kind} port {port} of {host}: {why}; {rest} (--osc-port takes another)")
    if server is None:
        if options.http is None:
            return None
        server = OscServer(tree, clock, None, out=out)  # for the control page, and at its time what is sent there
    if not clock.virtual:
        server.start()
    return server


def is_loopback(host: str) -> bool:
    """Whether that address or name is this machine's own, which nobody else reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _warn_if_open(host: str, options: Options) -> None:
    if not is_loopback(host) and not options.allow.networks:
        log.warning("open to the network on %s: whoever reaches it can control this engine (--allow limits that)", host)
