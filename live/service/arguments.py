"""The options of a run that belongs to an installation."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

from live.service.alerts import AlertError, check_target
from live.service.installation import folder_of
from live.service.log_file import add_log_file

LOG_MB: Final = 20.0
"""What all log files of a show may take together."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options to the parser of `arabesque PATCH`."""
    group = parser.add_argument_group("as an installation")
    group.add_argument(
        "--service",
        type=service_name,
        metavar="NAME",
        help="count crashes under this name, fall back to the last good patch and weights, and start without camera "
        "after five crashes in ten minutes (`arabesque service` sets it)",
    )
    group.add_argument(
        "--alert",
        action="append",
        default=[],
        metavar="TARGET",
        help="send alerts to a webhook (https://…, JSON by POST) or by mail through this machine's sendmail "
        "(mailto:NAME@HOST); may be repeated; they always go out over OSC at /engine/alert, too",
    )
    group.add_argument("--log-file", type=Path, metavar="FILE", help="write the log to this file, too")
    group.add_argument(
        "--log-size",
        type=float,
        default=LOG_MB,
        metavar="MB",
        help="what the log file and the older ones beside it may take together (default: %(default)g)",
    )


def check_arguments(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Ends with a usage error where an option cannot be used."""
    for target in given.alert:
        try:
            check_target(target)
        except AlertError as error:
            parser.error(f"--alert: {error}")
    if not 0.2 <= given.log_size <= 10_000.0:
        parser.error(f"--log-size: expected 0.2 to 10000 megabytes, got {given.log_size:g}")


def start_log_file(given: argparse.Namespace) -> None:
    """Writes the log to a file where the options ask for one, and for every installed show."""
    file = given.log_file
    if file is None and given.service is not None:
        file = folder_of(given.service) / "log.txt"
    if file is not None:
        add_log_file(file, round(given.log_size * 1e6))


def service_name(text: str) -> str:
    """A name that can be part of a file's and of a unit's name. Raises ArgumentTypeError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", text):
        raise argparse.ArgumentTypeError(f"expected letters, digits, '-', '_' and '.', got {text}")
    return text
