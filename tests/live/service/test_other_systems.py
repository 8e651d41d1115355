"""The files for macOS and Windows, parsed by readers of their formats; not run on those systems."""

from __future__ import annotations

import plistlib
from pathlib import Path
from xml.etree import ElementTree

from live.service.installed_show import InstalledShow
from live.service.launchd import agent_text
from live.service.task_scheduler import SCHEMA, task_text

SHOW = InstalledShow(
    name="foyer",
    play=("/usr/bin/python3", "-m", "play", "my patch.py", "--midi", 'a "b" & <c>'),
    run=("/usr/bin/python3", "-m", "main", "service", "run", "my patch.py"),
    folder=Path("/home/a & b"),
    environment={"DISPLAY": ":0"},
)


def test_the_launchd_agent_keeps_the_built_in_supervisor_alive() -> None:
    agent = plistlib.loads(agent_text(SHOW).encode())
    assert agent["ProgramArguments"] == list(SHOW.run)
    assert (agent["Label"], agent["KeepAlive"], agent["RunAtLoad"]) == ("org.arabesque-foyer", True, True)
    assert (agent["WorkingDirectory"], agent["EnvironmentVariables"]) == ("/home/a & b", {"DISPLAY": ":0"})


def test_the_windows_task_starts_at_logon_and_again_after_a_failure() -> None:
    task = ElementTree.fromstring(task_text(SHOW))
    found = {key: task.findtext(f".//{{{SCHEMA}}}{key}") for key in ("Command", "Arguments", "Interval", "Count")}
    assert found == {
        "Command": "/usr/bin/python3",
        "Arguments": '-m play "my patch.py" --midi "a \\"b\\" & <c>"',
        "Interval": "PT1M",
        "Count": "999",
    }
    order = [child.tag.rpartition("}")[2] for child in task]
    assert order == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]  # the schema's sequence
