"""The HTTP server as a service of the engine."""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Final

from live.engine.options import Options
from live.http.clients import WebSocketClients
from live.http.first_view import first_view, unknown
from live.http.oscquery import OscQueryNamespace
from live.http.response import Responders
from live.http.server import HttpServer
from live.http.stage_picture import StagePicture, page_reach, withheld
from live.net.own_addresses import own_addresses, resolved_names
from live.net.ports import open_free
from live.net.token import Token
from live.osc.complaints import REFUSED
from live.osc.opening import is_loopback
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.service_context import ServiceContext
from live.patch import Patch
from live.video.stage import Stage
from models.base import Knob

if TYPE_CHECKING:
    from live.http.guard import RequestGuard
    from live.http.site import HttpSite

log = logging.getLogger(__name__)

USUAL_PORT: Final = 9080
WITHHELD: Final = "/engine/withheld"
LOOK_S: Final = 0.25
"""Interval at which added and removed parameters are detected."""
MOST_ERRORS: Final = 50


class HttpService:
    """OSCQuery and the control page, if the options ask for them; on a VirtualClock nothing is opened."""

    def __init__(
        self,
        context: ServiceContext,
        stage: Stage,
        options: Options,
        out: OscOutput,
        osc: Callable[[], OscServer | None],
        patch: Patch,
        answers: Responders | None = None,
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.server: HttpServer | None = None
        self.namespace = OscQueryNamespace(context.tree)
        self.clients = WebSocketClients(context.tree, out)
        self._options = options
        self._fail = context.fail
        self._osc = osc
        self._patch = patch
        self._answers = answers or {}
        self._reported: tuple[str, ...] = ()
        self._stage = stage
        self._picture = StagePicture(stage, context.clock, page_reach(options.http))
        self._errors: deque[tuple[str, str]] = deque(maxlen=MOST_ERRORS)
        self._started = False
        self._version = -1
        self._paths: dict[str, frozenset[str]] = {}
        self._logged: list[str] = []
        self._guard: RequestGuard | None = None

    # -- Service ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Opens the port; if it is taken, this is reported, and the patch plays without the page."""
        options = self._options
        self.tree.add("/engine/page", Knob("Address of the control page", kind="text", default="", access="r"))
        controls = Knob("The addresses of the page's first view, one per line", kind="text", default="", access="r")
        self.tree.add("/engine/controls", controls)
        self.tree.add(WITHHELD, Knob("Why the page shows no camera picture", kind="text", default="", access="r"))
        self.tree.watchers.append(self._watch)
        self._choose(self._patch)
        if options.http is None or self.clock.virtual:
            return
        host, port = options.http
        try:
            self.server = open_free(USUAL_PORT, port, lambda free: HttpServer(host, free, self._site))
        except OSError as error:
            reason = f"the control page on port {port or USUAL_PORT} of {host}: {error.strerror or error}"
            self._fail(f"{reason}; playing without it (--http-port chooses another port)")
            return
        if port is None and self.server.port != USUAL_PORT:
            log.warning("port %d is taken; the control page is on port %d", USUAL_PORT, self.server.port)
        self.addresses_changed()
        if not is_loopback(host) and options.token is None and not options.allow.networks:
            log.warning("the control page is open to the network; --token-file and --allow restrict it")

    def follow(self, patch: Patch) -> None:
        """Sends added and removed parameters to the clients, and the values, which may have changed."""
        self._choose(patch)
        self._look()
        if self.server is not None:
            self.server.send_commands([("PATH_CHANGED", "/")])

    def advance(self, now_s: float) -> float:
        """Starts the server at the first call, when everything is open; then detects changes of the tree."""
        if self.server is None:
            return float("inf")
        if not self._started:
            self._started = True
            self._version, self._paths = self.tree.version, self.namespace.paths()
            self.server.start()
        self._look()
        self._publish_withheld()
        self._picture.rest(now_s)
        return now_s + LOOK_S

    def close(self) -> None:
        """Ends all connections."""
        if self.server is not None:
            self.server.close()
        self._picture.close()
        for watcher in (self._watch, self.clients.watch):
            if watcher in self.tree.watchers:
                self.tree.watchers.remove(watcher)

    # -- PageSources -------------------------------------------------------------------------------------------------

    def picture(self) -> bytes | None:
        """The stage as a JPEG."""
        return self._picture.jpeg()

    def stream(self) -> AsyncGenerator[bytes]:
        """Yields every picture of the stage."""
        return self._picture.stream()

    def errors(self) -> list[tuple[str, str]]:
        """The last errors."""
        return list(self._errors)

    def addresses_changed(self) -> None:
        """Publishes and logs the page's address, and asks the name server for this machine's names."""
        urls = self._urls()
        for url in urls:
            if url not in self._logged:
                log.info("control page: %s", url)
        self._logged = urls
        self.tree.publish("/engine/page", urls[0])
        if self._guard is not None:
            # A daemon thread, since a name server may take seconds, which must not delay the stop of the engine.
            threading.Thread(target=self._resolve, args=(self._guard,), name="host names", daemon=True).start()

    # -- inside -------------------------------------------------------------------------------------------------

    def _site(self) -> HttpSite:
        from live.http.guard import RequestGuard
        from live.http.site import HttpSite
        from live.http.websocket import WebSockets

        options = self._options
        assert options.http is not None
        assert self.server is not None
        token = Token(options.token) if options.token is not None else None
        self._guard = RequestGuard(self.clock, options.http[0], options.allow, token, self.server.port)
        return HttpSite(
            f"Arabesque on {socket.gethostname().partition('.')[0]}",
            namespace=self.namespace,
            sockets=WebSockets(self.clients, self.clock, self._osc),
            guard=self._guard,
            sources=self,
            osc=self._osc,
            answers=self._answers,
        )

    def _choose(self, patch: Patch) -> None:
        """Publishes the first view, and reports addresses that do not exist."""
        if patch.page != self._reported:
            for sentence in unknown(self.tree, patch):
                self._fail(sentence)
        self._reported = patch.page
        self.tree.publish("/engine/controls", "\n".join(first_view(self.tree, patch)))

    def _resolve(self, guard: RequestGuard) -> None:
        guard.names = guard.names | resolved_names()

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address in ("/engine/error", REFUSED):
            self._errors.append((self.clock.date(), ": ".join(map(str, arguments))))

    def _publish_withheld(self) -> None:
        text = withheld(self._stage, page_reach(self._options.http))
        if text != self.tree.get(WITHHELD):
            self.tree.publish(WITHHELD, text)

    def _look(self) -> None:
        version = self.tree.version
        if self.server is None or version == self._version:
            return
        before, self._paths, self._version = self._paths, self.namespace.paths(), version
        self.server.send_commands(changes(before, self._paths))
        for node, paths in self._paths.items():
            if paths != before.get(node):
                self.clients.refresh(paths)

    def _urls(self) -> list[str]:
        assert self.server is not None
        host, port = self.server.host, self.server.port
        hosts = own_addresses(host) or [host] if not is_loopback(host) else [host]
        return [f"http://{f'[{one}]' if ':' in one else one}:{port}/" for one in hosts]


def changes(before: dict[str, frozenset[str]], after: dict[str, frozenset[str]]) -> list[tuple[str, str]]:
    """OSCQuery's commands for the difference between two states of the address space, one per node."""
    gone = [("PATH_REMOVED", node) for node in before if node not in after]
    come = [("PATH_ADDED", node) for node in after if node not in before]
    return gone + come + [("PATH_CHANGED", node) for node in after if before.get(node, after[node]) != after[node]]
