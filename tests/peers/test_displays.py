"""Two screens of a real X server: the window goes to the one that `/window/display` names."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video import Window
from live.video.stage import Stage
from live.video.window import Screen

FIRST, SECOND = (1280, 1024), (800, 600)
CONFIG = """
Section "Device"
  Identifier "dummy"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5.0 - 1000.0
  VertRefresh 5.0 - 200.0
EndSection
Section "Screen"
  Identifier "screen"
  Device "dummy"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual 2080 1024
    Modes "1280x1024" "800x600"
  EndSubSection
EndSection
"""
LOOKS = 200


@pytest.fixture
def two_screens(
    peer: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], list[str]]]:
    """An X server with a second screen to the right of the first; gives what lists the places of our windows."""
    xorg, xrandr = peer("Xorg", "xserver-xorg-core"), peer("xrandr", "x11-xserver-utils")
    xwininfo = peer("xwininfo", "x11-utils")
    if not list(Path("/usr/lib/xorg/modules/drivers").glob("dummy_drv.so")):
        pytest.skip("the driver for screens without hardware is missing (Debian package xserver-xorg-video-dummy)")
    config = tmp_path / "xorg.conf"
    config.write_text(CONFIG)
    read, write = os.pipe()
    command = [xorg, "-displayfd", str(write), "-config", str(config), "-noreset", "-nolisten", "tcp"]
    command += ["-logfile", str(tmp_path / "log"), "-configdir", str(tmp_path / "none")]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as number:
                display = number.readline().strip()
            if not display:  # as in a container without a console
                pytest.skip("the X server does not start on this machine")
            monkeypatch.setenv("DISPLAY", f":{display}")
            monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
            subprocess.run([xrandr, "--addmode", "DUMMY1", "800x600"], check=True)
            for _ in range(LOOKS):  # the server may take a moment over it
                subprocess.run([xrandr, "--output", "DUMMY1", "--mode", "800x600", "--right-of", "DUMMY0"], check=True)
                seen = subprocess.run([xrandr], capture_output=True, text=True, check=True).stdout
                if "DUMMY1 connected 800x600+1280+0" in seen:
                    break

            def places() -> list[str]:
                tree = subprocess.run([xwininfo, "-root", "-tree"], capture_output=True, text=True, check=True).stdout
                return re.findall(r'"Arabesque".*?(\d+x\d+)\+\S+  (\+\d+\+\d+)', tree)

            yield places
        finally:
            pygame.display.quit()
            server.terminate()


def test_the_window_goes_to_the_screen_that_is_named(two_screens: Callable[[], list[str]], tmp_path: Path) -> None:
    clock = VirtualClock()
    tree = Tree(clock)
    stage = Stage(tree, clock, lambda _: None, tmp_path)
    stage.set_window(Window(640, 360))
    screen = Screen(stage, "x11")

    def until(size: tuple[int, int], x: range, y: range) -> None:
        found: list[tuple[str, str]] = []
        for _ in range(LOOKS):
            clock.advance(clock.now() + 0.1)
            stage.advance(clock.now())
            screen.frame()
            found = two_screens()  # type: ignore[assignment]
            for shape, place in found:
                left, top = map(int, place[1:].split("+"))
                if shape == f"{size[0]}x{size[1]}" and left in x and top in y:
                    return
        raise AssertionError(found)

    until((640, 360), range(FIRST[0] - 640), range(FIRST[1] - 360))
    tree.set("/window/display", 1)
    until((640, 360), range(FIRST[0], FIRST[0] + SECOND[0]), range(SECOND[1]))
    tree.set("/window/fullscreen", True)
    until(SECOND, range(FIRST[0], FIRST[0] + 1), range(1))
    tree.set("/window/display", 0)
    until(FIRST, range(1), range(1))
    tree.set("/window/display", 7)  # there is none: the first
    until(FIRST, range(1), range(1))
    screen.close()
