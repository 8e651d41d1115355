"""Chooses the port of a server."""

from __future__ import annotations

import errno

import pytest

from live.net.ports import TRIES, open_free


def opens(*taken: int, number: int = errno.EADDRINUSE) -> object:
    def one(port: int) -> int:
        if port in taken:
            raise OSError(number, "taken")
        return port

    return one


def test_a_given_port_is_the_only_one_tried() -> None:
    assert open_free(9000, 7000, opens(9000)) == 7000  # type: ignore[arg-type]
    with pytest.raises(OSError, match="taken"):
        open_free(9000, 7000, opens(7000))  # type: ignore[arg-type]


def test_without_a_given_port_the_next_free_one_is_used() -> None:
    assert open_free(9000, None, opens()) == 9000  # type: ignore[arg-type]
    assert open_free(9000, None, opens(9000, 9001)) == 9002  # type: ignore[arg-type]


def test_no_other_port_is_tried_where_the_address_is_wrong_or_all_are_taken() -> None:
    with pytest.raises(OSError, match="taken") as wrong:
        open_free(9000, None, opens(9000, number=errno.EADDRNOTAVAIL))  # type: ignore[arg-type]
    assert wrong.value.errno == errno.EADDRNOTAVAIL
    with pytest.raises(OSError, match="9000 to"):
        open_free(9000, None, opens(*range(9000, 9000 + TRIES)))  # type: ignore[arg-type]
