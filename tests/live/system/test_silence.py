"""Suppresses what C libraries write to the terminal, only within the context."""

from __future__ import annotations

import os

import pytest

from live.system.silence import silence_stderr


def test_only_what_is_written_inside_is_lost(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with silence_stderr():
        os.write(2, b"ALSA lib confmisc.c:855:(parse_card) cannot find card '0'")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_two_threads_at_once_restore_the_stream(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = silence_stderr(), silence_stderr()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    os.write(2, b"still quiet ")
    second.__exit__(None, None, None)
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_an_error_comes_through(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="no device"), silence_stderr():
        raise OSError("no device")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
