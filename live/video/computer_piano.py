"""The computer's keyboard as a piano: the row of A plays the white keys, the row of Q the black ones.

Keys are identified by position (scancode), so that the rows are the same on every national layout.
"""

from __future__ import annotations

import contextlib
from typing import Final

import pygame

from live.parameters.tree import AddressError, Tree

SWITCH: Final = "/window/piano"
SEMITONES: Final = {
    pygame.KSCAN_A: 0,
    pygame.KSCAN_W: 1,
    pygame.KSCAN_S: 2,
    pygame.KSCAN_E: 3,
    pygame.KSCAN_D: 4,
    pygame.KSCAN_F: 5,
    pygame.KSCAN_T: 6,
    pygame.KSCAN_G: 7,
    pygame.KSCAN_Y: 8,
    pygame.KSCAN_H: 9,
    pygame.KSCAN_U: 10,
    pygame.KSCAN_J: 11,
    pygame.KSCAN_K: 12,
    pygame.KSCAN_O: 13,
    pygame.KSCAN_L: 14,
    pygame.KSCAN_P: 15,
    pygame.KSCAN_SEMICOLON: 16,
    pygame.KSCAN_APOSTROPHE: 17,
}
"""Semitones above C of each key."""
LOWER, HIGHER, SOFTER, LOUDER = pygame.KSCAN_Z, pygame.KSCAN_X, pygame.KSCAN_C, pygame.KSCAN_V
HELP: Final = (
    ("A S D F G H J K L", "white keys"),
    ("W E   T Y U   O P", "black keys"),
    ("Z X", "an octave lower, higher"),
    ("C V", "softer, louder"),
)


class ComputerPiano:
    """Writes to `/NODE/play` of every node that receives keys, while `/window/piano` is on.

    `pressed` and `released` return whether they used the key.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._sounding: dict[int, int] = {}
        self.octave = 4
        """Octave of the lowest C, 0 to 8; 4 begins at middle C, MIDI pitch 60."""
        self.velocity = 80

    @property
    def on(self) -> bool:
        """Whether the keys play."""
        return SWITCH in self._tree and bool(self._tree.get(SWITCH))

    def pressed(self, scancode: int) -> bool:
        """Processes a key that goes down."""
        if not self.on:
            return False
        if scancode in SEMITONES:
            pitch = 12 * (self.octave + 1) + SEMITONES[scancode]
            if pitch <= 127 and scancode not in self._sounding:
                self._sounding[scancode] = pitch
                self._play(pitch, self.velocity)
            return True
        if scancode in (LOWER, HIGHER):
            self.octave = max(0, min(8, self.octave + (1 if scancode == HIGHER else -1)))
            return True
        if scancode in (SOFTER, LOUDER):
            self.velocity = max(16, min(127, self.velocity + (16 if scancode == LOUDER else -16)))
            return True
        return False

    def released(self, scancode: int) -> bool:
        """Processes a key that comes up, also after the piano was switched off, so that no note hangs."""
        pitch = self._sounding.pop(scancode, None)
        if pitch is not None:
            self._play(pitch, 0)
        return pitch is not None

    def release_all(self) -> None:
        """Ends all notes, because a window without keyboard focus does not receive released keys."""
        for scancode in list(self._sounding):
            self.released(scancode)

    def _play(self, pitch: int, velocity: int) -> None:
        for address in hearing(self._tree):
            with contextlib.suppress(AddressError):  # the node was removed meanwhile
                self._tree.write(address, [pitch, velocity])


def hearing(tree: Tree) -> list[str]:
    """The addresses `/NODE/play` of the nodes that receive keys."""
    events = [parameter.address for parameter in tree.parameters() if parameter.knob.kind == "event"]
    return [address for address in events if address.endswith("/play") and address.count("/") == 2]
