"""Sentences about exceptions, whatever the exception."""

from __future__ import annotations

from contextlib import suppress

LONGEST = 500


def describe(error: BaseException) -> str:
    """An exception's kind and text on one line; the kind alone where its text cannot be made."""
    text = ""
    with suppress(Exception):
        text = " ".join(str(error).split())
    kind = type(error).__name__
    return f"{kind}: {text}"[:LONGEST] if text else kind
