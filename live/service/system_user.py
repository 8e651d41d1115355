"""The user as whom a service of the whole machine runs the show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class SystemUser(NamedTuple):
    """A user of this machine, with its number and its home."""

    name: str
    uid: int
    home: Path

    @classmethod
    def named(cls, name: str) -> SystemUser:
        """Raises LookupError with a sentence for a name that nobody has."""
        try:
            import pwd

            found = pwd.getpwnam(name)
        except (ImportError, KeyError):
            raise LookupError(f"no user of this machine is called {name}") from None
        return cls(found.pw_name, found.pw_uid, Path(found.pw_dir))

    @property
    def manager(self) -> str:
        """The unit of the user's own systemd, which makes the folder of its session and starts its sound server."""
        return f"user@{self.uid}.service"

    def state_folder(self, show: str) -> Path:
        """Where a show keeps its state when systemd runs it as this user."""
        return self.home / ".local" / "state" / "arabesque" / show

    def environment(self, kept: Mapping[str, str], installer: Path) -> dict[str, str]:
        """The variables of the show from those that the person who installs it has, whose home is `installer`.

        A service of the system has neither a screen nor the folder of a session, where sound servers listen.
        """
        own = {name: value for name, value in kept.items() if name != "XDG_STATE_HOME"}
        if installer != self.home and Path(own.get("XAUTHORITY", "/")).is_relative_to(installer):
            del own["XAUTHORITY"]  # this user may not read it, and has one at home
        if "WAYLAND_DISPLAY" not in own:
            own.setdefault("DISPLAY", ":0")
        return dict(sorted({**own, "XDG_RUNTIME_DIR": f"/run/user/{self.uid}"}.items()))
