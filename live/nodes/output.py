"""The interface of a node's outputs."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from models.base import Event


class EventOutput(Protocol):
    """Takes events ahead of time and performs each one when it is due."""

    def send(self, due_s: float, event: Event) -> None:
        """Schedules an event for a time of the clock; a past time means now."""
        ...

    def withdraw(self, after_s: float) -> None:
        """Withdraws scheduled events that are due later than `after_s`."""
        ...

    def silence(self) -> None:
        """Withdraws all scheduled events and ends every sounding note now."""
        ...

    def close(self) -> None:
        """Silences the output and releases its resources."""
        ...


@runtime_checkable
class InterruptibleOutput(Protocol):
    """An output that any thread may interrupt, so that a performer's note need not wait for the node's thread."""

    def interrupt(self, after_s: float) -> None:
        """As `withdraw`; may be called from any thread."""
        ...

    def heard(self, after_s: float) -> None:
        """As `withdraw`, after the model has been taken back to that moment, and knows what was played until then."""
        ...

    def gives_way(self, yes: bool) -> None:
        """Whether a performer's note silences the model from now on."""
        ...
