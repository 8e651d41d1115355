"""Which programs switch the screen, in which order, and the sentence where none can.

The programs are stand-ins on the PATH that write down how they were called: neither a screen with DPMS nor one with CEC
is at hand.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from live.gallery.schedule_tables import ClosedSettings
from live.gallery.screen_power import ScreenPower, keep_awake, switch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


class Programs:
    """A PATH with nothing but the programs that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/calls"\n{script}\n')
        path.chmod(0o755)

    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return [line for line in file.read_text().splitlines() if line != "xset q"] if file.exists() else []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return Programs(tmp_path)


def xset(state: str) -> str:
    """An xset whose monitor is in a state."""
    return f'[ "$1" = q ] && printf "DPMS is Enabled\\n  Monitor is {state}\\n"\nexit 0'


def test_dpms_switches_off_and_on_and_leaves_no_timer(programs: Programs) -> None:
    programs.add("xset", xset("Off"))
    assert switch(False, ClosedSettings()) == "off by DPMS"
    assert switch(True, ClosedSettings()) == "on by DPMS"
    assert programs.calls() == ["xset dpms force off", "xset dpms force on", "xset -dpms"]
    assert keep_awake() == ""
    assert programs.calls()[3:] == ["xset s off s noblank", "xset -dpms"]


def test_a_screen_that_ignores_dpms_is_told_by_cec(programs: Programs) -> None:
    programs.add("xset", xset("On"))
    programs.add("cec-client", "cat > /dev/null; exit 0")
    assert switch(False, ClosedSettings()) == "off by CEC"
    assert programs.calls()[-1] == "cec-client -s -d 1"
    sentence = switch(False, ClosedSettings(screen="dpms"))
    assert sentence == "not switched off: the screen ignores DPMS; no Wayland display"


def test_where_nothing_can_it_says_why(programs: Programs) -> None:
    assert switch(False, ClosedSettings()) == (
        "not switched off: no DPMS by xset; no Wayland display; no CEC device (cec-client is not installed)"
    )
    assert switch(False, ClosedSettings(screen="keep")) == "on"


def test_commands_of_ones_own_come_first(programs: Programs) -> None:
    programs.add("relay", '[ "$1" = down ] && exit 0\necho "no relay" >&2; exit 3')
    settings = ClosedSettings(screen_off=("relay", "down"), screen_on=("relay", "up"))
    assert switch(False, settings) == "off by relay"
    assert switch(True, settings) == "not switched on: relay: no relay"


def test_it_is_done_on_a_thread_of_its_own_and_ends_with_the_newest_wish(programs: Programs) -> None:
    programs.add("relay", "exit 0")
    said: list[tuple[str, str]] = []
    done = threading.Event()

    def say(sentence: str) -> None:
        said.append((threading.current_thread().name, sentence))
        if sentence.startswith("on"):
            done.set()

    power = ScreenPower(say)
    settings = ClosedSettings(screen_off=("relay", "down"), screen_on=("relay", "up"))
    power.switch(False, settings)
    power.switch(True, settings)
    assert done.wait(60.0)
    power.close()
    assert said[-1] == ("screen power", "on by relay")
    assert programs.calls()[-1] == "relay up"
