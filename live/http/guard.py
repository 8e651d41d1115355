"""Checks every HTTP request (sender, host name, rate, token) and limits what the page may load."""

from __future__ import annotations

import ipaddress
import logging
from typing import Final

from aiohttp import web

from live.net.allow import Allow
from live.net.own_addresses import own_names
from live.net.rate_limit import RateLimit
from live.net.repeated_complaints import RepeatedComplaints
from live.net.token import Token
from live.transport.clock import Clock

log = logging.getLogger(__name__)

COOKIE: Final = "arabesque_token"


class RequestGuard:
    """Checks each request in this order: the sender's address, the Host header, the rate, the token.

    A browser lets any web page send requests to this server. Therefore the Origin of a WebSocket must equal the Host,
    and the Host must be an address or a name of this machine, so that a foreign name that resolves to this machine (DNS
    rebinding) is refused. `names` may grow while the server runs, when the name server answers.
    """

    def __init__(self, clock: Clock, host: str, allow: Allow, token: Token | None, port: int = 0) -> None:
        self.token = token
        self.names = own_names(host)
        self.cookie = f"{COOKIE}_{port}" if port else COOKIE
        """With the port, since browsers send a cookie to every port of a host, and engines may have other tokens."""
        self._clock = clock
        self._allow = allow
        self._requests = RateLimit(400, 100)
        self._guesses = RateLimit(10, 0.5)
        self._complaints = RepeatedComplaints()

    def check(self, request: web.BaseRequest) -> None:
        """Raises the HTTP error of a refused request."""
        sender = request.remote or ""
        if sender not in self._allow:
            raise web.HTTPForbidden(text=f"{sender} is not on the list of --allow")
        name = _host_name(request.headers.get("Host", ""))
        if not (_is_address(name) or name in self.names):
            raise web.HTTPForbidden(text=f"expected an address or a name of this machine as the host, got {name[:100]}")
        if not self._requests.take(sender, self._clock.now()):
            raise web.HTTPTooManyRequests(text="too many requests")
        if self.token is not None:
            self._check_token(request, sender, self.token)

    def check_origin(self, request: web.BaseRequest) -> None:
        """Raises HTTPForbidden for a WebSocket opened by a page of another site; programs send no Origin."""
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("Host"):
            if self._complaints.due(origin[:100], self._clock.now()) is not None:
                log.warning("a page of %s tried to connect to the engine and was refused", origin[:100])
            raise web.HTTPForbidden(text="pages of other sites cannot control this engine")

    def add_headers(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        """Adds security headers to an answer, and the cookie after a request with the token in its address."""
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
        if response.status >= 400 or self.token is None:  # a refused request must not reveal a right token
            return
        if self.token.matches(request.query.get("token", "")):
            response.set_cookie(self.cookie, self.token.cookie, httponly=True, samesite="Strict", path="/")

    def _check_token(self, request: web.BaseRequest, sender: str, token: Token) -> None:
        """Raises HTTPUnauthorized without the token; after wrong guesses HTTPTooManyRequests, without comparing."""
        if token.matches_cookie(request.cookies.get(self.cookie, "")):
            return
        kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
        given = [bearer] if kind.lower() == "bearer" else []
        given += [request.query["token"]] if "token" in request.query else []
        now_s = self._clock.now()
        if given and self._guesses.spent(sender, now_s):
            raise web.HTTPTooManyRequests(text="too many wrong tokens")
        if any(token.matches(one) for one in given):
            return
        if given:
            self._guesses.take(sender, now_s)
        raise web.HTTPUnauthorized(text=_ASK, content_type="text/html", headers={"WWW-Authenticate": "Bearer"})


def _host_name(host: str) -> str:
    """The host without its port and without the brackets of an IPv6 address."""
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
