"""Switches the screen off and on: by DPMS over X11, by Wayland's wlopm, by CEC over HDMI, or by commands of one's own.

Programs may take seconds, so they run on a thread of their own; the newest wish wins.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from live.gallery.schedule_tables import ClosedSettings

log = logging.getLogger(__name__)

PATIENCE_S: Final = 15.0
"""How long a program may take."""
CLOSE_S: Final = 1.0
ASLEEP: Final = ("off", "standby", "suspend")


class ScreenPower:
    """Switches the screen; `said` gets a sentence each time: what was done by which means, or why it stays on."""

    def __init__(self, said: Callable[[str], None]) -> None:
        self._said = said
        self._changed = threading.Condition()
        self._wish: tuple[bool, ClosedSettings] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def switch(self, on: bool, settings: ClosedSettings) -> None:
        """Switches soon; returns at once."""
        with self._changed:
            self._wish = on, settings
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="screen power", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ends the thread after what it is doing; the screen stays as it is."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._wish is None and not self._closed:
                    self._changed.wait()
                if self._wish is None:
                    return
                (on, settings), self._wish = self._wish, None
            self._said(switch(on, settings))


def switch(on: bool, settings: ClosedSettings) -> str:
    """Switches the screen and waits for it; returns a sentence."""
    own = settings.screen_on if on else settings.screen_off
    state = "on" if on else "off"
    if own:
        failure = run(own)
        return f"{state} by {own[0]}" if not failure else f"not switched {state}: {failure}"
    ways = {"dpms": (_dpms, _wayland), "cec": (_cec,), "keep": ()}.get(settings.screen, (_dpms, _wayland, _cec))
    reasons = []
    for way in ways:
        means, failure = way(on)
        if not failure:
            return f"{state} by {means}"
        reasons.append(failure)
    return f"not switched {state}: {'; '.join(reasons)}" if reasons else "on"


def keep_awake() -> str:
    """Switches off the blanking of X11 by its screen saver and by DPMS; returns why not, or an empty text."""
    if not os.environ.get("DISPLAY"):
        return "no X11 display"
    return run(["xset", "s", "off", "s", "noblank"]) or (run(["xset", "-dpms"]) if _has_dpms() else "")


def run(command: Sequence[str], text: str = "") -> str:
    """Runs a program with a text as its input; returns why it failed, or an empty text."""
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not installed"
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    said = " ".join(done.stderr.split() or done.stdout.split())[:120]
    return f"{command[0]}: {said or f'status {done.returncode}'}" if done.returncode else ""


def _dpms(on: bool) -> tuple[str, str]:
    if not os.environ.get("DISPLAY"):
        return "", "no X11 display"
    if not _has_dpms():
        return "", "no DPMS by xset"
    failure = run(["xset", "dpms", "force", "on" if on else "off"])
    if not failure and on:
        failure = run(["xset", "-dpms"])  # `force` also switches the timer on, which would blank the screen in the day
    elif not failure and not any(f"monitor is {state}" in _xset_q() for state in ASLEEP):
        failure = "the screen ignores DPMS"
    return "DPMS", failure


def _has_dpms() -> bool:
    return "dpms is" in _xset_q()


def _xset_q() -> str:
    if shutil.which("xset") is None:
        return ""
    try:
        asked = subprocess.run(["xset", "q"], capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.lower()


def _wayland(on: bool) -> tuple[str, str]:
    if not os.environ.get("WAYLAND_DISPLAY"):
        return "", "no Wayland display"
    return "wlopm", run(["wlopm", "--on" if on else "--off", "*"])


def _cec(on: bool) -> tuple[str, str]:
    """Over the HDMI cable: `cec-ctl` where the kernel has a CEC device, else libCEC's client."""
    device = next(iter(sorted(Path("/dev").glob("cec[0-9]*"))), None)
    if device is None:  # an adapter at a USB port
        failure = run(["cec-client", "-s", "-d", "1"], "on 0\n" if on else "standby 0\n")
        return "CEC", failure and f"no CEC device ({failure})"
    wish = ["--image-view-on"] if on else ["--standby"]
    return "CEC", run(["cec-ctl", f"-d{device}", "--playback", "--to", "0", *wish])
