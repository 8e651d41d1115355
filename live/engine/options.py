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
    """A port, as in `live.midi.Midi`, that replaces the port of every node."""
    midi_in: tuple[str, ...] = ("auto",)
    """The MIDI inputs to open, as patterns of `live.midi.Keys`; empty for no MIDI input."""
    player: Path | None = None
    """A MIDI file that is played as the performer."""
    delays: tuple[tuple[str, str], ...] = ()
    """(pattern of a port, delay of its instrument from message to sound, as in `live.midi.output.delay`)."""
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
    """The token that HTTP and WebSocket clients, and OSC senders on other machines, must give."""
    allow: Allow = Allow()  # noqa: RUF009
    """Which machines may send OSC and use HTTP."""
    files: tuple[str, ...] = ()
    """Folders and stream addresses from which a sender may name files, besides those of the show and its network."""
    restore: Literal["after a crash", "always", "never"] = "after a crash"
    """When the saved values of the patch are restored at the start."""
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
    """Whether to reload the patch file when it changes."""
