"""Messages of exceptions whose `__str__` fails."""

from __future__ import annotations

import pytest

from live.system.sentence import describe, message


@pytest.mark.parametrize("raised", [RuntimeError, KeyboardInterrupt, GeneratorExit, SystemExit])
def test_an_exception_without_a_text_is_named_by_its_kind(raised: type[BaseException]) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise raised

    assert (message(Mute()), describe(Mute())) == ("Mute", "Mute")
