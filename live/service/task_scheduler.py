"""The task of a show for the Windows Task Scheduler: started at logon, and again when it fails.

Windows has no datagram sockets between processes in Python, so nothing watches for hangs there. Written by the schema
of http://schemas.microsoft.com/windows/2004/02/mit/task; it has been read back, and never been run on Windows.
"""

from __future__ import annotations

import subprocess
from xml.etree import ElementTree

from live.service.installed_show import InstalledShow

SCHEMA = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def task_text(show: InstalledShow) -> str:
    """The XML that `schtasks /Create /TN NAME /XML FILE` takes; variables of the environment cannot be part of it."""
    task = ElementTree.Element("Task", {"version": "1.4", "xmlns": SCHEMA})
    _fill(task, "RegistrationInfo", {"Description": f"Arabesque: {show.name}"})
    trigger = ElementTree.SubElement(ElementTree.SubElement(task, "Triggers"), "LogonTrigger")
    ElementTree.SubElement(trigger, "Enabled").text = "true"
    ElementTree.SubElement(trigger, "Delay").text = "PT30S"  # until sound, screen and network are there
    principal = _fill(
        ElementTree.SubElement(task, "Principals"),
        "Principal",
        {"LogonType": "InteractiveToken", "RunLevel": "LeastPrivilege"},
    )
    principal.set("id", "Author")
    settings = _fill(
        task,
        "Settings",
        {
            "MultipleInstancesPolicy": "IgnoreNew",
            "DisallowStartIfOnBatteries": "false",
            "StopIfGoingOnBatteries": "false",
            "ExecutionTimeLimit": "PT0S",  # never ended by the scheduler
            "Priority": "4",
        },
    )
    _fill(settings, "RestartOnFailure", {"Interval": "PT1M", "Count": "999"})
    actions = ElementTree.SubElement(task, "Actions", {"Context": "Author"})
    program, *arguments = show.play
    _fill(
        actions,
        "Exec",
        {
            "Command": program,
            "Arguments": subprocess.list2cmdline(arguments),
            "WorkingDirectory": str(show.folder),
        },
    )
    ElementTree.indent(task)
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(task, encoding="unicode") + "\n"


def _fill(parent: ElementTree.Element, name: str, fields: dict[str, str]) -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    for field, text in fields.items():
        ElementTree.SubElement(element, field).text = text
    return element
