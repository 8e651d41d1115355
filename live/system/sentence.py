"""Sentences about exceptions, whatever the exception."""

from __future__ import annotations

from contextlib import suppress

LONGEST = 500


def message(error: BaseException) -> str:
    """An exception's text on one line; its kind where it has none, or where its text cannot be made."""
    text = ""
    with suppress(BaseException):  # __str__ is a patch's own code, and may raise KeyboardInterrupt, too
        text = " ".join(str(error).split())
    return text[:LONGEST] or type(error).__name__


def describe(error: BaseException) -> str:
    """An exception's kind and text on one line."""
    kind, text = type(error).__name__, message(error)
    return kind if text == kind else f"{kind}: {text}"
