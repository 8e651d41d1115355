"""The systemd unit of a show, and the calls that install and remove it."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from platformdirs import user_config_path

from live.service.installed_show import InstalledShow
from live.service.restart import ABORT_WITHIN_S, START_WITHIN_S, STOP_WITHIN_S, Pauses

BOOTED: Final = Path("/run/systemd/system")
"""There while systemd runs this machine (sd_booted(3))."""
GROWING_SINCE: Final = 254
"""The version of systemd that knows RestartSteps and RestartMaxDelaySec."""


class SystemdError(Exception):
    """systemd refused a call; the message is its own."""


def runs_here() -> bool:
    """Whether systemd runs this machine."""
    return BOOTED.is_dir() and shutil.which("systemctl") is not None


def version() -> int:
    """systemd's version; 0 where it is not installed."""
    program = shutil.which("systemctl")
    if program is None:
        return 0
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"systemd (\d+)", said)
    return int(found[1]) if found else 0


def unit_text(show: InstalledShow, *, system: bool, systemd_version: int) -> str:
    """The unit file: started at boot after sound, screen and network, and again whatever ends it.

    A user's unit waits for no target that a user's systemd does not have; where the screen comes later, the show ends
    with status 75 and is started again. A unit of the system names its user, and wants that user's systemd.
    """
    pauses = Pauses()
    after = (
        "sound.target network-online.target display-manager.service systemd-user-sessions.service"
        if system
        else "sound.target graphical-session.target pipewire.service pulseaudio.service"
    )
    unit = [f"Description=Arabesque: {show.name}", f"After={after}"]
    unit += ["Wants=network-online.target"] if system else []
    if system and show.user is not None:
        unit += ["# The sound server of the user, and the folder where it listens.", f"Wants={show.user.manager}"]
        unit += [f"After={show.user.manager}"]
    unit += ["# It is never given up: after five crashes in ten minutes it starts without camera."]
    unit += ["StartLimitIntervalSec=0"]
    service = [
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(_quoted(part) for part in show.play)}",
        f"WorkingDirectory={_path(show.folder)}",
        *(f"Environment={_quoted(f'{name}={value}', command=False)}" for name, value in show.environment.items()),
        *([f"User={show.user.name}"] if system and show.user is not None else []),
        f"TimeoutStartSec={START_WITHIN_S:g}",
        "# Fed only while the window is drawn, every node steps and the MIDI sender answers.",
        f"WatchdogSec={show.watchdog_s:g}",
        f"TimeoutAbortSec={ABORT_WITHIN_S:g}",
        f"TimeoutStopSec={STOP_WITHIN_S:g}",
        "Restart=always",
        "SuccessExitStatus=75",
    ]
    if systemd_version >= GROWING_SINCE:
        service += [f"RestartSec={pauses.first_s:g}"]
        service += [f"RestartSteps={pauses.steps}", f"RestartMaxDelaySec={pauses.longest_s:g}"]
    else:
        service += [f"# systemd's own pauses grow from version {GROWING_SINCE} on; here the first command waits."]
        service += [f"RestartSec={pauses.first_s:g}"]
        service.insert(2, f"ExecStartPre={' '.join(_quoted(part) for part in show.pause)}")
    service += ["# The MIDI processes ask for real-time priority.", "LimitRTPRIO=20"]
    install = [f"WantedBy={'graphical.target' if system else 'default.target'}"]
    parts = (("Unit", unit), ("Service", service), ("Install", install))
    return "\n".join("\n".join([f"[{name}]", *lines, ""]) for name, lines in parts)


def unit_path(title: str, *, system: bool) -> Path:
    """Where the unit file of this title belongs."""
    folder = Path("/etc/systemd/system") if system else user_config_path("systemd") / "user"
    return folder / f"{title}.service"


def user_of(path: Path) -> str:
    """The user that a unit file names; empty where it names none, or is not there."""
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("User="):
                return line.removeprefix("User=").strip()
    return ""


def install(show: InstalledShow, *, system: bool) -> Path:
    """Writes the unit, enables and starts it. Raises OSError, or SystemdError with what systemd says."""
    path = unit_path(show.title, system=system)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit_text(show, system=system, systemd_version=version()), encoding="utf-8")
    control(["daemon-reload"], system=system)
    control(["enable", "--now", path.name], system=system)
    if not system and (linger := shutil.which("loginctl")):  # so that it starts at boot, before a login
        subprocess.run([linger, "enable-linger"], check=False, capture_output=True)
    return path


def remove(path: Path, *, system: bool) -> None:
    """Stops and disables a unit and deletes its file. Raises OSError, SystemdError."""
    control(["disable", "--now", path.name], system=system)
    path.unlink()
    control(["daemon-reload"], system=system)
    with suppress(SystemdError):  # forgets how it ended; refused where there is nothing to forget
        control(["reset-failed", path.name], system=system)


def state(path: Path, *, system: bool) -> str:
    """What systemd says of a unit: state, process, number of restarts, last status. Raises SystemdError."""
    shown = ("ActiveState", "SubState", "MainPID", "NRestarts", "StatusText", "ActiveEnterTimestamp")
    return control(["show", path.name, *(f"--property={name}" for name in shown)], system=system)


def control(arguments: list[str], *, system: bool) -> str:
    """Calls systemctl and returns what it says. Raises SystemdError where it fails."""
    command = ["systemctl", *([] if system else ["--user"]), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemdError(f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}")
    return done.stdout


def _quoted(part: str, *, command: bool = True) -> str:
    """A part of a line as systemd.syntax(7) and, for commands, systemd.service(5) quote it."""
    text = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    text = text.replace("$", "$$") if command else text
    return f'"{text}"' if not re.fullmatch(r"[A-Za-z0-9_./:=@,+-]+", text) else text


def _path(path: Path) -> str:
    """A path that stands alone on its line: only the specifiers are escaped."""
    return str(path).replace("%", "%%")
