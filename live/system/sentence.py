"""Sentences for exceptions of any kind."""

from __future__ import annotations

from contextlib import suppress

LONGEST = 500


def message(error: BaseException) -> str:
    """An exception's text on one line; its class name if it has no text, or if making the text fails."""
    text = ""
    with suppress(BaseException):  # __str__ may be code of a patch, and may raise anything
        text = " ".join(str(error).split())
    return text[:LONGEST] or type(error).__name__


def describe(error: BaseException) -> str:
    """An exception's class name and text on one line."""
    kind, text = type(error).__name__, message(error)
    return kind if text == kind else f"{kind}: {text}"
