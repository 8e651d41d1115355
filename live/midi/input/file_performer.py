"""`--player FILE.mid`: plays a MIDI file as the performer."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Final

from live.midi.input.message import CONTROL, OFF, ON
from live.midi.input.midi_input import MidiInput
from live.parameters.service_context import ServiceContext
from live.patch import Patch, PatchError
from models.base import Knob, pulse
from models.files.midi_file import MidiFile

DEVICE: Final = "player"
LEAD_S: Final = 1.0
"""Silence before the first message, in which the nodes start."""


class FilePerformer:
    """The control-thread service that passes a file's notes and controllers to the MIDI input at their times.

    `/midi/player/restart` restarts the file.
    """

    def __init__(self, context: ServiceContext, midi_in: MidiInput, path: Path | None) -> None:
        self._tree, self._clock, self._wake = context.tree, context.clock, context.wake
        self._midi_in, self._path = midi_in, path
        self._messages: list[tuple[float, bytes]] = []
        self._coming: deque[tuple[float, bytes]] = deque()
        self._restart = False

    def open(self) -> None:
        """Reads the file and declares the addresses. Raises PatchError if the file cannot be played."""
        if self._path is None:
            return
        try:
            found = MidiFile.read(self._path)
        except (OSError, ValueError) as error:
            raise PatchError(f"--player {self._path}: {error}") from None
        self._messages = [one for one in found.messages() if one[1][0] & 0xF0 in (ON, OFF, CONTROL)]
        if not any(data[0] & 0xF0 == ON for _, data in self._messages):
            raise PatchError(f"--player {self._path}: the file has no notes")
        self._tree.add("/midi/player/file", Knob("The file", kind="text", default=str(self._path), access="r"))
        left = Knob("Time until its last message", unit="s", access="r")
        self._tree.add("/midi/player/left", left)
        self._tree.add("/midi/player/restart", pulse("Restart the file"), self._ask)
        self._begin()

    def follow(self, patch: Patch) -> None:
        """Does nothing: the patch has no settings for it."""

    def advance(self, now_s: float) -> float:
        """Passes on the messages that are due, each with its exact time."""
        if self._restart:
            self._restart = False
            self._midi_in.arrive(DEVICE, now_s, bytes([CONTROL, 123, 0]))
            self._begin()
        while self._coming and self._coming[0][0] <= now_s:
            self._midi_in.arrive(DEVICE, *self._coming.popleft())
        if not self._messages:
            return float("inf")
        self._tree.publish("/midi/player/left", max(0.0, self._coming[-1][0] - now_s) if self._coming else 0.0)
        return self._coming[0][0] if self._coming else float("inf")

    def close(self) -> None:
        """Does nothing: no resource is open."""

    def _begin(self) -> None:
        begin_s = self._clock.now() + LEAD_S
        self._coming = deque((begin_s + time_s, data) for time_s, data in self._messages)

    def _ask(self, _: object) -> None:
        self._restart = True
        self._wake()
