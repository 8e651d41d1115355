"""What a supervisor must know of a show: its name, command, folder and environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from live.service.system_user import SystemUser
from live.system.helper_process import child_environment

KEPT: Final = ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_STATE_HOME", "MIDO_BACKEND")
KEPT_BEGINNINGS: Final = ("SDL_", "JACK_", "PULSE_", "PIPEWIRE_", "OMP_", "OPENBLAS_", "MALLOC_")
"""Variables that choose the screen, the sound and the threads; the show keeps them as they were at the installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledShow:
    """One show: `play` is the command that plays it, `run` the one that plays it under the built-in supervisor, and
    `pause` waits before a start as long as the recent crashes ask for.
    """

    name: str
    play: tuple[str, ...]
    run: tuple[str, ...] = ()
    pause: tuple[str, ...] = ()
    folder: Path = field(default_factory=Path.cwd)
    """Where it runs, and so where it writes its files."""
    environment: Mapping[str, str] = field(default_factory=dict)
    watchdog_s: float = 20.0
    user: SystemUser | None = None
    """The user as whom a system service runs it; None for a service of the user's own."""

    @property
    def title(self) -> str:
        """What its unit is called, without an ending."""
        return f"arabesque-{self.name}"


def kept_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that an installed show keeps; from a checkout also where this program is."""
    kept = {name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_BEGINNINGS)}
    if "PYTHONPATH" in (ours := child_environment()):
        kept["PYTHONPATH"] = ours["PYTHONPATH"]
    return dict(sorted(kept.items()))
