"""The optional token, which clients must give before they can control the engine."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "ARABESQUE_TOKEN"
"""The environment variable from which a token is read."""
_ROUNDS: Final = 100_000


class TokenError(ValueError):
    """An invalid token; the message is the reason."""


class Token:
    """A secret text, and the cookie that a browser stores instead.

    The cookie is derived from the token by PBKDF2: it is valid across restarts with the same token, and does not reveal
    the token. Comparisons take constant time.
    """

    def __init__(self, text: str) -> None:
        self._text = text.encode()
        self.cookie = hashlib.pbkdf2_hmac("sha256", self._text, b"arabesque control page", _ROUNDS).hex()

    def matches(self, given: str) -> bool:
        """Whether this text is the token."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._text)

    def matches_cookie(self, given: str) -> bool:
        """Whether this text is the token's cookie."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.cookie.encode())


def read_token(option: str | None, file: Path | None, environment: Mapping[str, str]) -> str | None:
    """The token's text from the option, a file or the environment, in this order; None if none is set.

    Only the first line of a file is used. Raises TokenError for a file that cannot be read, and for an empty token.
    """
    if option is not None:
        text, source = option, "--token"
    elif file is not None:
        try:
            text, source = file.read_text(encoding="utf-8").partition("\n")[0].strip(), f"--token-file {file}"
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"--token-file {file}: {getattr(error, 'strerror', None) or error}") from None
    elif VARIABLE in environment:
        text, source = environment[VARIABLE], VARIABLE
    else:
        return None
    if not text:
        raise TokenError(f"{source}: expected a token, got an empty text")
    return text
