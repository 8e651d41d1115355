"""The subcommands of `arabesque service`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from live.commands.service import main
from live.service import systemd
from live.system.process_mark import process_mark


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the shows' states, on a machine without systemd."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "no systemd")
    monkeypatch.delenv("SUDO_USER", raising=False)
    return tmp_path / "state" / "arabesque"


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    file = tmp_path / "foyer.py"
    file.write_text("never run by the command itself")
    return file


def test_without_systemd_it_names_the_built_in_supervisor(patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", str(patch)]) == 1
    assert "no systemd runs here; `arabesque service run` does the same" in capsys.readouterr().err


def test_the_units_of_all_systems_can_be_printed(patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for system, wanted, untried in (
        ("systemd", f"{patch} --midi silent --service foyer", ""),
        ("launchd", "<string>--watchdog</string>", "nobody has run this file on a Mac yet"),
        ("windows", f"{patch} --midi silent --service foyer</Arguments>", "nobody has run this file on Windows yet"),
    ):
        assert main(["install", str(patch), "--midi", "silent", "--print", system]) == 0
        said = capsys.readouterr()
        assert wanted in said.out
        assert untried in said.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["install", "nowhere.py"], "no patch nowhere.py"),
        (["install", "PATCH", "--temprature=1"], "unrecognized arguments: --temprature=1"),
        (["install", "PATCH", "--alert", "fax:1"], "expected https://…"),
        (["install", "PATCH", "--watchdog", "0"], "--watchdog: expected 2 to 3600 seconds"),
        (["install", "PATCH", "--name", "../x"], "expected letters, digits"),
        (["install", "PATCH", "--user", "pi"], "--user is for --system"),
        (["install", "PATCH", "--system"], "--system: give the user as whom the show runs"),
        (["install", "PATCH", "--system", "--user", "no body"], "no user of this machine is called no body"),
        (["status", "foyer", "--lines=3"], "unknown: --lines=3"),
        (["dance"], "invalid choice: 'dance'"),
    ],
)
def test_a_wrong_command_line_is_refused(
    patch: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        main([str(patch) if argument == "PATCH" else argument for argument in arguments])
    assert refused.value.code == 2
    assert sentence in capsys.readouterr().err


def test_a_token_in_the_environment_is_not_written_into_a_file(
    patch: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARABESQUE_TOKEN", "secret")
    with pytest.raises(SystemExit):
        main(["install", str(patch), "--print", "systemd"])
    said = capsys.readouterr()
    assert "--token-file" in said.err
    assert "secret" not in said.out


def test_status_log_and_remove_of_a_show_that_has_run(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("status", "log", "remove"):
        assert main([command, "foyer"]) == 1
    folder = state / "foyer"
    folder.mkdir(parents=True)
    supervisor = {"state": "running", "supervisor": os.getpid(), "status": "playing", "restarts": 2, "last_end": "x"}
    (folder / "supervisor.json").write_text(json.dumps({**supervisor, "date": "today", "mark": "another boot 1"}))
    (folder / "starts.json").write_text(json.dumps({"crashes_s": [1.0], "crashes_total": 7}))
    (folder / "log.txt.1").write_text("one\ntwo\n")
    (folder / "log.txt").write_text("three\n")
    capsys.readouterr()
    assert main(["status", "foyer"]) == 3
    said = capsys.readouterr().out
    assert "not running; the built-in supervisor wrote last on today: running" in said
    assert "crashes: 7 in all, 1 in the ten minutes before its start" in said
    (folder / "supervisor.json").write_text(json.dumps({**supervisor, "mark": process_mark(os.getpid())}))
    assert main(["status", "foyer"]) == 0
    assert f"running under the built-in supervisor (process {os.getpid()}), playing" in capsys.readouterr().out
    assert main(["log", "foyer", "--lines", "2"]) == 0
    assert capsys.readouterr().out == "two\nthree\n"
    (folder / "supervisor.json").unlink()
    assert main(["remove", "foyer"]) == 0
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="systemd's users")
def test_a_show_of_the_system_keeps_its_state_in_the_home_of_its_user(
    tmp_path: Path, patch: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    user = pwd.getpwuid(os.getuid())
    monkeypatch.setenv("SUDO_USER", user.pw_name)
    assert main(["install", str(patch), "--print", "systemd", "--system"]) == 0
    unit = capsys.readouterr().out
    assert f"User={user.pw_name}\n" in unit
    monkeypatch.setattr(systemd, "unit_path", lambda title, system: tmp_path / f"{title}.service")
    (tmp_path / "arabesque-foyer.service").write_text(unit)
    assert main(["log", "foyer", "--system"]) == 1
    assert f"{user.pw_dir}/.local/state/arabesque/foyer/log.txt: there is no log" in capsys.readouterr().err


def test_a_show_is_supervised_once(state: Path, patch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (state / "foyer").mkdir(parents=True)
    fields = {"supervisor": os.getpid(), "mark": process_mark(os.getpid())}
    (state / "foyer" / "supervisor.json").write_text(json.dumps(fields))
    assert main(["run", str(patch)]) == 1
    assert "foyer runs already" in capsys.readouterr().err
