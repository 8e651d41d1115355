"""Tests against real programs of other people: they skip where one is missing, and fail where CI promised it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

Peer = Callable[[str, str], str]


@pytest.fixture
def peer() -> Peer:
    """`peer("oscsend", "liblo-tools")` gives the program's path, or skips and names the Debian package to install."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program)
        if path is None:
            sentence = f"{program} is missing (Debian package {package})"
            if os.environ.get("ARABESQUE_REQUIRE_PEERS"):
                pytest.fail(sentence)
            pytest.skip(sentence)
        return path

    return find
