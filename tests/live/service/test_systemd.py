"""The unit file, as systemd itself reads it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from live.service.installed_show import InstalledShow, kept_environment
from live.service.system_user import SystemUser
from live.service.systemd import unit_path, unit_text, user_of


@pytest.fixture
def show(tmp_path: Path) -> InstalledShow:
    return InstalledShow(
        name="foyer",
        play=("/usr/bin/env", "python3", "my patch.py", "--set", "/a=1$2%", "--midi", '*"x"\\*', "--service", "foyer"),
        pause=("/usr/bin/env", "sleep", "0"),
        folder=tmp_path,
        environment={"DISPLAY": ":0", "SDL_VIDEODRIVER": "x 11%"},
        watchdog_s=15.0,
        user=SystemUser("pi", 1000, Path("/home/pi")),
    )


def lines(text: str) -> dict[str, list[str]]:
    """The values of each key, in order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_rules_of_the_built_in_supervisor_are_in_the_unit(show: InstalledShow) -> None:
    unit = lines(unit_text(show, system=False, systemd_version=254))
    assert {key: unit[key] for key in ("Type", "WatchdogSec", "Restart", "RestartSec", "RestartSteps")} == {
        "Type": ["notify"],
        "WatchdogSec": ["15"],
        "Restart": ["always"],
        "RestartSec": ["1"],
        "RestartSteps": ["6"],
    }
    assert unit["RestartMaxDelaySec"] == ["60"]
    assert unit["WantedBy"] == ["default.target"]
    assert "User" not in unit


def test_before_an_older_systemd_starts_the_show_a_command_waits(show: InstalledShow) -> None:
    unit = lines(unit_text(show, system=False, systemd_version=252))
    assert (unit["RestartSec"], unit["ExecStartPre"]) == (["1"], ["/usr/bin/env sleep 0"])
    assert "RestartSteps" not in unit
    assert "ExecStartPre" not in lines(unit_text(show, system=False, systemd_version=254))


def test_a_system_unit_waits_for_screen_and_network_and_runs_as_its_user(show: InstalledShow) -> None:
    unit = lines(unit_text(show, system=True, systemd_version=252))
    assert unit["User"] == ["pi"]
    assert unit["WantedBy"] == ["graphical.target"]
    assert {"sound.target", "network-online.target", "display-manager.service"} <= set(unit["After"][0].split())
    assert unit["After"][1] == "user@1000.service"  # its sound server, which needs the folder of a session
    assert "user@1000.service" in unit["Wants"]
    assert "user@1000.service" not in unit_text(show, system=False, systemd_version=252)


def test_what_systemd_would_replace_is_escaped(show: InstalledShow) -> None:
    unit = lines(unit_text(show, system=False, systemd_version=252))
    command = '/usr/bin/env python3 "my patch.py" --set "/a=1$$2%%" --midi "*\\"x\\"\\\\*" --service foyer'
    assert unit["ExecStart"] == [command]
    assert unit["Environment"] == ["DISPLAY=:0", '"SDL_VIDEODRIVER=x 11%%"']


@pytest.mark.parametrize("system", [False, True])
def test_systemd_finds_no_fault_in_it(show: InstalledShow, tmp_path: Path, system: bool) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    file = tmp_path / "arabesque-foyer.service"
    version = int(subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1])
    file.write_text(unit_text(show, system=system, systemd_version=version))
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        [program, "verify", "--man=no", *([] if system else ["--user"]), str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_units_of_users_and_of_the_system_lie_where_systemd_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
    assert unit_path("arabesque-foyer", system=True) == Path("/etc/systemd/system/arabesque-foyer.service")
    assert unit_path("arabesque-foyer", system=False) == Path("/config/systemd/user/arabesque-foyer.service")


def test_a_show_keeps_what_chooses_its_screen_and_sound_and_nothing_secret() -> None:
    given = {"DISPLAY": ":1", "JACK_DEFAULT_SERVER": "x", "HOME": "/h", "ARABESQUE_TOKEN": "s", "PATH": "/bin"}
    kept = kept_environment(given)
    kept.pop("PYTHONPATH", None)  # there in a checkout only
    assert kept == {"DISPLAY": ":1", "JACK_DEFAULT_SERVER": "x"}


def test_a_service_of_the_system_has_the_screen_and_the_session_of_its_user_and_not_the_home_of_root() -> None:
    pi = SystemUser("pi", 1000, Path("/home/pi"))
    kept = {"XAUTHORITY": "/root/.Xauthority", "XDG_STATE_HOME": "/root/state", "JACK_DEFAULT_SERVER": "x"}
    assert pi.environment(kept, Path("/root")) == {
        "DISPLAY": ":0",
        "JACK_DEFAULT_SERVER": "x",
        "XDG_RUNTIME_DIR": "/run/user/1000",
    }
    screen = {"DISPLAY": ":1", "XAUTHORITY": "/run/user/1000/gdm/Xauthority"}
    assert pi.environment(screen, Path("/root")) == {**screen, "XDG_RUNTIME_DIR": "/run/user/1000"}
    assert "DISPLAY" not in pi.environment({"WAYLAND_DISPLAY": "wayland-0"}, Path("/root"))


def test_the_user_of_a_unit_is_read_back(show: InstalledShow, tmp_path: Path) -> None:
    file = tmp_path / "arabesque-foyer.service"
    assert user_of(file) == ""
    file.write_text(unit_text(show, system=True, systemd_version=252))
    assert user_of(file) == "pi"
