"""A MIDI player on a virtual clock whose port is a list."""

from __future__ import annotations

from dataclasses import dataclass, field

from live.midi.output.player import Player
from live.transport.clock import VirtualClock
from models.base import NoteOff, NoteOn


@dataclass
class RecordingPlayer:
    """A player and its sent messages: (time in ms, bytes in hexadecimal)."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    heard: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.player = Player(self.clock, lambda _, m: self.heard.append((round(self.clock.now() * 1000), m.hex())))

    def note(self, at: float, pitch: int, length: float = 0.0, owner: str = "piano", velocity: int = 64) -> None:
        self.player.play(at, owner, NoteOn(pitch, velocity))
        if length:
            self.player.play(at + length, owner, NoteOff(pitch))

    def until(self, to_s: float) -> None:
        while self.player.next_due() <= to_s:
            self.clock.advance(self.player.next_due())
            self.player.advance()
        self.clock.advance(to_s)

    def new(self) -> list[str]:
        """The messages sent since the last call, without times."""
        heard = [message for _, message in self.heard]
        self.heard.clear()
        return heard
