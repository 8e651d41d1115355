"""The launchd agent of a show, for macOS: it runs the built-in supervisor, which knows more than launchd of a hang.

Written by the rules of launchd.plist(5); it has been read back, and never been run on a Mac.
"""

from __future__ import annotations

import plistlib

from live.service.installed_show import InstalledShow


def agent_text(show: InstalledShow) -> str:
    """The property list: started at login, and again whatever ends the supervisor."""
    fields = {
        "Label": f"org.{show.title}",
        "ProgramArguments": list(show.run),
        "WorkingDirectory": str(show.folder),
        "EnvironmentVariables": dict(show.environment),
        "RunAtLoad": True,
        "KeepAlive": True,
        "ProcessType": "Interactive",  # not slowed down while no window of it is in front
        "ThrottleInterval": 10,
        "ExitTimeOut": 20,
    }
    return plistlib.dumps(fields).decode()
