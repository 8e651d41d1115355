"""Who is let in over HTTP, and what a page of ours may do."""

from __future__ import annotations

import hmac
import ipaddress
import logging
import socket
from typing import Final

from aiohttp import web

from live.net.allow import Allow
from live.net.rate_limit import RateLimit
from live.transport.clock import Clock

log = logging.getLogger(__name__)

COOKIE: Final = "arabesque_token"


class RequestGuard:
    """Decides about each request, in this order: the sender's address, the name it calls us by, how often it asks, the
    token.

    A browser lets any page of the world send requests here. So WebSockets are for pages of our own (the Origin a
    browser names must be the Host it calls), and the Host must be an address or this machine's own name: a foreign name
    that was made to point here (DNS rebinding) is refused.
    """

    def __init__(self, clock: Clock, host: str, allow: Allow, token: str | None) -> None:
        self.token = token
        self._clock = clock
        self._allow = allow
        own = socket.gethostname().lower()
        self._names = {"localhost", own, f"{own}.local", f"{own.partition('.')[0]}.local", host.lower()}
        self._requests = RateLimit(400, 100)
        self._wrong_tokens = RateLimit(10, 0.5)

    def check(self, request: web.BaseRequest) -> None:
        """Raises the HTTP error with its sentence for a request that is not let in."""
        sender = request.remote or ""
        if sender not in self._allow:
            raise web.HTTPForbidden(text=f"{sender} is not on the list of --allow")
        name = _host_name(request.headers.get("Host", ""))
        if not (_is_address(name) or name in self._names):
            raise web.HTTPForbidden(text=f"expected this machine's address or name as the host, got {name[:100]}")
        if not self._requests.take(sender, self._clock.now()):
            raise web.HTTPTooManyRequests(text="too many requests")
        if self.token is not None and not self._knows_token(request, self.token):
            if not self._wrong_tokens.take(sender, self._clock.now()):
                raise web.HTTPTooManyRequests(text="too many wrong tokens")
            raise web.HTTPUnauthorized(text=_ASK, content_type="text/html", headers={"WWW-Authenticate": "Bearer"})

    def check_origin(self, request: web.BaseRequest) -> None:
        """Raises HTTPForbidden for a WebSocket that a page of somebody else opens; programs name no origin."""
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
            log.warning("a page of %s tried to reach the engine; refused", origin[:100])
            raise web.HTTPForbidden(text="a page of another site may not control this engine")

    def dress(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Says what a browser may do with an answer, and keeps the token of who brought it in the address."""
        host = request.headers.get("Host", "")
        response.headers.update(
            {
                "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self'; "
                f"img-src 'self' data: blob:; connect-src 'self' ws://{host}; manifest-src 'self'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'none'",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            }
        )
        if self.token is not None and "token" in request.query:
            response.set_cookie(COOKIE, self.token, httponly=True, samesite="Strict", path="/")

    def _knows_token(self, request: web.BaseRequest, token: str) -> bool:
        kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = (
            bearer if kind.lower() == "bearer" else "",
            request.query.get("token", ""),
            request.cookies.get(COOKIE, ""),
        )
        return any(hmac.compare_digest(one.encode("utf-8", "replace"), token.encode()) for one in given)


def _host_name(host: str) -> str:
    """Without the port, and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


_ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Arabesque</title>
<meta name="viewport" content="width=device-width"><h1>Arabesque</h1>
<p>This engine was started with a token.</p>
<form action="/"><label>Token <input name="token" type="password" autofocus></label> <button>Enter</button></form>
"""
