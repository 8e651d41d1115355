"""The interface of what receives a node's events."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from models.base import Event


class EventOutput(Protocol):
    """Takes events ahead of their time and lets each happen when it is due."""

    def send(self, due_s: float, event: Event) -> None:
        """Schedules an event for a time on the clock; a time already past means now."""
        ...

    def withdraw(self, after_s: float) -> None:
        """Takes back what is due later than a time and has not happened yet."""
        ...

    def silence(self) -> None:
        """Takes back everything and ends every sounding note, now."""
        ...

    def close(self) -> None:
        """Silences, and gives back what was opened."""
        ...


@runtime_checkable
class InterruptibleOutput(Protocol):
    """An output on which a performer's note withdraws what is scheduled before the node's own thread gets to it."""

    def interrupt(self, after_s: float) -> None:
        """As `withdraw`, from any thread."""
        ...

    def heard(self, after_s: float) -> None:
        """As `withdraw`, after the model has been taken back to that moment, and knows what was played until then."""
        ...

    def gives_way(self, yes: bool) -> None:
        """Whether a performer's note silences the model from now on."""
        ...
