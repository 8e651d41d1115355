"""The web server as a part of the engine: opened with it, told when the patch is loaded again."""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Final

from live.engine.options import Options
from live.http.clients import WebSocketClients
from live.http.oscquery import OscQueryNamespace
from live.http.server import HttpServer
from live.http.stage_picture import StagePicture
from live.net.own_addresses import own_addresses
from live.osc.dispatch import REFUSED
from live.osc.opening import is_loopback
from live.osc.output import OscOutput
from live.osc.server import OscServer
from live.parameters.tree import Tree
from live.patch import Patch
from live.transport.clock import Clock
from live.video.stage import Stage
from models.base import Knob

if TYPE_CHECKING:
    from live.http.site import HttpSite

log = logging.getLogger(__name__)

LOOK_S: Final = 0.25
"""How often it looks for addresses that have come or gone."""
MOST_ERRORS: Final = 50


class HttpService:
    """OSCQuery and the control page, where the options ask for them; on a VirtualClock nothing is opened."""

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        stage: Stage,
        options: Options,
        fail: Callable[[str], None],
        out: OscOutput,
        osc: Callable[[], OscServer | None],
    ) -> None:
        self.tree = tree
        self.clock = clock
        self.server: HttpServer | None = None
        self.namespace = OscQueryNamespace(tree)
        self.clients = WebSocketClients(tree, out)
        self._options = options
        self._fail = fail
        self._osc = osc
        self._picture = StagePicture(stage, clock)
        self._errors: deque[tuple[str, str]] = deque(maxlen=MOST_ERRORS)
        self._started = False
        self._version = -1
        self._paths: dict[str, frozenset[str]] = {}

    # -- Part ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Takes the port; what cannot be is told, and the piece is played without."""
        options = self._options
        self.tree.add("/engine/page", Knob("Where the control page is", kind="text", default="", access="r"))
        self.tree.watchers.append(self._watch)
        if options.http is None or self.clock.virtual:
            return
        host, port = options.http
        try:
            self.server = HttpServer(host, port, self._site)
        except OSError as error:
            said = f"the control page on port {port} of {host}: {error.strerror or error}"
            self._fail(f"{said}; playing without (--http-port takes another)")
            return
        for url in self._urls():
            log.info("control page: %s", url)
        self.tree.publish("/engine/page", self._urls()[0])
        if not is_loopback(host) and options.token is None and not options.allow.networks:
            log.warning("the control page is open to the network; --token and --allow limit who may use it")

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """Tells who listens what has come and gone, and that values may be others."""
        self._look()
        if self.server is not None:
            self.server.tell([("PATH_CHANGED", "/")])

    def advance(self, now_s: float) -> float:
        """Serves from the first time on: by then everything is open."""
        if self.server is None:
            return float("inf")
        if not self._started:
            self._started = True
            self._version, self._paths = self.tree.version, self.namespace.paths()
            self.server.start()
        self._look()
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

    # -- Sights -------------------------------------------------------------------------------------------------

    def picture(self) -> bytes | None:
        """The stage as a JPEG."""
        return self._picture.jpeg()

    def stream(self) -> AsyncGenerator[bytes]:
        """Every picture of the stage."""
        return self._picture.stream()

    def errors(self) -> list[tuple[str, str]]:
        """What went wrong lately."""
        return list(self._errors)

    # -- inside -------------------------------------------------------------------------------------------------

    def _site(self) -> HttpSite:
        from live.http.guard import RequestGuard
        from live.http.site import HttpSite
        from live.http.websocket import WebSockets

        options = self._options
        assert options.http is not None
        return HttpSite(
            f"Arabesque on {socket.gethostname().partition('.')[0]}",
            namespace=self.namespace,
            sockets=WebSockets(self.clients, self.clock, self._osc),
            guard=RequestGuard(self.clock, options.http[0], options.allow, options.token),
            sights=self,
            osc=self._osc,
        )

    def _watch(self, address: str, arguments: tuple[Any, ...]) -> None:
        if address in ("/engine/error", REFUSED):
            self._errors.append((self.clock.date(), ": ".join(map(str, arguments))))

    def _look(self) -> None:
        version = self.tree.version
        if self.server is None or version == self._version:
            return
        before, self._paths, self._version = self._paths, self.namespace.paths(), version
        self.server.tell(changes(before, self._paths))
        for node, paths in self._paths.items():
            if paths != before.get(node):
                self.clients.refresh(paths)

    def _urls(self) -> list[str]:
        assert self.server is not None
        host, port = self.server.host, self.server.port
        hosts = own_addresses(host) or [host] if not is_loopback(host) else [host]
        return [f"http://{f'[{one}]' if ':' in one else one}:{port}/" for one in hosts]


def changes(before: dict[str, frozenset[str]], after: dict[str, frozenset[str]]) -> list[tuple[str, str]]:
    """What OSCQuery calls what happened between two states of the address space, by their nodes."""
    gone = [("PATH_REMOVED", node) for node in before if node not in after]
    come = [("PATH_ADDED", node) for node in after if node not in before]
    return gone + come + [("PATH_CHANGED", node) for node in after if before.get(node, after[node]) != after[node]]
