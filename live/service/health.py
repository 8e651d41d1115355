"""Judges whether an installation is well, from checks that each look at one part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not well: a sentence, and whether only a restart can be expected to mend it.

    The supervisor's watchdog is fed while no problem is `fatal`. `key` names the part, such as `node piano`: two
    problems of the same part are the same problem, whatever figures the sentences hold.
    """

    key: str
    sentence: str
    fatal: bool = False


Check = Callable[[float], Iterable[Problem]]
"""Looks at one part at a time on the clock; from any thread, and never waits."""


class Health:
    """All checks together."""

    def __init__(self, checks: Iterable[Check] = ()) -> None:
        self.checks: list[Check] = list(checks)

    def problems(self, now_s: float) -> list[Problem]:
        """What is not well now; a check that fails is a problem itself."""
        found: list[Problem] = []
        for check in self.checks:
            try:
                found += check(now_s)
            except Exception as error:
                found.append(Problem("check", f"a check failed: {type(error).__name__}: {error}"))
        return found
