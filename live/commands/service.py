"""`arabesque service`: keeps a patch running without a person beside it."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from live.commands.play import make_parser
from live.patch import PatchError, find
from live.service.arguments import check_arguments, service_name
from live.service.installation import folder_of
from live.service.restart import WATCHDOG_S
from live.service.supervisor import Rules, Supervisor
from live.transport.clock import Clock


def main(argv: list[str]) -> int:
    """`arabesque service install | status | log | remove | run …`; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="arabesque service: %(message)s", stream=sys.stderr)
    parser = _parser()
    given, options = parser.parse_known_args(argv)
    act: Callable[[argparse.ArgumentParser, argparse.Namespace, list[str]], int] = given.act
    return act(parser, given, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arabesque service",
        description="Keeps a patch running unattended: starts it at boot, and again after a crash or a hang.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="run a patch under the built-in supervisor, where there is no systemd",
        epilog="all other options are those of `arabesque PATCH`",
    )
    run.set_defaults(act=_run)
    _add_patch(run)
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


def _run(parser: argparse.ArgumentParser, given: argparse.Namespace, options: list[str]) -> int:
    name, command = show_command(parser, given, options)
    rules = Rules(watchdog_s=given.watchdog)
    supervisor = Supervisor(command, Clock(), rules, folder_of(name) / "supervisor.json")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    return supervisor.run()


def show_command(
    parser: argparse.ArgumentParser, given: argparse.Namespace, options: list[str]
) -> tuple[str, list[str]]:
    """The show's name and the command that plays it, checked as far as that is possible without playing."""
    if not 2.0 <= given.watchdog <= 3600.0:
        parser.error(f"--watchdog: expected 2 to 3600 seconds, got {given.watchdog:g}")
    try:
        path = find(given.patch)
    except PatchError as error:
        parser.error(str(error))
    name = given.name or service_name(Path(path).stem)
    play = make_parser()
    check_arguments(play, play.parse_args([str(path), *options, "--service", name]))
    python = [sys.executable, "-P", "-m", "live.commands.play"]
    return name, [*python, str(path.resolve()), *options, "--service", name]
