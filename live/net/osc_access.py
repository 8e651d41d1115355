"""Access control for OSC senders: the allow list, and the token if one is set."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from live.net.allow import Allow, is_own
from live.net.rate_limit import RateLimit
from live.net.token import Token

MAX_HOSTS: Final = 256


class OscAccess:
    """Decides by the sender's IP address. With a token, other machines must send `/token TEXT` first.

    Senders on this machine need no token. A host that has sent the right one stays authorised until the engine stops,
    or until 256 other hosts were authorised after it. Wrong tokens are limited per host: 10 at once, and one every 2 s.
    """

    def __init__(self, allow: Allow, token: Token | None = None) -> None:
        self.allow = allow
        self.token = token
        self._authorised: OrderedDict[str, None] = OrderedDict()
        self._wrong = RateLimit(10, 0.5)

    def authorised(self, host: str) -> bool:
        """Whether messages of this host are accepted."""
        return self.token is None or host in self._authorised or is_own(host)

    def authorise(self, host: str, text: str, now_s: float) -> bool:
        """Checks a token from a host; returns whether it was right. After too many wrong ones none is compared."""
        if self.token is None:
            return True
        if not self._wrong.take(host, now_s) or not self.token.matches(text):
            return False
        self._authorised[host] = None
        if len(self._authorised) > MAX_HOSTS:
            self._authorised.popitem(last=False)
        return True
