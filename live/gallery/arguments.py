"""The options of the command line for an installation with visitors."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "ARABESQUE_KIOSK_CODE"
"""The environment variable that the code is read from."""


def add_kiosk_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --kiosk and its code."""
    group = parser.add_argument_group("among visitors")
    group.add_argument(
        "--kiosk",
        action="store_true",
        help="full screen; keys that stop or change the show are ignored until the code and Enter are typed; no "
        "pointer, no messages, the screen stays awake; no camera picture leaves the window (/engine/privacy)",
    )
    group.add_argument(
        "--kiosk-code",
        metavar="TEXT",
        help="the code; every user of this machine can read it on the command line",
    )
    group.add_argument(
        "--kiosk-code-file",
        type=Path,
        metavar="FILE",
        help=f"the same, read from the first line of a file; or set {VARIABLE} in the environment",
    )


def kiosk_options(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, Any]:
    """The fields of Options that the arguments stand for."""
    code = os.environ.get(VARIABLE, "") if given.kiosk_code is None else given.kiosk_code
    if given.kiosk_code is None and given.kiosk_code_file is not None:
        try:
            code = given.kiosk_code_file.read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            parser.error(f"--kiosk-code-file {given.kiosk_code_file}: {getattr(error, 'strerror', None) or error}")
    if (given.kiosk_code, given.kiosk_code_file) != (None, None):
        if not given.kiosk:
            parser.error("--kiosk-code needs --kiosk")
        if not code or not code.isprintable():
            parser.error("--kiosk-code: expected text that can be typed, got an empty or unprintable one")
    return {"kiosk": given.kiosk, "kiosk_code": code}


def kiosk_settings(window: bool) -> tuple[tuple[str, str], ...]:
    """(address, value) to set at the start of a show with --kiosk, with or without a window."""
    shown = (("/window/kiosk", "1"), ("/window/fullscreen", "1")) if window else ()
    return (*shown, ("/engine/privacy", "strict"))
