"""Types of command-line arguments for training; each raises ValueError, which argparse reports."""

from __future__ import annotations


def count(text: str) -> int:
    """A whole number above 0, with an optional k or M: 15M, 500k, 2000000."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    number = float(text[:-1] if factor > 1 else text) * factor
    if not 1 <= number < 1e15:
        raise ValueError(text)
    return int(number)


def whole_number(text: str) -> int:
    """A whole number, 0 or larger."""
    if int(text) < 0:
        raise ValueError(text)
    return int(text)


def share(text: str) -> float:
    """A number from 0 to 1."""
    if not 0.0 <= float(text) <= 1.0:
        raise ValueError(text)
    return float(text)


def counts(text: str) -> tuple[int, ...]:
    """Whole numbers above 0, between commas."""
    return tuple(map(count, text.split(",")))


def shares(text: str) -> tuple[float, ...]:
    """Numbers from 0 to 1, between commas."""
    return tuple(map(share, text.split(",")))


def names(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
