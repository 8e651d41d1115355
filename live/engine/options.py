"""Options of one performance, from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from live.net.allow import Allow


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of one performance; they override the patch."""

    seed: int | None = None
    midi: str | None = None
    """A port, as `live.midi.Midi` names it, in the place of every node's own."""
    midi_in: tuple[str, ...] = ("auto",)
    """The MIDI inputs to open, as patterns of `live.midi.Keys`; none for no MIDI in."""
    player: Path | None = None
    """A MIDI file that is played as the performer."""
    delays: tuple[tuple[str, str], ...] = ()
    """(pattern of a port, its delay as `live.midi.output.delay` reads it): how long an instrument takes to sound."""
    soundfont: str | None = None
    record: Path | None = None
    record_video: Path | None = None
    session: Path | None = None
    """File of the recorded session (see live.session)."""
    osc: tuple[str, int | None] | None = ("127.0.0.1", 9000)
    """The address and port that OSC listens on, or None. Without a port: 9000, or the next free one."""
    osc_out: tuple[tuple[str, int], ...] = ()
    http: tuple[str, int | None] | None = None
    """The address and port of OSCQuery and the control page, or None. Without a port: 9080, or the next free one."""
    token: str | None = None
    """What HTTP and WebSocket clients, and OSC senders on other machines, must know."""
    allow: Allow = Allow()  # noqa: RUF009
    """Which machines may send OSC and use HTTP."""
    files: tuple[str, ...] = ()
    """Folders and stream addresses from which a sender may name files, besides those of the show and its network."""
    restore: Literal["after a crash", "always", "never"] = "after a crash"
    """When a saved state of the patch is taken up at the start."""
    window: bool = True
    """Whether the patch's window is opened."""
    service: str | None = None
    """The name of the installed show that this run belongs to, or None."""
    alerts: tuple[str, ...] = ()
    """Where alerts are sent, as `live.service.alerts` has it."""
    kiosk: bool = False
    """Whether visitors stand at the window: it is locked and full screen, and no camera picture leaves it."""
    kiosk_code: str = ""
    """What unlocks the window's keys; without it only `/window/kiosk 0` does."""
    settings: tuple[tuple[str, str], ...] = ()
    """(address, value) to set at the start."""
    watch: bool = True
    """Whether to follow changes of the patch file."""
