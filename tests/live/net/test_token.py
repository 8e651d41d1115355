"""The token: its sources, and which machines need it."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.net.allow import Allow
from live.net.osc_access import OscAccess
from live.net.token import Token, TokenError, read_token


def test_it_is_read_from_the_option_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from the file \nanother line\n", encoding="utf-8")
    environment = {"ARABESQUE_TOKEN": "from the environment"}
    assert read_token("given", file, environment) == "given"
    assert read_token(None, file, environment) == "from the file"
    assert read_token(None, None, environment) == "from the environment"
    assert read_token(None, None, {}) is None


@pytest.mark.parametrize(("text", "said"), [(None, "No such file"), (b"\n", "empty"), (b"\xff\xfe", "decode")])
def test_a_file_without_a_token_is_an_error_that_names_it(tmp_path: Path, text: bytes | None, said: str) -> None:
    file = tmp_path / "token"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(TokenError, match=rf"--token-file .*token: .*{said}"):
        read_token(None, file, {})


def test_an_empty_variable_is_an_error() -> None:
    with pytest.raises(TokenError, match="ARABESQUE_TOKEN"):
        read_token(None, None, {"ARABESQUE_TOKEN": ""})


def test_the_cookie_is_not_the_token_and_the_same_after_a_restart() -> None:
    token = Token("tosca")
    assert "tosca" not in token.cookie
    assert token.cookie == Token("tosca").cookie != Token("toscb").cookie
    assert token.matches("tosca")
    assert not token.matches(token.cookie)
    assert token.matches_cookie(token.cookie)
    assert not token.matches_cookie("tosca")


def test_other_machines_send_the_token_once_and_this_one_never() -> None:
    access = OscAccess(Allow(), Token("tosca"))
    assert access.authorised("127.0.0.1")
    assert not access.authorised("192.168.1.7")
    assert not access.authorise("192.168.1.7", "tosco", 0.0)
    assert access.authorise("192.168.1.7", "tosca", 0.0)
    assert access.authorised("192.168.1.7")
    assert not access.authorised("192.168.1.8")


def test_guessing_is_slow() -> None:
    access = OscAccess(Allow(), Token("tosca"))
    assert not any(access.authorise("192.168.1.7", f"guess {number}", 0.0) for number in range(10))
    assert not access.authorise("192.168.1.7", "tosca", 0.0)  # not even compared
    assert access.authorise("192.168.1.7", "tosca", 60.0)
