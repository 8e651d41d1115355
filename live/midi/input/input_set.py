"""Which MIDI inputs are listened to: all those that are wished for and there, several at once, as they come and go."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from live.midi import MidiError
from live.transport.clock import Clock

LOOK_EVERY_S = 1.0
LOOPS = ("midi through", "through port")
"""Ports that give back what is played to them: heard only when named."""

VIRTUAL = "virtual"
"""The system of a port of our own, which is always wanted."""

DEVICES_AT_MOST = 32
LONGEST_MESSAGE = 3

Names = Callable[[], list[tuple[str, str]]]
"""(system, name) of all inputs there are."""

Report = Callable[[str, str], None]
"""Takes a state in one word (opened, lost, error) and a sentence."""

Message = Callable[[str, float, bytes], None]
"""Takes the device's name, the time on the clock, and one message of MIDI 1.0."""


class OpenInput(Protocol):
    """One input that is listened to."""

    def alive(self) -> bool: ...

    def close(self) -> None: ...


Open = Callable[[str, str, Callable[[tuple[list[int], float], Any], None]], OpenInput]
"""Opens (system, name) and lets each message go to a function. Raises MidiError."""


def wanted(wish: str, name: str) -> bool:
    """Whether a wish (`auto`, a part of a name, or a pattern with * and ?; any case) means an input."""
    sought, given = wish.strip().casefold(), name.casefold()
    if sought == "auto":
        return not any(loop in given for loop in LOOPS)
    return sought == given or sought in given or fnmatch.fnmatchcase(given, sought)


class InputSet:
    """Looks about once a second which inputs are there, listens to the wished ones, and gives on what they say.

    Only messages of up to three bytes, so no system-exclusive ones. `message` is called on threads of the driver's.
    """

    def __init__(
        self, wishes: Iterable[str], clock: Clock, *, names: Names, opening: Open, message: Message, report: Report
    ) -> None:
        self.wishes = list(wishes)
        self.clock = clock
        self._names, self._opening, self._message, self._report = names, opening, message, report
        self._open: dict[str, OpenInput] = {}
        self._refused: dict[str, str] = {}
        self.look_at_s = clock.now()

    def look(self) -> None:
        """Closes what has gone, opens what has come; never raises."""
        self.look_at_s = self.clock.now() + LOOK_EVERY_S
        for name, ear in list(self._open.items()):
            try:
                alive = ear.alive()
            except Exception:  # a driver that cannot even answer
                alive = False
            if not alive:
                del self._open[name]
                self._close(name, ear)
                self._report("lost", name)
        there = [(system, name) for system, name in self._names() if system == VIRTUAL or self._wanted(name)]
        names = {name for _, name in there}
        self._refused = {name: why for name, why in self._refused.items() if name in names}
        for system, name in there[:DEVICES_AT_MOST]:
            if name not in self._open:
                self._try(system, name)

    def close(self) -> None:
        """Stops to listen."""
        for name, ear in self._open.items():
            self._close(name, ear)
        self._open.clear()

    def _wanted(self, name: str) -> bool:
        return any(wanted(wish, name) for wish in self.wishes)

    def _try(self, system: str, name: str) -> None:
        def heard(event: tuple[list[int], float], _: Any) -> None:
            now_s = self.clock.now()
            if 0 < len(event[0]) <= LONGEST_MESSAGE:
                self._message(name, now_s, bytes(event[0]))

        try:
            self._open[name] = self._opening(system, name, heard)
        except MidiError as error:
            if self._refused.get(name) != str(error):
                self._report("error", f"{name}: {error}")
            self._refused[name] = str(error)
        else:
            self._refused.pop(name, None)
            self._report("opened", name)

    def _close(self, name: str, ear: OpenInput) -> None:
        try:
            ear.close()
        except Exception as error:  # it is gone already
            self._report("error", f"{name}: {error}")
