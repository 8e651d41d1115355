"""`arabesque service`: keeps a patch running unattended."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from live.commands.play import make_parser
from live.patch import PatchError, find
from live.service import launchd, systemd, task_scheduler
from live.service.arguments import check_arguments, service_name
from live.service.installation import folder_of
from live.service.installed_show import InstalledShow, kept_environment
from live.service.report import last_lines, report, running_supervisor
from live.service.restart import WATCHDOG_S
from live.service.supervisor import Rules, Supervisor
from live.service.system_user import SystemUser
from live.service.systemd import SystemdError
from live.transport.clock import Clock

SYSTEMS = ("systemd", "launchd", "windows")
UNTRIED = {
    "launchd": "nobody has run this file on a Mac yet; load it with `launchctl bootstrap gui/$(id -u) FILE`",
    "windows": "nobody has run this file on Windows yet; load it with `schtasks /Create /TN NAME /XML FILE`",
}
TOKEN = "ARABESQUE_TOKEN is not kept, since other users could read it there: give --token-file FILE"


def main(argv: list[str]) -> int:
    """`arabesque service install | status | log | remove | run …`; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="arabesque service: %(message)s", stream=sys.stderr)
    parser = _parser()
    given, options = parser.parse_known_args(argv)
    if options and not hasattr(given, "patch"):
        parser.error(f"unknown: {' '.join(options)}")
    act: Callable[[argparse.ArgumentParser, argparse.Namespace, list[str]], int] = given.act
    try:
        return act(parser, given, options)
    except (OSError, SystemdError, LookupError) as error:
        sys.stderr.write(f"arabesque service: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arabesque service",
        description="Keeps a patch running unattended: starts it at boot, and again after a crash or a hang.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    play = "all other options are those of `arabesque PATCH`"
    install = commands.add_parser("install", help="start a patch at boot, now and again after a crash", epilog=play)
    install.set_defaults(act=_install)
    _add_patch(install)
    install.add_argument("--system", action="store_true", help="for the whole machine (as root), not for this user")
    install.add_argument(
        "--user", metavar="NAME", help="with --system: the user as whom it runs (default: who has called sudo)"
    )
    install.add_argument(
        "--print", choices=SYSTEMS, metavar="SYSTEM", help=f"only print the file for {', '.join(SYSTEMS)}"
    )
    run = commands.add_parser(
        "run", help="run a patch under the built-in supervisor, where there is no systemd", epilog=play
    )
    run.set_defaults(act=_run)
    _add_patch(run)
    for name, act, meaning in (
        ("status", _status, "how a show is"),
        ("log", _log, "the last lines of a show's log"),
        ("remove", _remove, "stop a show for good, and delete what was kept of it"),
    ):
        command = commands.add_parser(name, help=meaning)
        command.set_defaults(act=act)
        command.add_argument("name", type=service_name, help="the show's name")
        if name == "log":
            command.add_argument("--lines", type=int, default=50, metavar="N", help="how many (default: %(default)s)")
        command.add_argument("--system", action="store_true", help="one that was installed with --system")
    return parser


def _add_patch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("patch", help="a Python file, or the name of a patch that comes with Arabesque")
    parser.add_argument("--name", type=service_name, help="the show's name (default: the patch's)")
    parser.add_argument(
        "--watchdog",
        type=float,
        default=WATCHDOG_S,
        metavar="SECONDS",
        help="end and restart a show that has given no sign of life for so long (default: %(default)g)",
    )


def _install(parser: argparse.ArgumentParser, given: argparse.Namespace, options: list[str]) -> int:
    show = _show(parser, given, options)
    if "ARABESQUE_TOKEN" in os.environ:
        parser.error(TOKEN)
    if given.print == "systemd":
        sys.stdout.write(systemd.unit_text(show, system=given.system, systemd_version=systemd.version()))
    elif given.print is not None:
        sys.stdout.write(launchd.agent_text(show) if given.print == "launchd" else task_scheduler.task_text(show))
        sys.stderr.write(f"arabesque service: {UNTRIED[given.print]}\n")
    elif systemd.runs_here():
        path = systemd.install(show, system=given.system)
        sys.stdout.write(f"{path}: installed and started; `arabesque service status {show.name}` says how it is\n")
    else:
        sys.stderr.write(
            "arabesque service: no systemd runs here; `arabesque service run` does the same while it runs, "
            "and --print launchd or --print windows writes the file for those systems\n"
        )
        return 1
    return 0


def _run(parser: argparse.ArgumentParser, given: argparse.Namespace, options: list[str]) -> int:
    show = _show(parser, given, options)
    if not hasattr(socket, "AF_UNIX"):
        parser.error("the built-in supervisor needs a system with Unix sockets; on Windows see install --print windows")
    folder = folder_of(show.name)
    if (running := running_supervisor(folder)) is not None:
        sys.stderr.write(f"arabesque service: {show.name} runs already, as process {running}\n")
        return 1
    supervisor = Supervisor(show.play, Clock(), Rules(watchdog_s=given.watchdog), folder / "supervisor.json")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    return supervisor.run()


def _status(parser: argparse.ArgumentParser, given: argparse.Namespace, _options: list[str]) -> int:  # noqa: ARG001
    folder = _folder(given)
    unit = _unit(given)
    if unit is not None:
        sys.stdout.write(systemd.state(unit, system=given.system))
    elif not folder.is_dir():
        sys.stderr.write(f"arabesque service: no show is called {given.name}\n")
        return 1
    lines, runs = report(folder)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if runs or unit is not None else 3  # as systemctl says that a unit does not run


def _log(parser: argparse.ArgumentParser, given: argparse.Namespace, _options: list[str]) -> int:  # noqa: ARG001
    path = _folder(given) / "log.txt"
    if not path.exists():
        sys.stderr.write(f"arabesque service: {path}: there is no log\n")
        return 1
    sys.stdout.write("".join(last_lines(path, given.lines)))
    return 0


def _remove(parser: argparse.ArgumentParser, given: argparse.Namespace, _options: list[str]) -> int:  # noqa: ARG001
    folder = _folder(given)
    unit = _unit(given)
    if unit is not None:
        systemd.remove(unit, system=given.system)
    running = running_supervisor(folder)
    if running is not None:
        os.kill(running, signal.SIGTERM)
    if unit is None and not folder.is_dir():
        sys.stderr.write(f"arabesque service: no show is called {given.name}\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{given.name}: removed\n")
    return 0


def _folder(given: argparse.Namespace) -> Path:
    """Where a show keeps its state: with --system in the home of the user that its unit names."""
    user = systemd.user_of(systemd.unit_path(f"arabesque-{given.name}", system=True)) if given.system else ""
    return SystemUser.named(user).state_folder(given.name) if user else folder_of(given.name)


def _user(parser: argparse.ArgumentParser, given: argparse.Namespace) -> SystemUser | None:
    """The user of a service of the system."""
    name = getattr(given, "user", None)
    if not getattr(given, "system", False):
        if name:
            parser.error("--user is for --system: without it the service is that of the user who installs it")
        return None
    name = name or os.environ.get("SUDO_USER", "")
    if not name:
        parser.error("--system: give the user as whom the show runs, --user NAME")
    try:
        return SystemUser.named(name)
    except LookupError as error:
        parser.error(f"--user: {error}")


def _unit(given: argparse.Namespace) -> Path | None:
    """The unit file of a show, where one was installed and systemd runs."""
    path = systemd.unit_path(f"arabesque-{given.name}", system=given.system)
    return path if path.exists() and systemd.runs_here() else None


def _show(parser: argparse.ArgumentParser, given: argparse.Namespace, options: list[str]) -> InstalledShow:
    """The show, checked as far as that is possible without playing."""
    if not 2.0 <= given.watchdog <= 3600.0:
        parser.error(f"--watchdog: expected 2 to 3600 seconds, got {given.watchdog:g}")
    try:
        path = find(given.patch).resolve()
    except PatchError as error:
        parser.error(str(error))
    name = given.name or service_name(path.stem)
    play = make_parser()
    check_arguments(play, play.parse_args([str(path), *options, "--service", name]))
    user, environment = _user(parser, given), kept_environment(os.environ)
    python = (sys.executable, "-P", "-m")
    supervised = ("service", "run", str(path), "--name", name, "--watchdog", f"{given.watchdog:g}")
    return InstalledShow(
        name=name,
        play=(*python, "live.commands.play", str(path), *options, "--service", name),
        run=(*python, f"{__package__}.main", *supervised, *options),
        pause=(*python, "live.service.pause", name),
        environment=user.environment(environment, Path.home()) if user is not None else environment,
        watchdog_s=given.watchdog,
        user=user,
    )
